"""The envelope of all requests: an id, a line in the log, CORS headers, and errors as the spec has them."""

import logging
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..spec import CONTRACT, CONTROL, REGISTRATION, document
from .errors import REQUEST_ID, api_error_of, respond
from .logs import ACCESS, NOTHING
from .request import Request

log = logging.getLogger("chat_bindings.access")

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}", re.ASCII)
_ID_BYTES = 16
_AT_ONCE = 128
"""Ids that are made from one read of random bytes."""

_REQUEST_ID = REQUEST_ID.lower().encode()
SHARED = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Allow, Retry-After, Twilio-Request-Id, WWW-Authenticate"),
]
"""The CORS headers of a response to a request with an `Origin`."""


Record = Callable[[Scope, Request, int, float, bytes], None]
"""Records a request with its status, its duration and its id; the status is 0 where there was no response."""


class Envelope:
    """The outermost stage that answers: what the stages inside raise becomes an error of the spec."""

    def __init__(self, app: ASGIApp, identify: Callable[[], bytes] | None = None, record: Record | None = None) -> None:
        """Make request ids by `identify`, and report each request to `record`."""
        self.app = app
        self._record = record
        self._identify = identify or new_request_id
        self._words = {
            word
            for spec in (CONTRACT, REGISTRATION, CONTROL)
            for path in document(spec)["paths"]
            for word in path.split("/")
        } | {"registration", "control"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, status = Request.of(scope), 0
        request_id = self._identify()
        headers = [(_REQUEST_ID, request_id)]
        if b"origin" in request.headers:
            headers += SHARED

        def finish(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            return send(message)

        try:
            await self.app(scope, receive, finish)
        except Exception as error:
            if status:  # too late for another response
                raise
            await respond(api_error_of(error), scope, finish)
        finally:
            duration = perf_counter() - request.arrived
            if self._record is not None:
                self._record(scope, request, status, duration, request_id)
            self._log(scope, status, duration, request_id)

    def _log(self, scope: Scope, status: int, duration: float, request_id: bytes) -> None:
        if log.isEnabledFor(logging.INFO):
            operation = Request.of(scope).operation_id or NOTHING
            log.info(ACCESS, {
                "method": scope["method"], "path": self._mask(scope["path"]), "operation_id": operation,
                "status": status, "duration_ms": duration * 1000, "request_id": request_id.decode(),
            })  # fmt: skip

    def _mask(self, path: str) -> str:
        """Mask a path for the log: any segment but SIDs and the specs' own may be personal data."""
        return "/".join(
            segment if segment in self._words or _SID.fullmatch(segment) else "*" for segment in path.split("/", 8)[:8]
        )


def _ids() -> Iterator[bytes]:
    while True:
        digits = os.urandom(_AT_ONCE * _ID_BYTES).hex().encode()
        for start in range(0, len(digits), 2 * _ID_BYTES):
            yield b"RQ" + digits[start : start + 2 * _ID_BYTES]


new_request_id: Callable[[], bytes] = _ids().__next__
"""Makes an id for a request."""
