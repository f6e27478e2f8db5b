"""Request targets (RFC 9112, 3.2): their hosts and their percent-encoding, which the parser does not validate."""

import re

from ..errors import ApiError
from .authority import is_authority

HOST = "chat_bindings.host"
"""The key in a scope of the request's validated host."""

HOST_HEADER = "The Host header"
"""Its name in messages."""

LONGEST_TARGET = 65_535
"""Bytes of a request's target at most, as the spec's `malformed_request` has it."""

PERCENT = ord("%")
"""A byte to search for: CPython raises and drops an error for `b"%"`, which takes four times as long."""

_HASH = ord("#")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(rb"(?i:https?)://(?P<host>[^/?]*)(?P<path>/[^?]*)?(?:\?(?P<query>.*))?", re.DOTALL)


def no_host(header: str = HOST_HEADER) -> ApiError:
    """Make the error for an invalid host."""
    return ApiError("invalid_parameter", parameter=header, rule="must be a host, or a host and a port")


def has_broken_escape(encoded: bytes) -> bool:
    """Return whether a `%` has no two hexadecimal digits after it."""
    return bool(_BROKEN_ESCAPE.search(encoded))


def percent_decode(encoded: bytes, *, broken: bool = True) -> bytes:
    """Decode percent-encoding; broken escapes stay as they are. Without `broken` none is expected.

    `urllib` takes two microseconds an escape: 40 ms for the longest URL, and most of a second for a form.
    """
    whole = _BROKEN_ESCAPE.sub(b"%25", encoded) if broken else encoded
    return whole.replace(b"\\", b"\\\\").replace(b"%", b"\\x").decode("unicode_escape").encode("latin-1")


def split_target(url: bytes) -> tuple[bytes | None, bytes, bytes]:
    """Split a request target (RFC 9112, 3.2) into host, path and query; the host is None where it names none.

    Raises `ApiError` unless it is a path or an absolute URL.
    """
    if len(url) > LONGEST_TARGET or _HASH in url:
        raise ApiError("malformed_request")
    if url[:1] == b"/":
        path, _, query = url.partition(b"?")
        return None, path, query
    match = _ABSOLUTE.fullmatch(url)
    if not match or not is_authority(match["host"]):
        raise ApiError("malformed_request")
    return match["host"], match["path"] or b"/", match["query"] or b""
