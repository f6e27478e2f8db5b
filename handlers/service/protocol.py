"""HTTP as uvicorn reads it, with errors of ours where it cannot read a request."""

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .envelope import log, new_request_id
from .errors import REQUEST_ID, Fault, render

_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)


REFUSED = "- - - %(status)d - %(request_id)s"
"""The line of what is no request: it has neither method nor path."""

ON_MALFORMED = "chat_bindings.on_malformed"
"""Where a stage leaves in the state of the app what to call when a request is refused here."""

_LARGEST_HEAD = 1 << 20
"""Bytes that a request line and its headers may have together: httptools would take, and keep, any number."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools; what is no HTTP is told as every error is, and nothing upgrades."""

    _head_size = 0

    def data_received(self, data: bytes) -> None:
        # httptools drops the body of a request that offers an upgrade (`curl --http2`): so it never sees the offer
        if b"\r\nupgrade:" in data.lower() and not self._is_in_body():
            head, end, body = data.partition(b"\r\n\r\n")
            data = _UPGRADE.sub(b"", head) + end + body
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or self._is_in_body():
            self._head_size = 0
            return
        self._head_size += len(data)
        if self._head_size > _LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("")

    def _is_in_body(self) -> bool:
        return self.cycle is not None and self.cycle.more_body

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says more
        request_id = new_request_id().decode()
        status, headers, body = render(Fault("malformed_request"), {})
        headers |= {
            REQUEST_ID: request_id,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(f"HTTP/1.1 {status} Bad Request\r\n{head}\r\n".encode("latin-1") + body)
        self.transport.close()
        log.info(REFUSED, {"status": status, "request_id": request_id})
        if tell := self.app_state.get(ON_MALFORMED):
            tell()
