"""HTTP: headers, redirects and the connection."""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial

from ..clause import OURS, SDKS, clause
from ..evidence import Evidence
from ..facts import ABSOLUTE_URL, HEADERS, LIST, REQUEST_ID, SCHEMAS
from ..http.connection import BadFraming, TooLarge, TransportError
from ..response import Answer, Request, describe_url
from ..target import no_answer
from ..violation import NotShown, Violation, case_name, check, each_of, every

_ORIGIN = ("Origin", "https://example.com")
_ATTEMPTS = 3
_SURPLUS_WITHIN_S = 0.05


@clause(
    "HTTP-01",
    "should",
    "Every answer has a Twilio-Request-Id",
    source=OURS,
    spec=f"{HEADERS}/Twilio-Request-Id",
    last=True,
)
def test_request_id(evidence: Evidence) -> None:
    """Every response carries Twilio-Request-Id: RQ and 32 hexadecimal digits."""
    _some(evidence)

    def fits(answer: Answer) -> None:
        found = answer.header("twilio-request-id")
        check(
            REQUEST_ID.fullmatch(found), "Twilio-Request-Id: RQ and 32 hexadecimal digits", found[:60] or "none", answer
        )

    each_of(_regular(evidence), fits)


@clause(
    "HTTP-02", "should", "Every Twilio-Request-Id is new", source=OURS, spec=f"{HEADERS}/Twilio-Request-Id", last=True
)
def test_new_request_id(evidence: Evidence) -> None:
    """Twilio-Request-Id is new on every response."""
    _some(evidence)
    known: dict[str, Answer] = {}

    def fits(answer: Answer) -> None:
        found = answer.header("twilio-request-id")
        if found:
            before = known.setdefault(found, answer)
            check(before is answer, "a new Twilio-Request-Id", f"{found[:60]}, as before", before, answer)

    each_of(_regular(evidence), fits)


@clause(
    "HTTP-03",
    "should",
    "A request with an Origin gets Access-Control-Allow-Origin",
    source=OURS,
    spec=f"{HEADERS}/Access-Control-Allow-Origin",
)
def test_cors(evidence: Evidence) -> None:
    """A request with an Origin gets Access-Control-Allow-Origin, with errors too."""
    target, rich = evidence.target, evidence.rich
    calls: list[Callable[..., Answer]] = [
        partial(target.list, rich, [("PageSize", "1")]),
        partial(target.fetch, rich, rich.bindings[0]),
        partial(target.fetch, rich, evidence.absent()),
        partial(target.list, rich, [("PageSize", "0")]),
        partial(target.list, rich, credentials=None),
        partial(target.delete, rich, evidence.absent()),
    ]

    def allows(answer: Answer) -> None:
        allowed = answer.header("access-control-allow-origin")
        expected = "Access-Control-Allow-Origin: * or the origin"
        check(allowed in ("*", _ORIGIN[1]), expected, f"{answer.summary}, {allowed or 'none'}", answer)

    each_of(target.together([partial(call, headers=[_ORIGIN]) for call in calls]), allows)


@clause(
    "HTTP-04",
    "should",
    "A preflight is 200 or 204 without credentials",
    rule="A preflight",
    source="the Fetch standard",
    spec=f"{HEADERS}/Access-Control-Allow-Origin",
)
def test_preflight(evidence: Evidence) -> None:
    """A preflight SHOULD be 200 or 204 without credentials."""

    def fits(case: tuple[str, str]) -> None:
        method, path = case
        _preflight(evidence, method, path).has_status(200, 204)

    each_of(_preflights(evidence), fits)


@clause(
    "HTTP-05",
    "should",
    "A preflight allows the methods and Authorization",
    rule="A preflight",
    source="the Fetch standard",
    spec=f"{HEADERS}/Access-Control-Allow-Origin",
)
def test_preflight_allows(evidence: Evidence) -> None:
    """A preflight SHOULD allow the methods of the path, and the header Authorization, which a `*` does not cover."""

    def fits(case: tuple[str, str]) -> None:
        method, path = case
        answer = _preflight(evidence, method, path)
        found = answer.header("access-control-allow-methods")
        is_allowed = method == "GET" or {method, "*"} & {each.strip() for each in found.split(",")}
        check(is_allowed, f"Access-Control-Allow-Methods with {method}", found or "none", answer)

    def fits_authorization(case: tuple[str, str]) -> None:
        answer = _preflight(evidence, *case)
        found = answer.header("access-control-allow-headers").lower()
        is_allowed = "authorization" in [each.strip() for each in found.split(",")]
        check(is_allowed, "Access-Control-Allow-Headers with Authorization", found or "none", answer)

    halves = {"the method": fits, "Authorization": fits_authorization}
    every(
        (f"{name} for {method} {path.rpartition('/')[2]}", partial(half, (method, path)))
        for method, path in _preflights(evidence)
        for name, half in halves.items()
    )


@clause("HTTP-06", "must", "No answer redirects", rule="Redirects", source=SDKS, spec=LIST, last=True)
def test_no_redirect(evidence: Evidence) -> None:
    """An answer MUST NOT redirect: SDKs do not follow, or lose their credentials on the way."""
    evidence.listed(evidence.rich)
    evidence.target.fetch(evidence.rich, evidence.rich.bindings[0])
    _ = evidence.walk(evidence.large, evidence.paged)
    binding = evidence.target.path(evidence.rich, evidence.rich.bindings[0])
    evidence.target.send("GET", binding, headers=[("X-HTTP-Method-Override", "GET")])
    evidence.target.send("GET", f"{binding}?_method=GET")

    def fits(answer: Answer) -> None:
        is_redirect = 300 <= answer.status < 400 and answer.status != 304
        check(not is_redirect, "no redirect", f"status {answer.status}", answer)

    each_of(_regular(evidence), fits)


@clause(
    "HTTP-07",
    "must",
    "Answers of success are application/json",
    source=SDKS,
    spec=f"{LIST}/responses/200/content",
    last=True,
)
def test_type(evidence: Evidence) -> None:
    """Answers of success with a body have the Content-Type application/json."""
    _some(evidence)

    def fits(answer: Answer) -> None:
        if answer.status == 200 and answer.body and answer.request.method == "GET":
            check(answer.media_type == "application/json", "Content-Type: application/json", answer.summary, answer)

    each_of(_regular(evidence), fits)


@clause("HTTP-08", "must", "Answers are encoded only as the request accepts", source="RFC 9110", spec=LIST)
def test_encoding(evidence: Evidence) -> None:
    """An answer is only encoded in a way that the request accepts: `Accept-Encoding: identity` gets none."""
    accepts: Sequence[tuple[str, Sequence[str]]] = (
        ("identity", ()),
        ("gzip", ("gzip",)),
        ("deflate", ("deflate",)),
    )

    def is_accepted(case: tuple[str, Sequence[str], str]) -> None:
        value, may, size = case
        answer = evidence.target.list(evidence.large, [("PageSize", size)], headers=[("Accept-Encoding", value)])
        encoding = answer.header("content-encoding").lower()
        check(
            encoding in ("", "identity", *may),
            f"no Content-Encoding but {', '.join(may) or 'identity'}",
            f"Content-Encoding: {encoding[:40]}",
            answer,
        )

    cases = [(value, may, size) for value, may in accepts for size in ("1", "100")]
    evidence.each(is_accepted, cases, name=lambda case: f"Accept-Encoding: {case[0]}")


@clause("HTTP-09", "should", "Paths match in their exact case", rule="Paths", source=OURS, spec="/paths")
def test_case(evidence: Evidence) -> None:
    """Paths SHOULD match exactly in their case of letters: /v2/services/... is no list."""
    path = evidence.target.path(evidence.rich)
    others = (("/Services/", "/services/"), ("/Bindings", "/bindings"), ("/v2", "/V2"))
    paths = [path.replace(right, other) for right, other in others]
    evidence.each(lambda other: evidence.target.send("GET", other, is_odd=True).has_status(401, 404, 405), paths)


@clause("HTTP-10", "must", "URLs of answers work as they stand", source=SDKS, spec=f"{SCHEMAS}/AbsoluteUrl")
def test_urls(evidence: Evidence) -> None:
    """The URLs that the server gives work as they stand: every `url`, and every page URL."""
    walks = [evidence.walk(evidence.large, evidence.paged), evidence.filtered_walks[-1]]
    pages = [page for walk in walks for page in walk.pages]
    urls = {
        url: page
        for page in pages
        for name in ("first_page_url", "url", "next_page_url", "previous_page_url")
        if (url := page.url(name)) is not None
    }
    urls |= {each.object["url"]: each for _, each in evidence.found[:20] if isinstance(each.object.get("url"), str)}
    urls |= {item["url"]: page for page in pages[:2] for item in page.bindings[:5] if isinstance(item.get("url"), str)}

    def works(url: str) -> None:
        giver = urls[url]
        check(ABSOLUTE_URL.fullmatch(url), "absolute URLs", describe_url(url), giver)
        answer = evidence.target.follow(url)
        check(answer.status == 200, "URLs that work: status 200", answer.summary, giver, answer)

    evidence.each(works, urls, name=lambda url: case_name(Request("GET", url)))


@clause("HTTP-11", "must", "Answers are framed as HTTP/1.1 says", source="RFC 9112", spec=LIST)
def test_framing(evidence: Evidence) -> None:
    """Lengths agree with bodies, and a connection that is kept goes on: many requests on one connection."""
    if evidence.target.client.route.is_forwarded:
        raise NotShown("a proxy stands between here and the target")
    requests = _conversation(evidence)
    while requests:
        requests = requests[_converse(evidence, requests) :]


def _converse(evidence: Evidence, requests: list[Request]) -> int:
    """The number of requests that were answered on one connection before it ended."""
    expected = "an answer of the announced length, and nothing after it"
    for _ in range(_ATTEMPTS):
        count = 0
        try:
            with contextlib.closing(evidence.target.client.converse(requests, _SURPLUS_WITHIN_S)) as answers:
                for answer, received in answers:
                    count += 1
                    beyond = f"{len(received.surplus)} bytes beyond the announced length"
                    check(not received.surplus, expected, f"status {answer.status}, and then {beyond}", answer)
        except (TransportError, TooLarge) as error:
            is_framed = not isinstance(error, (BadFraming, TooLarge))
            what = "an answer on a kept connection" if is_framed else expected
            failure = Violation(what, f"none: {error}" if is_framed else str(error), no_answer(requests[count]))
        else:
            return count
    raise failure


def _conversation(evidence: Evidence) -> list[Request]:
    target, rich = evidence.target, evidence.rich
    odd = [each for each in evidence.sample if not each.identity.isascii()][:3] or rich.bindings[:3]
    paths = [
        *(target.path(each.service_sid, each) for each in odd),
        target.path(rich, evidence.absent()),
        target.path(rich, rich.bindings[0]),
        f"{target.path(rich)}?PageSize=0",
        f"{target.path(rich)}?PageSize=100",
        f"{target.path(evidence.large)}?PageSize=100",
        target.path(rich, rich.bindings[-1]),
    ]
    requests = [Request("GET", target.base_url + path, evidence.world.credentials) for path in paths]
    nobody = Request("GET", target.base_url + target.path(rich))
    packed = Request("GET", requests[-2].url, evidence.world.credentials, (("Accept-Encoding", "gzip"),))
    return [*requests[:4], nobody, *requests[4:], packed, requests[0]]


def _some(evidence: Evidence) -> None:
    """Ask for a few answers of each kind, where the run has not seen any yet."""
    target, rich = evidence.target, evidence.rich

    def ask() -> None:
        with contextlib.suppress(Exception):
            evidence.listed(rich)
        calls: list[Callable[[], Answer]] = [
            partial(target.fetch, rich, rich.bindings[0]),
            partial(target.fetch, rich, evidence.absent()),
            partial(target.list, rich, [("PageSize", "1")], credentials=None),
        ]
        target.together(calls * 2)
        for _ in range(3):
            target.fetch(rich, rich.bindings[0], on_one_connection=True)

    evidence.once("some answers", ask)


def _regular(evidence: Evidence) -> list[Answer]:
    return [answer for answer in evidence.target.seen if not answer.request.is_odd]


def _preflights(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    binding = evidence.target.path(evidence.rich, evidence.rich.bindings[0])
    return ("GET", evidence.target.path(evidence.rich)), ("GET", binding), ("DELETE", binding)


def _preflight(evidence: Evidence, method: str, path: str) -> Answer:
    headers = (
        _ORIGIN,
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "authorization"),
    )
    key = ("preflight", method, path)
    return evidence.once(key, lambda: evidence.target.send("OPTIONS", path, credentials=None, headers=headers))
