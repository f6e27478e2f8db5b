"""The page of the control API, for a person with a browser."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from ...spec import CONTRACT, REGISTRATION, binding_types, component, definitions, directory, document, operations
from ...spec import CONTROL as SPEC
from ..docs import HEADERS, policy
from ..errors import ApiError
from ..faults.schemas import injection_schema
from ..settings import CONTROL
from .access import ControlAccess

_TYPES = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8"}
_ASSETS = ("site.css", "control.css", "control.js")
_METHODS = ("GET", "HEAD")


class ControlPage:
    """The ASGI app for requests that match no operation: the page under /control/, and another app for the rest.

    It requires no token, since it holds nothing of the service: what it shows it requests from the control API.
    """

    def __init__(self, access: ControlAccess, *, registration: bool, otherwise: ASGIApp | None) -> None:
        self._access = access
        self._specs = (CONTRACT, REGISTRATION) if registration else (CONTRACT,)
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        name = path.removeprefix(f"{CONTROL}/")
        if path != CONTROL and (name == path or name not in ("", *_ASSETS)):
            if self._otherwise is None:
                raise ApiError("not_found")
            await self._otherwise(scope, receive, send)
            return
        self._access.check_sender(scope)
        if scope["method"] not in _METHODS:
            allowed = ", ".join(_METHODS)
            raise ApiError("method_not_allowed", {"Allow": allowed}, method=scope["method"], allowed=allowed)
        if path == CONTROL:
            # relative: only a proxy in front knows the scheme, the host and a prefix
            await _send(307, [(b"location", f".{CONTROL}/".encode()), (b"content-length", b"0")], b"", send)
            return
        content, media_type = _asset(name) if name else (_html(self._specs), b"text/html; charset=utf-8")
        headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(content))]
        await _send(200, headers, content, send)


async def _send(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    fixed = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    fixed += [(b"content-security-policy", _POLICY.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers + fixed})
    await send({"type": "http.response.body", "body": body})


_POLICY = policy("'self'") + "; require-trusted-types-for 'script'"


@cache
def _asset(name: str) -> tuple[bytes, bytes]:
    """Return the content and the media type of a file."""
    return (directory() / "site" / name).read_bytes(), _TYPES[Path(name).suffix]


@cache
def _html(specs: Sequence[str]) -> bytes:
    """Make the page, with the choices that the specs have."""
    from jinja2 import Environment, StrictUndefined  # a service whose page is not opened does without

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = files(__package__).joinpath("page.html.j2").read_text(encoding="utf-8")
    statuses = {status for spec in specs for it in definitions(document(spec)) for status in it["responses"]}
    text = environment.from_string(template).render(
        counts=component("schemas", "WorldCounts", SPEC)["required"],
        binding_types=binding_types(),
        operations=[each.operation_id for spec in specs for each in operations(spec)],
        statuses=sorted(status for status in statuses if status >= "400"),
        drops=injection_schema()["properties"]["drop"]["enum"],
        longest=injection_schema()["properties"]["delay"]["maximum"],
    )
    return text.encode()
