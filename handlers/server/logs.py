"""The log: one stream, without identities, endpoints, tokens and secrets at any level."""

import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson

_OURS = "chat_bindings"

TEXT = "text"
JSON = "json"

ACCESS = "%(method)s %(path)s %(operation_id)s %(status)d %(duration_ms).1fms %(request_id)s"
"""A request's line. Its arguments are one mapping, whose items are members of their own in the JSON format."""

NOTHING = "-"
"""The value of an argument that a request does not have."""

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def configure(level: str, form: str = TEXT) -> None:
    """Log to standard error at `level` (debug, info, warning or error), as text or as a JSON object a line.

    Libraries log from warning on: at lower levels they write whole requests, with their queries.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATS[form]())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.captureWarnings(capture=form == JSON)
    logging.getLogger(_OURS).setLevel(level.upper())
    for name in ("uvicorn", "connexion", "asyncio", "starlette", "multipart"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # its warnings of malformed requests double ours


def tag_log_lines(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Wrap a maker of request ids so that each id is in all lines of the JSON log while its request runs."""

    def make_and_tag() -> bytes:
        request_id = make()
        _request_id.set(request_id.decode())
        return request_id

    return make_and_tag


class TextFormatter(logging.Formatter):
    """Lines of text. Exceptions have their types and frames, without messages, which may hold personal data."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatException(  # noqa: N802 - as the logging module calls it
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        stacks: list[str] = []
        seen: set[int] = set()
        error = ei[1]
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            frames = "".join(traceback.format_tb(error.__traceback__))
            stacks.insert(0, f"{type(error).__name__}\n{frames}".rstrip())
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(stacks)


class JsonFormatter(TextFormatter):
    """Lines of JSON: an object with the request's id, where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        members: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _encodable(record.getMessage()),
        }
        if request_id := _request_id.get():
            members["request_id"] = request_id
        if isinstance(record.args, Mapping) and record.name.startswith(_OURS):
            members |= {name: _value(value) for name, value in record.args.items()}
        if record.exc_info:
            members["exception"] = _encodable(self.formatException(record.exc_info))
        return orjson.dumps(members, option=orjson.OPT_UTC_Z).decode()


_FORMATS: dict[str, type[TextFormatter]] = {TEXT: TextFormatter, JSON: JsonFormatter}

FORMATS = tuple(_FORMATS)
"""The formats of the log."""


def _value(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    return None if value == NOTHING else value


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
