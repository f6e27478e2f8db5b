"""ERROR, once more: errors to requests that no client sends, but that are well-formed HTTP."""

from collections.abc import Iterator, Sequence
from functools import partial

from ..clause import OURS, clause
from ..evidence import Evidence
from ..facts import ERROR, SCHEMAS
from ..response import Answer, readable
from ..variants import RAW
from ..violation import Violation, case_name, check
from .error import UNREADABLE

_METHODS = ("GET", "DELETE", "PUT", "PATCH", "POST", "TRACE")
"""The methods of HTTP among those that are sent."""
_SHORT = 300
_SPEC = f"{SCHEMAS}/Error"


@clause(
    "ERROR-18",
    "must",
    "No error shows a stack or a file, and the application's are JSON",
    rule="Errors of the application",
    source=OURS,
    spec=_SPEC,
)
def inside(evidence: Evidence) -> None:
    """Whatever bytes path and query have, an error MUST NOT hold a stack or the path of a file; one that the
    application gives (it has the headers that all other errors have) is an object of JSON.
    """

    def fits(answer: Answer) -> None:
        text = answer.body.decode(errors="replace")
        check(not UNREADABLE.search(text), "an error without a stack and files", "a stack, SQL or a file", answer)
        if _is_of_the_application(evidence, answer):
            _is_error(answer)

    evidence.each(fits, _odd_errors(evidence), name=lambda answer: case_name(_case(evidence, answer)))


@clause(
    "ERROR-19", "should", "Errors to odd requests are JSON", rule="Errors of the HTTP server", source=OURS, spec=_SPEC
)
def odd(evidence: Evidence) -> None:
    """Whatever bytes path and query have, an error SHOULD be an object of JSON, also where the HTTP server answers
    before the application: no product's own page, and no empty body. Where the path is no URI (a broken escape, a NUL),
    or HTTP does not have the method, a short text of the HTTP server's MAY stand in its place; where bytes are not
    percent-encoded, any error below 500.
    """

    def fits(answer: Answer) -> None:
        if not answer.request.url.isascii() and not _is_of_the_application(evidence, answer):
            check(answer.status < 500, "a status below 500", answer.summary, answer)
        elif not _may_be_plain(evidence, answer):
            _is_error(answer)

    evidence.each(fits, _odd_errors(evidence), name=lambda answer: case_name(_case(evidence, answer)))


def _case(evidence: Evidence, answer: Answer) -> str:
    url = readable(answer.request.url).removeprefix(evidence.target.base_url)
    return f"{answer.request.method} {url.replace(evidence.target.path(evidence.rich), '...')}"


def _may_be_plain(evidence: Evidence, answer: Answer) -> bool:
    """Tell whether an HTTP server gave an answer in its own words, to what need not reach an application."""
    path = answer.request.url.partition("?")[0]
    is_unfit = answer.request.method not in _METHODS or "%zz" in path or "%00" in path
    is_text = bool(answer.body.strip()) and len(answer.body) < _SHORT and b"<" not in answer.body
    return is_unfit and is_text and not _is_of_the_application(evidence, answer)


def _is_error(answer: Answer) -> None:
    check(answer.body, "an error in JSON", answer.summary, answer)
    missing = [name for name in ERROR if name not in answer.object]
    check(not missing, f"an object with {', '.join(ERROR)}", f"{answer.summary}, no {', '.join(missing)}", answer)


def _is_of_the_application(evidence: Evidence, answer: Answer) -> bool:
    """Tell whether the application gave an answer: it has the headers that all of the application's errors have."""
    return bool(evidence.marks) and evidence.marks <= {name for name, _ in answer.headers}


def _odd_errors(evidence: Evidence) -> Sequence[Answer]:
    def make() -> Sequence[Answer]:
        calls = [partial(_answer, evidence, method, path) for method, path in _requests(evidence)]
        return [each for each in evidence.target.together(calls) if each is not None and each.status >= 400]

    return evidence.once("errors to odd requests", make)


def _answer(evidence: Evidence, method: str, path: str) -> Answer | None:
    try:
        return evidence.target.send(method, path, is_odd=True)
    except Violation:  # another clause reports that nothing is answered
        return None


def _requests(evidence: Evidence) -> Iterator[tuple[str, str]]:
    target = evidence.target
    path, sid = target.path(evidence.rich), evidence.rich.bindings[0].sid
    for text in ("%FF", "%zz", "%00", "%2F", "%5C", "%E2%98%83", "..%2F..%2Fetc"):
        yield "GET", f"{path}/{text}"
        yield "GET", f"{path}/{sid}{text}"
        yield "GET", f"/v2/Services/{text}/Bindings"
        yield "GET", f"/{text}"
        yield "DELETE", f"{path}/{evidence.absent()}{text}"
    for query in ("%FF=1", "%zz", "Identity=%FF", "Identity=%zz", "PageToken=%00", "PageToken=%FF", "PageSize=%FF"):
        yield "GET", f"{path}?{query}"
        yield "GET", f"{path}/{sid}?{query}"
        yield "DELETE", f"{path}/{evidence.absent()}?{query}"
    yield from (
        ("GET", f"{path}?Identity={RAW}"),
        ("GET", f"{path}/{RAW}"),
        ("DELETE", f"{path}/{evidence.absent()}?{RAW}"),
    )
    yield from (("GET", each) for each in ("/index.php", "/v2//Services", f"{path}//", "/v2/Services/.", "/v2/../v2"))
    yield from ((method, f"{path}/{sid}x") for method in ("PUT", "PATCH", "POST", "TRACE", "FOO", "PROPFIND"))
