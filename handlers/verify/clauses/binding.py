"""BINDING: what a Binding is."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from ..clause import OURS, PAGE, SDKS, clause
from ..evidence import Evidence
from ..facts import ABSOLUTE_URL, BINDING, BINDING_SID, SCHEMAS, TIMESTAMP
from ..response import MISSING, Answer, describe_property
from ..violation import check, each_of, every, fail
from ..world import Binding, needs

_PROPERTIES = f"{SCHEMAS}/Binding/properties"
_NO_SEGMENT = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:@%-]|%(?![0-9A-Fa-f]{2})")
"""Characters that RFC 3986 does not allow in a segment of a path."""


@clause("BINDING-01", "must", "A Binding has all twelve properties", source=PAGE, spec=f"{SCHEMAS}/Binding/required")
def test_properties(evidence: Evidence) -> None:
    """A Binding has all of its twelve properties, always."""

    def fits(case: tuple[Binding, Answer]) -> None:
        _, answer = case
        missing = [name for name in BINDING if name not in answer.object]
        check(not missing, f"the properties {', '.join(BINDING)}", f"without {', '.join(missing)}", answer)

    each_of(evidence.found, fits)


@clause("BINDING-02", "should", "A Binding has no other properties", source=OURS, spec=f"{SCHEMAS}/Binding/properties")
def test_no_other_properties(evidence: Evidence) -> None:
    """A Binding has no other properties than those of Twilio's page."""

    def fits(case: tuple[Binding, Answer]) -> None:
        _, answer = case
        others = [name for name in answer.object if name not in BINDING]
        check(not others, f"no properties but {', '.join(BINDING)}", f"also {', '.join(others)}", answer)

    each_of(evidence.found, fits)


@clause("BINDING-03", "must", "sid is the SID that was asked for", source=PAGE, spec=f"{_PROPERTIES}/sid")
def test_sid(evidence: Evidence) -> None:
    """`sid` is the SID that was asked for: BS and 32 hexadecimal digits."""

    def is_sid(each: Binding, value: Any) -> bool:
        return value == each.sid and (not BINDING_SID.fullmatch(each.sid) or bool(BINDING_SID.fullmatch(value)))

    _every(evidence, "sid", is_sid, lambda each: f'"{each.sid}"')


@clause("BINDING-04", "must", "account_sid is the owner of the service", source=PAGE, spec=f"{_PROPERTIES}/account_sid")
def test_account_sid(evidence: Evidence) -> None:
    """`account_sid` is the SID of the account that owns the service."""
    _same(evidence, "account_sid", lambda each: each.account_sid)


@clause(
    "BINDING-05", "must", "service_sid is the service of the Binding", source=PAGE, spec=f"{_PROPERTIES}/service_sid"
)
def test_service_sid(evidence: Evidence) -> None:
    """`service_sid` is the SID of the service that the Binding stands in."""
    _same(evidence, "service_sid", lambda each: each.service_sid)


@clause(
    "BINDING-06",
    "must",
    "date_created is ISO 8601 in GMT, with whole seconds",
    source=PAGE,
    spec=f"{_PROPERTIES}/date_created",
)
def test_form_of_date_created(evidence: Evidence) -> None:
    """`date_created` is a time in ISO 8601, in GMT with whole seconds, and ends in Z."""
    _every(evidence, "date_created", _is_time, lambda _: "a time like 2016-10-21T11:37:03Z")


@clause(
    "BINDING-07", "must", "date_created is the time of the creation", source=PAGE, spec=f"{_PROPERTIES}/date_created"
)
def test_date_created(evidence: Evidence) -> None:
    """`date_created` is the time at which the Binding was created."""
    _every(evidence, "date_created", lambda each, value: _second(value) == each.date_created, lambda e: e.date_created)


@clause(
    "BINDING-08",
    "must",
    "date_updated is ISO 8601 in GMT, with whole seconds",
    source=PAGE,
    spec=f"{_PROPERTIES}/date_updated",
)
def test_form_of_date_updated(evidence: Evidence) -> None:
    """`date_updated` is a time in ISO 8601, in GMT with whole seconds, and ends in Z."""
    _every(evidence, "date_updated", _is_time, lambda _: "a time like 2016-10-21T11:37:03Z")


@clause(
    "BINDING-09", "must", "date_updated is the time of the last update", source=PAGE, spec=f"{_PROPERTIES}/date_updated"
)
def test_date_updated(evidence: Evidence) -> None:
    """`date_updated` is the time at which the Binding was last updated; reading it is no update."""
    _every(evidence, "date_updated", lambda each, value: _second(value) == each.date_updated, lambda e: e.date_updated)


@clause("BINDING-10", "must", "endpoint is the one that was registered", source=PAGE, spec=f"{_PROPERTIES}/endpoint")
def test_endpoint(evidence: Evidence) -> None:
    """`endpoint` is the device's address as it was registered, code point by code point."""
    _personal(evidence, "endpoint", lambda each: each.endpoint)


@clause("BINDING-11", "must", "identity is the one that was registered", source=PAGE, spec=f"{_PROPERTIES}/identity")
def test_identity(evidence: Evidence) -> None:
    """`identity` is the user's as it was registered, code point by code point."""
    _personal(evidence, "identity", lambda each: each.identity)


@clause(
    "BINDING-12", "must", "binding_type is the one that was registered", source=PAGE, spec=f"{_PROPERTIES}/binding_type"
)
def test_binding_type(evidence: Evidence) -> None:
    """`binding_type` is apn, gcm or fcm, as it was registered."""
    _same(evidence, "binding_type", lambda each: each.binding_type)


@clause(
    "BINDING-13",
    "must",
    "credential_sid is the one that was registered",
    source=PAGE,
    spec=f"{_PROPERTIES}/credential_sid",
)
def test_credential_sid(evidence: Evidence) -> None:
    """`credential_sid` is the SID of the credential that the Binding was registered with."""
    _same(evidence, "credential_sid", lambda each: each.credential_sid)


@clause(
    "BINDING-14",
    "must",
    "message_types are those that were registered",
    source=PAGE,
    spec=f"{_PROPERTIES}/message_types",
)
def test_message_types(evidence: Evidence) -> None:
    """`message_types` is an array with the types that were registered, in any order."""

    def fits(case: tuple[Binding, Answer]) -> None:
        each, answer = case
        if each.message_types:
            _types(each, answer)

    each_of(evidence.found, fits)


@clause(
    "BINDING-15",
    "must",
    "message_types is an empty array where there are none",
    source=PAGE,
    spec=f"{_PROPERTIES}/message_types",
)
def test_no_message_types(evidence: Evidence) -> None:
    """`message_types` of a Binding that has none is an empty array."""
    without = [each for each, _ in evidence.found if not each.message_types]
    needs(without, "Binding without message types")

    def fits(case: tuple[Binding, Answer]) -> None:
        each, answer = case
        if not each.message_types:
            _types(each, answer)

    each_of(evidence.found, fits)


@clause("BINDING-16", "must", "url is absolute and in ASCII", source=SDKS, spec=f"{_PROPERTIES}/url")
def test_form_of_url(evidence: Evidence) -> None:
    """`url` is an absolute URL of http or https, in ASCII."""

    def is_absolute(_: Binding, value: Any) -> bool:
        return isinstance(value, str) and bool(ABSOLUTE_URL.fullmatch(value))

    _every(evidence, "url", is_absolute, lambda _: "an absolute URL in ASCII")


@clause("BINDING-17", "must", "Fetching url gives the same Binding", source=PAGE, spec=f"{_PROPERTIES}/url")
def test_url(evidence: Evidence) -> None:
    """Fetching the `url` of a Binding gives this Binding."""

    def leads_back(case: tuple[Binding, Answer]) -> None:
        each, answer = case
        url = answer.object.get("url")
        if not isinstance(url, str):
            fail("`url`, a text", f"`url`: {describe_property('url', answer.object.get('url', MISSING))}", answer)
        again = evidence.target.follow(url, answer)
        check(
            again.status == 200 and again.object.get("sid") == each.sid,
            f"status 200 and the Binding {each.sid}",
            f"{again.summary}",
            answer,
            again,
        )

    evidence.each(leads_back, evidence.found[:: max(len(evidence.found) // 12, 1)], name=lambda case: case[0].sid)


@clause("BINDING-18", "must", "links.user ends in the user's path", source=PAGE, spec=f"{_PROPERTIES}/links")
def test_links(evidence: Evidence) -> None:
    """`links.user` is an absolute URL in ASCII that ends in /Services/{service}/Users/{identity}, percent-encoded."""

    def fits(case: tuple[Binding, Answer]) -> None:
        each, answer = case
        _, segment = _user(each, answer.object.get("links"))
        try:
            identity = unquote_to_bytes(segment or "").decode()
        except UnicodeDecodeError:
            identity = ""
        check(
            segment is not None and identity == each.identity,
            f"`links.user`, a URL that ends in /Services/{each.service_sid}/Users/ and the identity, percent-encoded",
            "another URL, or none" if segment is None else "a last segment that is not the identity when decoded",
            answer,
        )

    each_of(evidence.found, fits)


@clause(
    "BINDING-19",
    "should",
    "links.user percent-encodes what cannot stand in a path's segment",
    source="RFC 3986",
    spec=f"{_PROPERTIES}/links",
)
def test_reserved_in_links(evidence: Evidence) -> None:
    """In `links.user` the identity is a segment of a path: all but letters, digits and -._~!$&'()*+,;=:@ is
    percent-encoded.
    """

    def fits(case: tuple[Binding, Answer]) -> None:
        each, answer = case
        rest, _ = _user(each, answer.object.get("links"))
        found = _NO_SEGMENT.findall(rest or "")
        check(not found, "a segment of a path after /Users/", f"{' '.join(sorted(set(found)))} as they are", answer)

    each_of(evidence.found, fits)


def _every(
    evidence: Evidence,
    name: str,
    holds: Callable[[Binding, Any], bool],
    expected: Callable[[Binding], str],
    wanted: Callable[[Binding], str] | None = None,
) -> None:
    def one(each: Binding, answer: Answer) -> None:
        value = answer.object.get(name, MISSING)
        actual = describe_property(name, value) if wanted is None else describe_property(name, value, wanted(each))
        check(holds(each, value), f"`{name}`: {expected(each)}", f"`{name}`: {actual}", answer)

    every((each.sid, partial(one, each, answer)) for each, answer in evidence.found)


def _same(evidence: Evidence, name: str, wanted: Callable[[Binding], str]) -> None:
    _every(evidence, name, lambda each, value: value == wanted(each), lambda each: f'"{wanted(each)}"')


def _personal(evidence: Evidence, name: str, wanted: Callable[[Binding], str]) -> None:
    _every(
        evidence,
        name,
        lambda each, value: value == wanted(each),
        lambda each: f"the {len(wanted(each))} characters that were registered",
        wanted,
    )


def _is_time(_: Binding, value: Any) -> bool:
    return isinstance(value, str) and bool(TIMESTAMP.fullmatch(value))


def _second(value: Any) -> Any:
    """Write a time without fractions of a second and other ways to write GMT: those are the form's affair."""
    return re.sub(r"(\.[0-9]+)?(Z|\+00:?00)?$", "Z", value, count=1) if isinstance(value, str) else value


def _types(each: Binding, answer: Any) -> None:
    value = answer.object.get("message_types", MISSING)
    is_same = isinstance(value, list) and all(isinstance(one, str) for one in value)
    is_same = is_same and sorted(value) == sorted(each.message_types)
    expected = f"`message_types`: {json.dumps(each.message_types)}, in any order"
    check(is_same, expected, f"`message_types`: {describe_property('message_types', value)}", answer)


def _user(each: Binding, links: Any) -> tuple[str | None, str | None]:
    """Give what stands after /Users/ in `links.user`, and it as a single segment of a path; None where it is none."""
    url = links.get("user") if isinstance(links, dict) else None
    if not isinstance(url, str) or not ABSOLUTE_URL.fullmatch(url):
        return None, None
    before, found, rest = url.partition(f"/Services/{each.service_sid}/Users/")
    if not found or not urlsplit(before).netloc:
        return None, None
    return rest, rest if not set(rest) & set("/?#") else None
