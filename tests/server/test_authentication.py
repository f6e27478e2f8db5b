"""HTTP Basic: who gets in, and that whatever else is sent is wrong credentials, quietly."""

import base64

import pytest

from ..support import raw
from ..support.answers import check_documented, check_error, operations

OPERATIONS = sorted(operations())


def encoded(pair: bytes) -> bytes:
    return b"Basic " + base64.b64encode(pair)


def right(world) -> bytes:
    return ":".join(world.auth).encode()


MALFORMED = {
    "empty": b"",
    "the scheme alone": b"Basic",
    "the scheme and a space": b"Basic ",
    "no scheme": base64.b64encode(b"AC:x"),
    "padding alone": b"Basic ====",
    "one character": b"Basic A",
    "no base64": b"Basic !!!!",
    "no base64, but quoted": b'Basic "QUM6eA=="',
    "no padding": b"Basic QUM6eA",
    "too much padding": b"Basic QUM6eA=====",
    "characters after the padding": b"Basic QUM6eA==QUM6eA==",
    "a space inside": b"Basic QUM6 eA==",
    "a tab inside": b"Basic QUM6\teA==",
    "percent-encoded": b"Basic QUM6eA%3D%3D",
    "two in one": b"Basic QUM6eA==, Basic QUM6eA==",
    "no colon": encoded(b"ACx"),
    "nothing encoded": encoded(b""),
    "a colon alone": encoded(b":"),
    "no user name": encoded(b":x"),
    "no password": encoded(b"AC:"),
    "a NUL": encoded(b"\0"),
    "a NUL in the user name": encoded(b"A\0C:x"),
    "a NUL in the password": encoded(b"AC:x\0"),
    "NULs alone": encoded(b"\0:\0"),
    "not UTF-8": encoded(b"\xff\xfe:\xff"),
    "UTF-16": encoded("AC:x".encode("utf-16")),
    "a lone surrogate": encoded(b"\xed\xa0\x80:x"),
    "an overlong encoding": encoded(b"\xc0\xba:x"),
    "emoji": encoded("😀:😀".encode()),
    "a wildcard": encoded(b"%:%"),
    "SQL": encoded(b"' OR 1=1 --:' OR 1=1 --"),
    "line feeds": encoded(b"AC\r\nX: y:x"),
    "very long": encoded(b"A" * 30_000 + b":" + b"x" * 30_000),
    "bytes that are no text": b"Basic \xff\xfe",
    "Bearer": b"Bearer 0123456789abcdef",
    "Digest": b'Digest username="a", realm="Twilio API", nonce="x", uri="/", response="y"',
    "Negotiate": b"Negotiate YII=",
    "an unknown scheme": b"Xyzzy",
    "punctuation": b",;=",
}


def spoilt(world) -> dict[str, bytes]:
    """Right credentials, spoilt in one way each."""
    user, token = (part.encode() for part in world.auth)
    key = world.key
    pair = user + b":" + token
    return {
        "another scheme": b"Bearer " + base64.b64encode(pair),
        "no space": b"Basic" + base64.b64encode(pair),
        "a colon for the space": b"Basic:" + base64.b64encode(pair),
        "not encoded": b"Basic " + pair,
        "encoded twice": encoded(base64.b64encode(pair)),
        "in hexadecimal": b"Basic " + pair.hex().encode(),
        "the last digit wrong": encoded(pair[:-1] + (b"0" if pair[-1:] != b"0" else b"1")),
        "a digit more": encoded(pair + b"0"),
        "a digit less": encoded(pair[:-1]),
        "a space more": encoded(pair + b" "),
        "a line feed more": encoded(pair + b"\n"),
        "a NUL more": encoded(pair + b"\0"),
        "a space before": encoded(b" " + pair),
        "capital letters": encoded(user + b":" + token.upper()),
        "a small SID": encoded(user.lower() + b":" + token),
        "swapped": encoded(token + b":" + user),
        "the SID twice": encoded(user + b":" + user),
        "another account's token": encoded(user + b":" + world.foreign_auth[1].encode()),
        "a key's secret": encoded(user + b":" + key["secret"].encode()),
        "a key with the account's token": encoded(key["sid"].encode() + b":" + token),
        "an account that is not there": encoded(b"AC" + b"0" * 32 + b":" + token),
        "a service for the user": encoded(world.full["sid"].encode() + b":" + token),
    }


SPOILT = [
    "another scheme", "no space", "a colon for the space", "not encoded", "encoded twice", "in hexadecimal",
    "the last digit wrong", "a digit more", "a digit less", "a space more", "a line feed more", "a NUL more",
    "a space before", "capital letters", "a small SID", "swapped", "the SID twice", "another account's token",
    "a key's secret", "a key with the account's token", "an account that is not there", "a service for the user",
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("shape", MALFORMED)
def test_a_malformed_authorization_is_wrong_credentials(ask, operation, shape):
    """Whatever stands in `Authorization`, it is a 401 on every operation, never a 400 or a fault of ours."""
    check_error(ask(operation, auth=MALFORMED[shape] or None, headers=_empty(shape)), "unauthorized", operation)


def _empty(shape: str) -> list[tuple[str, str]]:
    return [("Authorization", "")] if shape == "empty" else []


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("way", SPOILT)
def test_credentials_that_are_nearly_right_are_wrong(ask, world, operation, way):
    """Credentials match exactly: not trimmed, not folded, and no account's or key's for another's."""
    check_error(ask(operation, auth=spoilt(world)[way]), "unauthorized", operation)


def test_every_way_to_spoil_credentials_is_tried(world):
    """The names above are those of the ways."""
    assert list(spoilt(world)) == SPOILT


@pytest.mark.parametrize("operation", OPERATIONS)
def test_two_headers_are_wrong_credentials(ask, world, operation):
    """Two `Authorization` headers are wrong credentials, since they are ambiguous."""
    good, bad = encoded(right(world)), encoded(b"AC:x")
    for pair in ((good, good), (good, bad), (bad, good)):
        headers = [("Authorization", value) for value in pair]
        check_error(ask(operation, auth=None, headers=headers), "unauthorized", operation)


def test_credentials_elsewhere_are_none(ask, world):
    """Credentials in the query, in another header or in a cookie are no credentials."""
    good = encoded(right(world))
    user, token = world.auth
    headers = [("Proxy-Authorization", good), ("Cookie", f"Authorization={good.decode()}"), ("X-Authorization", good)]
    check_error(ask("listBindings", auth=None, headers=headers), "unauthorized", "listBindings")
    query = f"AccountSid={user}&AuthToken={token}"
    check_error(ask("listBindings", query, auth=None), "unauthorized", "listBindings")


@pytest.mark.parametrize("scheme", [b"Basic ", b"basic ", b"BASIC ", b"bAsIc ", b"Basic   ", b"  Basic "])
def test_the_scheme_has_no_case(ask, world, scheme):
    """The scheme is matched in any case of letters, and spaces around it mean nothing (RFC 9110, 11.1)."""
    header = scheme + base64.b64encode(right(world)) + b" "
    check_documented(ask("fetchBinding", auth=header), "fetchBinding")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_key_opens_nothing_of_another_account(ask, world, operation):
    """With a key of account A, account B's services and Bindings are not there."""
    auth = raw.basic(world.key["sid"], world.key["secret"])
    foreign = world.foreign
    response = ask(operation, service_sid=foreign["sid"], sid=foreign["bindings"][0]["sid"], auth=auth)
    check_error(response, "not_found", operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_another_account_sees_nothing_of_ours(ask, world, operation):
    """With account B's own credentials, account A's services and Bindings are not there."""
    check_error(ask(operation, auth=raw.basic(*world.foreign_auth)), "not_found", operation)


def test_wrong_credentials_lock_nobody_out(ask, world):
    """After a hundred wrong tokens the right one still gets in."""
    for number in range(100):
        check_error(ask("fetchBinding", auth=raw.basic(world.auth[0], f"{number:032x}")), "unauthorized")
    check_documented(ask("fetchBinding"), "fetchBinding")
