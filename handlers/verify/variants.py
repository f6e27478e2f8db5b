"""Variants of requests that clauses of several sections send, and comparisons of answers."""

from typing import Any

from .response import MISSING, Answer, describe_url
from .violation import check, each_of

FORM = ("Content-Type", "application/x-www-form-urlencoded")
INHERITED = ("constructor", "__proto__", "toString")
"""Properties of every object of JavaScript, among which a SID, a user or an identity may be looked up."""
RAW = "\udcff"
"""A raw byte that is no UTF-8, as `surrogateescape` decodes it."""
Variant = tuple[str, tuple[tuple[str, str], ...], bytes]
VARIANTS: tuple[Variant, ...] = (
    ("a form's Content-Type", (FORM,), b""),
    ("a Content-Type of JSON", (("Content-Type", "application/json"),), b""),
    ("another Content-Type", (("Content-Type", "text/plain; charset=utf-8"),), b""),
    ("a form for a body", (FORM,), b"a=b"),
    ("JSON for a body", (("Content-Type", "application/json"),), b'{"a": "b"}'),
    ("a body of another type", (("Content-Type", "application/octet-stream"),), b"a"),
    ("Accept: */*", (("Accept", "*/*"),), b""),
    ("an Accept that JSON is not in", (("Accept", "text/html"),), b""),
    ("a browser's Accept", (("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),), b""),
    ("Accept-Encoding: gzip", (("Accept-Encoding", "gzip, deflate"),), b""),
    ("Accept-Encoding: identity", (("Accept-Encoding", "identity"),), b""),
    ("an unknown Accept-Encoding", (("Accept-Encoding", "unknown"),), b""),
    ("Accept-Language and Accept-Charset", (("Accept-Language", "de"), ("Accept-Charset", "utf-8")), b""),
)
"""Headers and bodies of clients that change nothing, each with a name."""


def malformed(*sids: str) -> list[str]:
    """SIDs that are none: too short, too long, not hexadecimal, of another kind."""
    one = sids[0]
    found = [each for sid in sids for each in (sid[:-1], sid + "0", sid + "a", sid[2:])]
    return [*found, "0", "null", f"XX{one[2:]}", f"{one[:2]}{'z' * 32}", f"{one[:2]}{one[2:-1]}-", one[:2]]


def same_answer(one: Answer, other: Answer, expected: str) -> None:
    """Raise `Violation` unless another answer says the same."""
    is_same = other.status == one.status and other.media_type == one.media_type
    before, after = in_any_order(one.object), in_any_order(other.object)
    names = sorted(name for name in {*before, *after} if before.get(name, MISSING) != after.get(name, MISSING))
    changed = f", {' and '.join(names)} changed" if names and is_same else ""
    check(is_same and not names, f"{expected}: {one.summary}", f"{other.summary}{changed}", other)


def has_no_neighbours(page: Answer) -> None:
    """Raise `Violation` where a page has a next or a previous page."""

    def is_null(name: str) -> None:
        check(page.url(name) is None, f"`meta.{name}`: null", describe_url(page.url(name)), page)

    each_of(("next_page_url", "previous_page_url"), is_null)


def in_any_order(binding: dict[str, Any]) -> dict[str, Any]:
    """Prepare a Binding to be compared with another: `message_types` come in any order, another one each time."""
    types = binding.get("message_types")
    return binding | {"message_types": sorted(types, key=str)} if isinstance(types, list) else binding
