"""ERROR: what an error looks like. Most of these clauses judge all errors that the run has seen."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from ..clause import OURS, SDKS, clause
from ..credentials import Credentials
from ..evidence import Evidence
from ..facts import (
    ACCESS_DENIED,
    ERROR,
    MISLEADING_IN_ERRORS,
    MORE_INFO,
    NOT_ALLOWED,
    NOT_FOUND,
    RESPONSES,
    SCHEMAS,
    SPEC,
    UNAUTHORIZED,
)
from ..plan import Picks
from ..response import MISSING, Answer, describe, is_integer
from ..variants import INHERITED
from ..violation import NotShown, case_name, check, each_of

_PROPERTIES = f"{SCHEMAS}/Error/properties"
UNREADABLE = re.compile(
    r"""Traceback \(most|File "[^"]+", line \d|^\s*at .+:\d+|\bat [\w.<>$]+ \([^)]*:\d+|\.(py|js|rb|php|java|go):\d+"""
    r"""|\b(SELECT|INSERT|UPDATE|DELETE)\b.+\b(FROM|INTO|SET|WHERE)\b|psycopg|sqlite3?\.|sqlalchemy|ORA-\d+|SQLSTATE"""
    r"""|Failed validating|On instance|['"](type|pattern|enum|minimum|maximum)['"]: ?['"\d\[{]|goroutine \d+"""
    r"""|(^|[\s"'(=>])/(usr|home|var|srv|opt|app|root)/[\w./-]+|\b[A-Z]:\\\\?\w""",
    re.MULTILINE,
)
"""Signs of a stack, of SQL, of a dumped schema and of a file."""
_KNOWN = (401, 404, 405)


@clause(
    "ERROR-01",
    "must",
    "Errors are objects with code, message, more_info and status",
    source=SDKS,
    spec=f"{SCHEMAS}/Error/required",
    last=True,
)
def test_object(evidence: Evidence) -> None:
    """Every error is a JSON object with code, message, more_info and status."""

    def fits(answer: Answer) -> None:
        missing = [name for name in ERROR if name not in answer.object]
        check(not missing, f"an object with {', '.join(ERROR)}", f"{answer.summary}, no {', '.join(missing)}", answer)

    each_of(_errors(evidence), fits)


@clause("ERROR-02", "must", "Errors are application/json", source=SDKS, spec=f"{RESPONSES}/NotFound/content", last=True)
def test_type(evidence: Evidence) -> None:
    """Every error has the Content-Type application/json, not application/problem+json or text/html."""

    def fits(answer: Answer) -> None:
        check(answer.media_type == "application/json", "Content-Type: application/json", answer.summary, answer)

    each_of(_errors(evidence), fits)


@clause(
    "ERROR-03", "must", "status of an error is the HTTP status", source=SDKS, spec=f"{_PROPERTIES}/status", last=True
)
def test_status(evidence: Evidence) -> None:
    """`status` is the HTTP status, as an integer."""

    def fits(answer: Answer) -> None:
        status = answer.object.get("status", MISSING)
        is_same = is_integer(status) and status == answer.status
        check(is_same, f"`status`: {answer.status}", f"`status`: {describe(status)}", answer)

    each_of(_errors(evidence), fits)


@clause("ERROR-04", "must", "code of an error is an integer", source=SDKS, spec=f"{_PROPERTIES}/code", last=True)
def test_code(evidence: Evidence) -> None:
    """`code` is an integer."""

    def fits(answer: Answer) -> None:
        code = answer.object.get("code", MISSING)
        check(is_integer(code), "`code`, an integer", f"`code`: {describe(code)}", answer)

    each_of(_errors(evidence), fits)


@clause("ERROR-05", "must", "message of an error is a text", source=SDKS, spec=f"{_PROPERTIES}/message", last=True)
def test_message(evidence: Evidence) -> None:
    """`message` is a text that is not empty."""

    def fits(answer: Answer) -> None:
        message = answer.object.get("message", MISSING)
        is_text = isinstance(message, str) and bool(message.strip())
        check(is_text, "`message`, a text", f"`message`: {describe(message)}", answer)

    each_of(_errors(evidence), fits)


@clause(
    "ERROR-06",
    "should",
    "more_info of an error is the URL of its code",
    source=OURS,
    spec=f"{_PROPERTIES}/more_info",
    last=True,
)
def test_more_info(evidence: Evidence) -> None:
    """`more_info` is https://www.twilio.com/docs/errors/ and the code."""

    def fits(answer: Answer) -> None:
        wanted = f"{MORE_INFO}{answer.object.get('code')}"
        info = answer.object.get("more_info", MISSING)
        check(info == wanted, f"`more_info`: {wanted}", f"`more_info`: {describe(info)}", answer)

    each_of(_errors(evidence), fits)


@clause(
    "ERROR-07",
    "must",
    "An error has no property that misleads the SDKs",
    source=SDKS,
    spec=f"{SCHEMAS}/Error",
    last=True,
)
def test_misleading(evidence: Evidence) -> None:
    """An error has no `type`, `title` or `uri`: SDKs would take it for one of another kind."""

    def fits(answer: Answer) -> None:
        found = [name for name in MISLEADING_IN_ERRORS if name in answer.object]
        check(not found, f"none of {', '.join(MISLEADING_IN_ERRORS)}", f"also {', '.join(found)}", answer)

    each_of(_errors(evidence), fits)


@clause("ERROR-08", "must", "No error has the code 20006", source=SDKS, spec=f"{_PROPERTIES}/code", last=True)
def test_not_20006(evidence: Evidence) -> None:
    """No error has the code 20006: the SDK for PHP takes it for the end of the pages."""

    def fits(answer: Answer) -> None:
        code = answer.object.get("code")
        check(code != ACCESS_DENIED, f"another code than {ACCESS_DENIED}", f"code {ACCESS_DENIED}", answer)

    each_of(_errors(evidence), fits)


@clause("ERROR-09", "must", "The code of a 404 is 20404", source=SDKS, spec=f"{RESPONSES}/NotFound", last=True)
def test_code_of_404(evidence: Evidence) -> None:
    """The code of a 404 is 20404."""

    def fits(answer: Answer) -> None:
        if answer.status == 404:
            answer.has_code(NOT_FOUND)

    each_of(_errors(evidence), fits)


@clause("ERROR-10", "must", "The code of a 401 is 20003", source=SDKS, spec=f"{RESPONSES}/Unauthorized", last=True)
def test_code_of_401(evidence: Evidence) -> None:
    """The code of a 401 is 20003."""

    def fits(answer: Answer) -> None:
        if answer.status == 401:
            answer.has_code(UNAUTHORIZED)

    each_of(_errors(evidence), fits)


@clause(
    "ERROR-11", "should", "The code of a 405 is 20004", source=OURS, spec=f"{RESPONSES}/MethodNotAllowed", last=True
)
def test_code_of_405(evidence: Evidence) -> None:
    """The code of a 405 is 20004."""

    def fits(answer: Answer) -> None:
        if answer.status == 405:
            answer.has_code(NOT_ALLOWED)

    each_of(_errors(evidence), fits)


@clause(
    "ERROR-12",
    "should",
    "No error holds a stack, SQL or a schema",
    source=OURS,
    spec=f"{_PROPERTIES}/message",
    last=True,
)
def test_readable(evidence: Evidence) -> None:
    """No error holds a stack, SQL or a dump of a schema."""

    def fits(answer: Answer) -> None:
        texts = "\n".join(value for value in answer.object.values() if isinstance(value, str))
        check(not UNREADABLE.search(texts), "a message for people", "a stack, SQL or a schema in the error", answer)

    each_of(_errors(evidence), fits)


@clause(
    "ERROR-13",
    "must",
    "A path that does not exist is 401, 404 or 405",
    rule="Beyond this document",
    source=OURS,
    spec="/paths",
)
def test_unknown_paths(evidence: Evidence) -> None:
    """A path that is not in the contract MUST be 401, 404 or 405; what else is served is free."""
    service = evidence.target.path(evidence.rich)
    binding = evidence.target.path(evidence.rich, evidence.rich.bindings[0])
    paths = ("/v2/Nothing", "/nothing", "/v2/Services/nothing/at/all", f"{binding}/nothing", f"{service[:-1]}")
    evidence.each(lambda path: evidence.target.send("GET", path).has_status(*_KNOWN), paths)


@clause(
    "ERROR-14",
    "must",
    "A method that does not exist is 401, 404 or 405",
    rule="Beyond this document",
    source="RFC 9110",
    spec=f"{RESPONSES}/MethodNotAllowed",
    deletes="not allowed methods",
)
def test_unknown_methods(evidence: Evidence) -> None:
    """A method that a path does not have MUST be 401, 404 or 405: POST on a Binding, PUT and DELETE on a list."""

    def action(picks: Picks) -> None:
        service = evidence.service_of(picks)
        binding, bindings = evidence.target.path(service, picks[0]), evidence.target.path(service)
        empty, owner = _without_bindings(evidence)
        own = evidence.world.credentials
        cases = [(method, binding, own) for method in ("POST", "PUT", "PATCH")]
        cases += [(method, bindings, own) for method in ("PUT", "PATCH")]
        cases.append(("DELETE", evidence.target.path(empty), owner))
        evidence.each(
            lambda case: evidence.target.send(case[0], case[1], credentials=case[2]).has_status(*_KNOWN),
            cases,
            name=lambda case: f"{case[0]} on a {'Binding' if case[1] == binding else 'list'}",
        )
        evidence.target.fetch(service, picks[0]).has_status(200)

    evidence.attempt("not allowed methods", action)


@clause("ERROR-15", "must", "A 405 has Allow", source="RFC 9110", spec="/components/headers/Allow")
def test_allow(evidence: Evidence) -> None:
    """A 405 has the header Allow, with the methods of the path."""
    provoked = {answer.request.url: answer for answer in _provoke(evidence) if answer.status == 405}

    def fits(answer: Answer) -> None:
        allowed = {method.strip().upper() for method in answer.header("allow").split(",") if method.strip()}
        is_list = answer.request.url.endswith("/Bindings")
        wanted = {method.upper() for method in SPEC["paths"][_template(is_list=is_list)] if method in ("get", "delete")}
        free = {"HEAD", "OPTIONS", "TRACE"} | ({"POST"} if is_list else set())  # registering may be a part of the API
        check(
            wanted <= allowed <= wanted | free,
            f"Allow: {', '.join(sorted(wanted))}",
            f"Allow: {', '.join(sorted(allowed))}" if allowed else "no Allow",
            answer,
        )

    each_of(provoked.values(), fits)


@clause("ERROR-16", "must", "Odd requests get no 5xx", source=OURS, spec=f"{RESPONSES}/InternalServerError")
def test_odd_requests(evidence: Evidence) -> None:
    """Odd requests get an answer that is no 5xx."""

    def answered(request: tuple[str, tuple[tuple[str, str], ...]]) -> None:
        answer = evidence.target.send("GET", request[0], headers=request[1], is_odd=True)
        check(answer.status < 500, "a status below 500", answer.summary, answer)

    def name(request: tuple[str, tuple[tuple[str, str], ...]]) -> str:
        return case_name(": ".join(request[1][0]) if request[1] else request[0].rpartition("/")[2])

    evidence.each(answered, _odd_requests(evidence), name=name)


@clause(
    "ERROR-17",
    "should",
    "A 429 and a 503 have Retry-After",
    source="RFC 6585",
    spec="/components/headers/Retry-After",
)
def test_retry_after(evidence: Evidence) -> None:
    """A 429 and a 503 have the header Retry-After."""
    path = evidence.target.path(evidence.rich)
    evidence.target.together([partial(evidence.target.send, "GET", f"{path}?PageSize=1")] * 80)

    def fits(answer: Answer) -> None:
        if answer.status in (429, 503):
            check(answer.header("retry-after"), "Retry-After", f"{answer.summary}, without it", answer)

    each_of(evidence.target.seen, fits)


def _without_bindings(evidence: Evidence) -> tuple[object, Credentials]:
    """Give a service in which a DELETE of the list can do no harm, and whose it is."""
    try:
        return evidence.world.empty
    except NotShown:
        return evidence.absent("IS"), evidence.world.credentials


def _provoke(evidence: Evidence) -> list[Answer]:
    """Provoke an error of each kind, once."""

    def make() -> list[Answer]:
        target, rich = evidence.target, evidence.rich
        absent = target.path(rich, evidence.absent())
        wrong = target.world.credentials.but("0" * 32, '"$WRONG_TOKEN"')
        calls: list[Callable[[], Answer]] = [
            partial(target.fetch, rich, evidence.absent()),
            partial(target.fetch, evidence.absent("IS"), evidence.absent()),
            partial(target.fetch, rich, "malformed"),
            partial(target.list, rich, credentials=None),
            partial(target.fetch, rich, rich.bindings[0], credentials=None),
            partial(target.list, rich, credentials=wrong),
            partial(target.list, rich, [("PageSize", "0")]),
            partial(target.list, rich, [("PageSize", "1001")]),
            partial(target.list, rich, [("BindingType", "sms")]),
            partial(target.list, rich, [("Unknown", "1")]),
            partial(target.fetch, rich, rich.bindings[0], "?Unknown=1"),
            partial(target.send, "GET", "/v2/nothing"),
            partial(target.send, "PATCH", absent),
            partial(target.send, "PATCH", target.path(rich)),
            partial(evidence.listed, evidence.large, ("PageToken", "bogus")),
        ]
        return list(target.together(calls))

    return evidence.once("provoked errors", make)


def _errors(evidence: Evidence) -> Iterator[Answer]:
    """All errors that the run has seen, but for those to requests that no client sends."""
    _provoke(evidence)
    for answer in evidence.target.seen:
        if answer.status >= 400 and not answer.request.is_odd and answer.request.method not in ("HEAD", "OPTIONS"):
            yield answer


def _template(*, is_list: bool) -> str:
    found: str = next(path for path in SPEC["paths"] if path.endswith("/Bindings") == is_list)
    return found


def _odd_requests(evidence: Evidence) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    path, sid = evidence.target.path(evidence.rich), evidence.rich.bindings[0].sid
    queries = (
        "Identity",
        "Identity=a=b",
        "=",
        "&&&",
        "=a&=b",
        "PageSize",
        "PageSize=%",
        "Page=%FF",
        "PageToken=%00",
        "BindingType=%ED%A0%80",
        "Identity=%C0%AF",
        "%zz=1",
        "%FF",
        "Identity[]=a",
        "Identity[a]=b",
        "PageToken=" + "A" * 3000,
        "PageSize=" + "9" * 3000,
        "Page=-" + "9" * 400,
        "a=1;b=2",
        "?",
        "Identity=%0d%0a",
    )
    yield from ((f"{path}?{query}", ()) for query in queries)
    sids = (
        "..",
        ".",
        "%2e%2e",
        "%00",
        "%FF",
        "%2F",
        "'",
        "%27%20OR%201=1",
        "BS",
        "BS" + "z" * 32,
        "BS" + "0" * 3000,
        f"{sid};a=b",
        f"{sid}.json",
        f"{sid}%0a",
        "%E2%98%83",
        "null",
        "-1",
        "{Sid}",
        "%7BSid%7D",
        *INHERITED,
    )
    yield from ((f"{path}/{each}", ()) for each in sids)
    yield from ((path.replace(evidence.rich.sid, each), ()) for each in sids[2:])
    headers = (
        ("Accept", "a;q=b"),
        ("Accept", ";;;"),
        ("Accept", "*/*;q=9999999999"),
        ("Accept-Encoding", ";q=x, ,"),
        ("Accept-Language", ";;q=1"),
        ("Content-Type", "///"),
        ("Range", "bytes=5-1"),
        ("If-None-Match", '"'),
        ("If-Modified-Since", "yesterday"),
        ("Cookie", "a"),
        ("X-Forwarded-For", "nobody"),
        ("Origin", "null"),
        ("Accept-Charset", "*;q=x"),
        ("X-Requested-With", "a b"),
    )
    yield from ((f"{path}?PageSize=1", (header,)) for header in headers)
