"""HTTP, once more: what browsers, proxies, frameworks and caches add to requests."""

from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from typing import NamedTuple

from ..clause import OURS, SDKS, clause
from ..evidence import Evidence
from ..facts import BINDING, DELETE, FETCH, LIST, RESPONSES, TYPES
from ..http.connection import TransportError
from ..plan import Picks
from ..response import Answer
from ..variants import FORM, same_answer
from ..violation import check
from ..world import Binding

_ELSEWHERE = "elsewhere.example"
_ATTEMPTS = 3
_WITHIN_S = 0.05
"""Seconds in which a body that should not be there comes behind its head."""
_PAST = "Thu, 01 Jan 1970 00:00:00 GMT"
_OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
Headers = tuple[tuple[str, str], ...]


class Surroundings(NamedTuple):
    """Headers and a body of a request, and the statuses besides 200 that a right answer to it may have."""

    name: str
    headers: Headers
    body: bytes = b""
    also: tuple[int, ...] = ()


def _headers() -> Iterator[Surroundings]:
    """Headers with values from elsewhere."""
    for name, value in (
        ("Referer", f"https://{_ELSEWHERE}/list?PageSize=1&Identity=nobody"),
        ("Origin", f"https://{_ELSEWHERE}"),
        ("Origin", "null"),
        ("Cookie", "session=0; Identity=nobody; PageSize=1; lang=de"),
        ("X-Requested-With", "XMLHttpRequest"),
        ("Sec-Fetch-Site", "cross-site"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Accept-Language", "de, fr;q=0.5"),
        ("Accept-Charset", "iso-8859-1"),
        ("Accept", "application/xml"),
        ("Accept", "text/csv, image/*;q=0.1"),
        ("Accept", "application/hal+json"),
        ("Accept", "application/json;version=99"),
        ("Accept", "application/json;q=0"),
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Real-IP", "203.0.113.7"),
        ("Via", f"1.1 {_ELSEWHERE}"),
        ("X-Original-URL", "/v2/nothing"),
        ("X-Rewrite-URL", "/v2/nothing"),
        ("Cache-Control", "no-cache"),
        ("Prefer", "return=minimal"),
        ("Upgrade-Insecure-Requests", "1"),
    ):
        yield Surroundings(f"{name}: {value[:40]}", ((name, value),))


def _conditions() -> Iterator[Surroundings]:
    """Conditions and ranges that a server may understand."""
    for name, value, also in (
        ("If-None-Match", f'"{_ELSEWHERE}"', ()),
        ("If-None-Match", 'W/"0"', ()),
        ("If-Modified-Since", _PAST, ()),
        ("If-Match", f'"{_ELSEWHERE}"', (412,)),
        ("If-Unmodified-Since", _PAST, (412,)),
        ("Range", "bytes=0-9", (206,)),
        ("Range", "bytes=9999999-", (416,)),
        ("Range", "items=0-1", ()),
    ):
        yield Surroundings(f"{name}: {value}", ((name, value),), also=also)


def _bodies() -> Iterator[Surroundings]:
    """Bodies with names that the operations know."""
    pairs = {"PageSize": "1", "Page": "3", "Identity": "nobody", "BindingType": TYPES[0], "Sid": "BS", "PageToken": "x"}
    form = "&".join(f"{name}={value}" for name, value in pairs.items()).encode()
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{each}\r\n' for name, each in pairs.items()]
    json = "{" + ", ".join(f'"{name}": "{value}"' for name, value in pairs.items()) + "}"
    yield Surroundings("a form with known names for a body", (FORM,), form)
    multipart = ("Content-Type", "multipart/form-data; boundary=b")
    yield Surroundings("a multipart form for a body", (multipart,), "".join([*parts, "--b--\r\n"]).encode())
    yield Surroundings("JSON with known names for a body", (("Content-Type", "application/json"),), json.encode())
    yield Surroundings("broken JSON for a body", (("Content-Type", "application/json"),), b'{"PageSize": ')
    yield Surroundings("a multipart form without a boundary", (("Content-Type", "multipart/form-data"),), b"x")
    yield Surroundings("XML for a body", (("Content-Type", "application/xml"),), b"<PageSize>1</PageSize>")


@clause(
    "HTTP-14",
    "must",
    "Headers of browsers and proxies, and bodies with known names, change no answer",
    rule="Bodies and headers",
    source=SDKS,
    spec=LIST,
)
def reading(evidence: Evidence) -> None:
    """Headers that browsers, proxies and frameworks add, and bodies with names that the operation knows, MUST NOT
    change a list or a fetch; right answers to conditions and ranges are free.
    """
    target, rich = evidence.target, evidence.rich
    query = [("PageSize", "5"), ("BindingType", TYPES[0]), ("BindingType", TYPES[1])]
    listed = target.list(rich, query)
    binding, fetched = evidence.found[0]
    names = (*BINDING, "page", "page_size")

    def same(surroundings: Surroundings) -> None:
        again = target.list(rich, query, headers=surroundings.headers, body=surroundings.body)
        if again.status not in surroundings.also:
            expected = f"with {surroundings.name}, the same list as without"
            is_same = again.has_status(200).sids == listed.sids
            is_same = is_same and all(again.meta.get(name) == listed.meta.get(name) for name in names)
            check(is_same, expected, f"{again.summary}, another", again)
        again = target.fetch(binding.service_sid, binding, headers=surroundings.headers, body=surroundings.body)
        if again.status not in surroundings.also:
            same_answer(fetched, again, f"with {surroundings.name}, the same as without")

    evidence.each(same, (*_headers(), *_conditions(), *_bodies()), name=lambda each: each.name)


@clause(
    "DELETE-16",
    "must",
    "Headers of browsers and proxies, and bodies with known names, change no delete",
    rule="Bodies and headers",
    source=SDKS,
    spec=DELETE,
    deletes="surrounded",
)
def deleting(evidence: Evidence) -> None:
    """Headers that browsers, proxies and frameworks add, a method in a header, and bodies with names that the
    operation knows, MUST NOT change a delete.
    """

    def action(picks: Picks) -> None:
        everything = [*_headers(), *(Surroundings(f"{name}: GET", ((name, "GET"),)) for name in _OVERRIDES)]
        headers = tuple({name: (name, value) for each in everything for name, value in each.headers}.values())
        several = [Surroundings("headers of browsers, proxies and frameworks", headers), *_bodies()]
        evidence.each(_is_deleted, zip(picks, several, strict=False), evidence, name=lambda case: case[1].name)

    evidence.attempt("surrounded", action)


def _is_deleted(evidence: Evidence, case: tuple[Binding, Surroundings]) -> None:
    pick, surroundings = case
    target, service = evidence.target, pick.service_sid
    answer = target.delete(service, pick, headers=surroundings.headers, body=surroundings.body)
    check(answer.status == 204, f"with {surroundings.name}, status 204", answer.summary, answer)
    target.fetch(service, pick).has_status(404)


@clause(
    "HTTP-15", "must", "No header, query or body turns another method into a delete", source=OURS, spec=DELETE,
    deletes="another method",
)  # fmt: skip
def overriding(evidence: Evidence) -> None:
    """A GET or a POST with the method DELETE in a header, in its query or in its body deletes nothing."""

    def action(picks: Picks) -> None:
        target, pick = evidence.target, picks[0]
        path = target.path(pick.service_sid, pick)
        requests: list[tuple[str, str, Headers, bytes]] = []
        for name in _OVERRIDES:
            requests += [("GET", path, ((name, "DELETE"),), b""), ("POST", path, ((name, "DELETE"),), b"")]
        requests += [("POST", path, (FORM,), b"_method=DELETE"), ("GET", path, (FORM,), b"_method=DELETE")]
        requests += [(method, f"{path}?_method=DELETE", (), b"") for method in ("GET", "POST")]
        requests.append(("HEAD", path, (("X-HTTP-Method-Override", "DELETE"),), b""))

        def harmless(request: tuple[str, str, Headers, bytes]) -> Answer:
            method, where, headers, body = request
            answer = target.send(method, where, headers=headers, body=body)
            if method == "GET":
                check(answer.status < 500, "a status below 500", answer.summary, answer)
            return answer

        answers = target.together([partial(harmless, each) for each in requests])
        left = target.fetch(pick.service_sid, pick)
        suspects = [each for each in answers if each.status in (200, 202, 204)]
        check(left.status == 200, "nothing deleted", f"{pick.sid} is gone", *suspects[:3], left)

    evidence.attempt("another method", action)


@clause("HTTP-20", "must", "HEAD is as GET, without the body, or 405", rule="HEAD", source="RFC 9110", spec=FETCH)
def head(evidence: Evidence) -> None:
    """HEAD MUST be answered as GET, with the same status and type and no body, or with 405."""
    target, rich = evidence.target, evidence.rich
    binding = target.path(rich, rich.bindings[0])
    cases: list[tuple[str, str | None]] = [
        (binding, "own"),
        (target.path(rich), "own"),
        (f"{target.path(rich)}?PageSize=2", "own"),
        (f"{target.path(rich)}?PageSize=0", "own"),
        (target.path(rich, evidence.absent()), "own"),
        (target.path(evidence.absent("IS")), "own"),
        (binding, None),
        (target.path(rich), None),
    ]

    def alike(case: tuple[str, str | None]) -> None:
        path, credentials = case
        plain = (("Accept-Encoding", "identity"),)
        one = target.send("HEAD", path, credentials=credentials, headers=plain)
        if one.status == 405:
            return
        other = target.send("GET", path, credentials=credentials, headers=plain)
        check(one.status == other.status, f"status {other.status}, as GET, or 405", f"status {one.status}", one, other)
        check(one.media_type in ("", other.media_type), f"Content-Type: {other.media_type}", one.media_type, one, other)
        lengths = one.header("content-length"), str(len(other.body))
        if one.status == 200:
            expected = f"Content-Length: {lengths[1]}, as for GET, or none"
            check(lengths[0] in ("", lengths[1]), expected, f"Content-Length: {lengths[0][:20]}", one, other)

    checks = {"HEAD": alike}
    if not target.client.route.is_forwarded:
        checks["the end of HEAD"] = partial(_ends_with_its_head, evidence)
    evidence.each(
        lambda case: checks[case[0]](case[1]),
        [(name, case) for name in checks for case in cases],
        name=lambda case: f"{case[0]} on {case[1][0].rpartition('/')[2][:40]}",
    )


def _ends_with_its_head(evidence: Evidence, case: tuple[str, str | None]) -> None:
    """Raise `Violation` where bytes of a body come after the head of an answer to HEAD."""
    path, credentials = case
    request = evidence.target.request("HEAD", path, credentials)
    for _ in range(_ATTEMPTS):
        with (
            suppress(TransportError),  # a connection that ends violates another clause
            closing(evidence.target.client.converse([request], _WITHIN_S)) as answers,
        ):
            for answer, received in answers:
                surplus = f"status {answer.status}, and {len(received.surplus)} bytes after its head"
                check(not received.surplus, "an answer to HEAD without a body", surplus, answer)
            return


@clause(
    "HTTP-21",
    "should",
    "OPTIONS that is no preflight is 405, 200 or 204",
    rule="Any other OPTIONS",
    source=OURS,
    spec=f"{RESPONSES}/MethodNotAllowed",
)
def options(evidence: Evidence) -> None:
    """OPTIONS that is no preflight SHOULD be 405, as any other method, or tell the methods with 200 or 204; it shows no
    Binding.
    """
    target, rich = evidence.target, evidence.rich

    def shows_nothing(path: str) -> None:
        answer = target.send("OPTIONS", path)
        answer.has_status(200, 204, 401, 405)
        is_shown = b'"bindings"' in answer.body or b'"identity"' in answer.body
        check(not is_shown, "no Binding", f"{answer.summary}, with Bindings", answer)

    evidence.each(shows_nothing, (target.path(rich), target.path(rich, rich.bindings[0])))
