"""HTTP, once more: caches, and how a body is announced."""

import codecs
import re
import time
from collections.abc import Sequence
from functools import partial

from ..clause import clause
from ..evidence import Evidence
from ..facts import FETCH, HEADERS, LARGEST_SIZE, LIST
from ..plan import Picks
from ..response import Answer
from ..violation import check, each_of, every

_CACHES = "RFC 9111"
_CHARSET = re.compile(r"""charset\s*=\s*"?([^\s;"]+)""", re.IGNORECASE)


@clause(
    "HTTP-16",
    "must",
    "An ETag or a Last-Modified changes after a delete",
    rule="Conditional and range requests",
    source="RFC 9110",
    spec=FETCH,
    deletes="validated",
)
def validators(evidence: Evidence) -> None:
    """An ETag or a Last-Modified, where there is one, MUST be another after a delete: a list is then not 304, a Binding
    that is gone is 404; and without credentials nothing is 304.
    """

    def action(picks: Picks) -> None:
        target, pick = evidence.target, picks[0]
        service = pick.service_sid
        paths = [
            f"{target.path(service)}?PageSize={LARGEST_SIZE}",
            f"{target.path(service)}?PageSize={LARGEST_SIZE}&BindingType={pick.binding_type}",
            target.path(service, pick),
        ]
        before = target.together([partial(target.send, "GET", path) for path in paths])
        conditions = [_conditions(answer) for answer in before]
        if not any(conditions):
            return
        given = [(answer, headers) for answer, headers in zip(before, conditions, strict=True) if headers]
        anonymous = [
            (answer, target.send("GET", answer.request.url, headers=headers, credentials=None))
            for answer, headers in given
        ]
        time.sleep(1.1)  # a Last-Modified counts in seconds
        target.delete(service, pick)
        after = [
            (f"{name} of {answer.case}", answer, target.send("GET", answer.request.url, headers=[(name, value)]))
            for answer, headers in given
            for name, value in headers
        ]
        every(
            [
                *((f"{one.case} without credentials", partial(_is_refused, one, other)) for one, other in anonymous),
                *((name, partial(_is_new, one, other)) for name, one, other in after),
            ]
        )

    evidence.attempt("validated", action)


@clause(
    "HTTP-17",
    "should",
    "Answers with Bindings have Cache-Control: no-store",
    rule="Caches",
    source=_CACHES,
    spec=f"{HEADERS}/Cache-Control",
)
def no_store(evidence: Evidence) -> None:
    """Answers with Bindings SHOULD come with `Cache-Control: no-store`: they are of one account, and personal data."""
    answers = [evidence.listed(evidence.rich), evidence.listed(evidence.large, ("PageSize", "5"))]

    def fits(answer: Answer) -> None:
        value = answer.header("cache-control")
        names = [each.partition("=")[0].strip().lower() for each in value.split(",")]
        check("no-store" in names and "public" not in names, "Cache-Control: no-store", value[:60] or "none", answer)

    each_of((*answers, *(answer for _, answer in evidence.found[:5])), fits)


@clause("HTTP-18", "should", "An encoded answer has Vary: Accept-Encoding", rule="Caches", source=_CACHES, spec=LIST)
def vary(evidence: Evidence) -> None:
    """An answer with a Content-Encoding SHOULD have `Vary: Accept-Encoding`, so that caches keep encodings apart."""

    def fits(answer: Answer) -> None:
        if answer.header("content-encoding").lower() not in ("", "identity"):
            names = {each.strip().lower() for each in answer.header("vary").split(",")}
            check(names & {"*", "accept-encoding"}, "Vary: Accept-Encoding", answer.header("vary") or "none", answer)

    each_of((evidence.listed(evidence.rich), *(answer for _, answer in evidence.found[:5])), fits)


@clause("HTTP-19", "must", "A charset in the Content-Type is that of the body", source="RFC 9110", spec=LIST, last=True)
def charset(evidence: Evidence) -> None:
    """A charset that the Content-Type of JSON names is the one of the body, which is UTF-8."""
    odd = next((each for each in evidence.sample if not each.identity.isascii()), evidence.sample[0])
    evidence.target.fetch(odd.service_sid, odd)

    def fits(answer: Answer) -> None:
        named = _CHARSET.search(answer.header("content-type"))
        if named and answer.body and answer.media_type == "application/json":
            expected = "charset=utf-8, or none"
            check(_is_of(answer.body, named[1]), expected, f"Content-Type: {answer.header('content-type')}", answer)

    each_of(evidence.target.seen, fits)


def _is_refused(before: Answer, anonymous: Answer) -> None:
    check(anonymous.status == 401, "status 401 without credentials", anonymous.summary, before, anonymous)


def _is_new(before: Answer, after: Answer) -> None:
    """Raise `Violation` unless an answer says that its Binding, or one of its list, was deleted."""
    expected = "status 404" if before.is_of_binding else "status 200, with what is there now"
    wanted = 404 if before.is_of_binding else 200
    check(after.status == wanted, f"{expected}, after a delete", after.summary, before, after)
    tag = after.header("etag")
    check(not tag or tag != before.header("etag"), "another ETag after a delete", "the same", before, after)


def _is_of(body: bytes, name: str) -> bool:
    """Tell whether a body means the same in a charset as in UTF-8."""
    try:
        return codecs.lookup(name).name == "utf-8" or body.decode(name) == body.decode()
    except (LookupError, ValueError):
        return False


def _conditions(answer: Answer) -> Sequence[tuple[str, str]]:
    pairs = (("If-None-Match", answer.header("etag")), ("If-Modified-Since", answer.header("last-modified")))
    return [(name, value) for name, value in pairs if value and answer.status == 200]
