"""Request targets (RFC 9112, 3.2), and what their hosts and percent-encoding must be beyond what the parser checks."""

import re
from typing import NamedTuple

from ..errors import ApiError
from .authority import is_authority

HOST = "chat_bindings.host"
"""Where a scope holds the host that was asked for, once it is known to be one."""

HOST_HEADER = "The Host header"
"""How messages call it."""

LONGEST_TARGET = 65_535
"""Bytes of a request's target; the spec's `malformed_request` says it."""

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(rb"(?i:https?)://(?P<host>[^/?]*)(?P<path>/[^?]*)?(?:\?(?P<query>.*))?", re.DOTALL)


def no_host(header: str = HOST_HEADER) -> ApiError:
    """Return the error for a host that is none."""
    return ApiError("invalid_parameter", parameter=header, rule="must be a host, or a host and a port")


def has_broken_escape(encoded: bytes) -> bool:
    """Find a `%` without two hexadecimal digits after it."""
    return bool(_BROKEN_ESCAPE.search(encoded))


def percent_decoded(encoded: bytes, *, broken: bool = True) -> bytes:
    """Decode percent-encoding; what is no escape stays as it is. Without `broken` it is known that there is none.

    `urllib` takes two microseconds an escape: 40 ms for the longest URL, and most of a second for a form.
    """
    whole = _BROKEN_ESCAPE.sub(b"%25", encoded) if broken else encoded
    return whole.replace(b"\\", b"\\\\").replace(b"%", b"\\x").decode("unicode_escape").encode("latin-1")


class Target(NamedTuple):
    """What a request asks for. The `host` is None where the target does not name one."""

    host: bytes | None
    path: bytes
    query: bytes


def target_of(url: bytes) -> Target:
    """Take a request's target apart (RFC 9112, 3.2). Raises `ApiError` for what is neither a path nor a whole URL."""
    if len(url) > LONGEST_TARGET or b"#" in url:
        raise ApiError("malformed_request")
    if url.startswith(b"/"):
        path, _, query = url.partition(b"?")
        return Target(None, path, query)
    match = _ABSOLUTE.fullmatch(url)
    if not match or not is_authority(match["host"]):
        raise ApiError("malformed_request")
    return Target(match["host"], match["path"] or b"/", match["query"] or b"")
