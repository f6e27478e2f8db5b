"""The log: one stream, on which no identity, endpoint, token or secret stands at any level."""

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
"""A request's line. What it is made of comes as one mapping, which the JSON format shows as members of their own."""

NOTHING = "-"
"""What stands in a line for what a request does not have."""

_asked: ContextVar[str | None] = ContextVar("request_id", default=None)


def configure(level: str, form: str = TEXT) -> None:
    """Log to standard error at `level` (debug, info, warning or error), as text or as a JSON object a line.

    Libraries are held at warning: at lower levels they write whole requests, query and all.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATS[form]())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.captureWarnings(capture=form == JSON)
    logging.getLogger(_OURS).setLevel(level.upper())
    for name in ("uvicorn", "connexion", "asyncio", "starlette", "multipart"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of each malformed request, which we log too


def tag_log_lines(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """`make`, whose request ids then stand in whatever the JSON log says while the request runs."""

    def noted() -> bytes:
        request_id = make()
        _asked.set(request_id.decode())
        return request_id

    return noted


class TextFormatter(logging.Formatter):
    """A line as a person reads it. Of exceptions it shows the types and the frames: messages may hold personal data."""

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
    """A line as a JSON object, with the id of the request that it is about."""

    def format(self, record: logging.LogRecord) -> str:
        members: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _encodable(record.getMessage()),
        }
        if request_id := _asked.get():
            members["request_id"] = request_id
        if isinstance(record.args, Mapping) and record.name.startswith(_OURS):
            members |= {name: _value(value) for name, value in record.args.items()}
        if record.exc_info:
            members["exception"] = _encodable(self.formatException(record.exc_info))
        return orjson.dumps(members, option=orjson.OPT_UTC_Z).decode()


_FORMATS: dict[str, type[TextFormatter]] = {TEXT: TextFormatter, JSON: JsonFormatter}

FORMATS = tuple(_FORMATS)
"""The forms that a log can have."""


def _value(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    return None if value == NOTHING else value


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
