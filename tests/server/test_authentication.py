"""HTTP Basic: forms of credentials beyond those of the clauses of AUTH."""

import base64

import pytest

from ..support import raw
from ..support.answers import check_documented, check_error, operations

OPERATIONS = sorted(operations())


def encoded(pair: bytes) -> bytes:
    return b"Basic " + base64.b64encode(pair)


MALFORMED = {
    "no base64, but quoted": b'Basic "QUM6eA=="',
    "no padding": b"Basic QUM6eA",
    "characters after the padding": b"Basic QUM6eA==QUM6eA==",
    "a space inside": b"Basic QUM6 eA==",
    "two in one": b"Basic QUM6eA==, Basic QUM6eA==",
    "no user name": encoded(b":x"),
    "no password": encoded(b"AC:"),
    "a NUL in the user name": encoded(b"A\0C:x"),
    "a NUL in the password": encoded(b"AC:x\0"),
    "UTF-16": encoded("AC:x".encode("utf-16")),
    "a lone surrogate": encoded(b"\xed\xa0\x80:x"),
    "SQL": encoded(b"' OR 1=1 --:' OR 1=1 --"),
    "line feeds": encoded(b"AC\r\nX: y:x"),
    "very long": encoded(b"A" * 30_000 + b":" + b"x" * 30_000),
}


def near_misses(world) -> dict[str, bytes]:
    """Yield right credentials with one thing wrong each; the clauses of AUTH have more."""
    user, token = (part.encode() for part in world.auth)
    pair = user + b":" + token
    return {
        "no space": b"Basic" + base64.b64encode(pair),
        "not encoded": b"Basic " + pair,
        "encoded twice": encoded(base64.b64encode(pair)),
        "a NUL more": encoded(pair + b"\0"),
        "a small SID": encoded(user.lower() + b":" + token),
        "swapped": encoded(token + b":" + user),
        "a service for the user": encoded(world.full["sid"].encode() + b":" + token),
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_wrong_credentials(ask, world, operation):
    """Credentials that are wrong are a 401 on every operation, whatever their form."""
    for authorization in (*MALFORMED.values(), *near_misses(world).values()):
        answer = ask(operation, auth=None, headers=[("Authorization", authorization)])
        assert answer.status == 401, authorization
        check_error(answer, "unauthorized", operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_two_headers_are_wrong_credentials(ask, world, operation):
    """Two `Authorization` headers are wrong credentials, since they are ambiguous."""
    good, bad = raw.basic(*world.auth).encode(), encoded(b"AC:x")
    for pair in ((good, good), (good, bad), (bad, good)):
        headers = [("Authorization", value) for value in pair]
        check_error(ask(operation, auth=None, headers=headers), "unauthorized", operation)


def test_credentials_elsewhere_are_none(ask, world):
    """Credentials in the query, in another header or in a cookie are no credentials."""
    good = raw.basic(*world.auth).encode()
    user, token = world.auth
    headers = [("Proxy-Authorization", good), ("Cookie", f"Authorization={good.decode()}"), ("X-Authorization", good)]
    check_error(ask("listBindings", auth=None, headers=headers), "unauthorized", "listBindings")
    query = f"AccountSid={user}&AuthToken={token}"
    check_error(ask("listBindings", query, auth=None), "unauthorized", "listBindings")


@pytest.mark.parametrize("scheme", [b"Basic ", b"basic ", b"BASIC ", b"bAsIc ", b"Basic   ", b"  Basic "])
def test_the_scheme_has_no_case(ask, world, scheme):
    """The scheme is matched in any case of letters, and spaces around it mean nothing (RFC 9110, 11.1)."""
    header = scheme + raw.basic(*world.auth).removeprefix("Basic ").encode() + b" "
    check_documented(ask("fetchBinding", auth=header), "fetchBinding")
