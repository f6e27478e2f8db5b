"""DELETE: deleting Bindings."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from ..clause import OURS, PAGE, SDKS, clause
from ..evidence import Evidence
from ..facts import BAD_PARAMETER, DELETE
from ..plan import Picks
from ..response import Answer
from ..target import encode_query
from ..variants import FORM, Variant, malformed
from ..violation import case_name, check, each_of, some
from ..world import Binding, Service


@dataclass(frozen=True)
class Story:
    """The answers around deletes of some Bindings of a service."""

    picks: Picks
    before: Sequence[Any]
    """All SIDs of the service before."""
    deleted: Sequence[Answer]
    fetched: Sequence[Answer]
    again: Sequence[Answer]
    after: Sequence[Any]
    """All SIDs of the service afterwards."""


@clause("DELETE-01", "must", "Deleting gives 204", source=PAGE, spec=f"{DELETE}/responses/204", deletes="story")
def test_delete(evidence: Evidence) -> None:
    """Deleting a Binding gives 204."""

    def fits(answer: Answer) -> None:
        answer.has_status(204)

    each_of(_story(evidence).deleted, fits)


@clause("DELETE-02", "must", "A 204 has no body", source="RFC 9110", spec=f"{DELETE}/responses/204", deletes="story")
def test_no_body(evidence: Evidence) -> None:
    """A 204 has no body, and announces none."""

    def fits(answer: Answer) -> None:
        if answer.status == 204:
            length = answer.header("content-length")
            announced = f"Content-Length: {length}" if length else answer.header("transfer-encoding")
            check(
                not answer.body and length in ("", "0") and not announced.startswith("chunked"),
                "no body",
                announced or answer.summary,
                answer,
            )

    each_of(_story(evidence).deleted, fits)


@clause(
    "DELETE-03",
    "must",
    "A deleted Binding cannot be fetched",
    source=PAGE,
    spec=f"{DELETE}/responses/204",
    deletes="story",
)
def test_fetch_after(evidence: Evidence) -> None:
    """After a Binding was deleted, fetching it is 404."""

    def fits(answer: Answer) -> None:
        answer.has_status(404)

    each_of(_story(evidence).fetched, fits)


@clause(
    "DELETE-04",
    "must",
    "A deleted Binding cannot be deleted again",
    source=PAGE,
    spec=f"{DELETE}/responses/404",
    deletes="story",
)
def test_again(evidence: Evidence) -> None:
    """After a Binding was deleted, deleting it again is 404."""

    def fits(answer: Answer) -> None:
        answer.has_status(404)

    each_of(_story(evidence).again, fits)


@clause(
    "DELETE-05", "must", "A deleted Binding is in no list", source=PAGE, spec=f"{DELETE}/responses/204", deletes="story"
)
def test_lists_after(evidence: Evidence) -> None:
    """After a Binding was deleted, no list shows it."""
    story = _story(evidence)
    left = [each.sid for each in story.picks if each.sid in story.after]
    check(not left, "lists without what was deleted", f"lists with {some(left)}", *story.deleted)


@clause(
    "DELETE-06",
    "must",
    "A deleted Binding is in no filtered list",
    source=PAGE,
    spec=f"{DELETE}/responses/204",
    deletes="story",
)
def test_filtered_lists_after(evidence: Evidence) -> None:
    """After a Binding was deleted, no filtered list shows it: not by its user, not by its type, not by both."""
    story = _story(evidence)
    service = evidence.service_of(story.picks)

    def is_gone(case: tuple[Binding, Sequence[str]]) -> None:
        each, names = case
        filters = {"Identity": each.identity, "BindingType": each.binding_type}
        query = [(name, filters[name]) for name in names]
        pages = evidence.follow(evidence.target.list(service, [*query, ("PageSize", "100")]), service)
        shown = [page for page in pages if each.sid in page.sids]
        check(not shown, f"a list without {each.sid}, which was deleted", "one that shows it", *shown[:1])

    cases = product(story.picks, (("Identity",), ("BindingType",), ("Identity", "BindingType")))
    evidence.each(is_gone, cases, name=lambda case: f"{case[0].sid} by {' and '.join(case[1])}")


@clause("DELETE-07", "must", "A delete deletes no other Binding", source=PAGE, spec=DELETE, deletes="story")
def test_no_other(evidence: Evidence) -> None:
    """Deleting a Binding deletes no other: none of the same user, the same device, the same credential."""
    story = _story(evidence)
    _only_gone(story.before, story.after, [each.sid for each in story.picks], *story.deleted)


@clause(
    "DELETE-08", "must", "Deleting a Binding that does not exist is 404", source=PAGE, spec=f"{DELETE}/responses/404"
)
def test_absent(evidence: Evidence) -> None:
    """Deleting a Binding that does not exist is 404."""

    def fits(service: Service) -> None:
        evidence.attempt_absent(partial(evidence.target.delete, service)).has_status(404)

    each_of((evidence.rich, evidence.large), fits)


@clause(
    "DELETE-09",
    "must",
    "Deleting by a malformed SID or in an unknown service is 404",
    source=PAGE,
    spec=f"{DELETE}/responses/404",
)
def test_malformed(evidence: Evidence) -> None:
    """Deleting by a malformed SID, or in a service that does not exist, is 404."""
    own, absent, nowhere = evidence.rich.sid, evidence.absent(), evidence.absent("IS")
    cases = [(own, sid) for sid in malformed(absent)]
    cases += [(service, absent) for service in (nowhere, *malformed(nowhere)[:3])]
    evidence.each(
        lambda case: evidence.target.delete(*case).has_status(404),
        cases,
        name=lambda case: case_name(case[1] if case[0] == own else case[0]),
    )


@clause(
    "DELETE-10",
    "must",
    "Deleting under another service is 404",
    source=PAGE,
    spec=f"{DELETE}/responses/404",
    deletes="elsewhere",
)
def test_elsewhere(evidence: Evidence) -> None:
    """Deleting a Binding under another service of the account is 404, and deletes nothing."""
    one, other = evidence.world.two_services()

    def action(picks: Picks) -> None:
        before = evidence.standing(one), evidence.standing(other)
        answer = evidence.target.delete(other, picks[0]).has_status(404)
        _only_gone(before[0], evidence.standing(one), [], answer)
        _only_gone(before[1], evidence.standing(other), [], answer)
        evidence.target.fetch(one, picks[0]).has_status(200)

    evidence.attempt("elsewhere", action)


@clause(
    "DELETE-11",
    "should",
    "A delete refuses query parameters",
    rule="A parameter that an operation does not have",
    source=OURS,
    spec=f"{DELETE}/responses/400",
    deletes="with a query",
)
def test_query(evidence: Evidence) -> None:
    """A delete takes no query parameter: any SHOULD be 400, code 20001."""
    _with_query(evidence)[0].has_status(400).has_code(BAD_PARAMETER)


@clause(
    "DELETE-12",
    "must",
    "A delete that is refused deletes nothing",
    source="RFC 9110",
    spec=f"{DELETE}/responses/400",
    deletes="with a query",
)
def test_refused(evidence: Evidence) -> None:
    """A delete that was refused has deleted nothing."""
    answer, gone, after = _with_query(evidence)
    if answer.status >= 400:
        check(
            not gone and after.status == 200,
            f"nothing deleted after status {answer.status}",
            f"{some(gone) or 'it is'} gone",
            answer,
            after,
        )


@clause(
    "DELETE-13",
    "must",
    "Headers and bodies do not change a delete",
    rule="Bodies and headers",
    source=SDKS,
    spec=DELETE,
    deletes="with a body",
)
def test_headers(evidence: Evidence) -> None:
    """A delete with a body, any Content-Type or any Accept MUST be answered as without: SDKs send them."""
    json = ("Content-Type", "application/json")
    variants: Sequence[Variant] = (
        ("a form's Content-Type", (FORM,), b""),
        ("JSON for a body", (json,), b"{}"),
        ("a Content-Type of JSON, and an Accept of HTML", (json, ("Accept", "text/html")), b""),
    )

    def is_deleted(case: tuple[Binding, Variant]) -> None:
        each, (_, headers, body) = case
        evidence.target.delete(each.service_sid, each, headers=headers, body=body).has_status(204)
        evidence.target.fetch(each.service_sid, each).has_status(404)

    def action(picks: Picks) -> None:
        evidence.each(is_deleted, zip(picks, variants, strict=False), name=lambda case: case[1][0])

    evidence.attempt("with a body", action)


@clause("DELETE-14", "must", "A deleted Binding does not come back", source=PAGE, spec=DELETE, deletes="story")
def test_stays_away(evidence: Evidence) -> None:
    """A Binding that was deleted does not come back: not after many other requests, not for another connection."""
    story = _story(evidence)
    wait = 1.0 - (time.monotonic() - evidence.once("end of the story", time.monotonic))
    time.sleep(max(wait, 0))

    def look(each: Binding) -> None:
        evidence.target.fetch(each.service_sid, each).has_status(404)
        user = evidence.target.list(each.service_sid, [("Identity", each.identity)])
        check(each.sid not in user.sids, f"a list without {each.sid}, which was deleted", "one that shows it", user)
        evidence.target.list(evidence.large, [("PageSize", "1")])  # so that no worker is always asked the same

    evidence.each(look, story.picks * 8)


def _story(evidence: Evidence) -> Story:
    return evidence.once("story", lambda: evidence.attempt("story", lambda picks: _make_story(evidence, picks)))


def _make_story(evidence: Evidence, picks: Picks) -> Story:
    target, service = evidence.target, evidence.service_of(picks)
    before = evidence.standing(service)
    for each in picks:  # what caches is asked for before, so that it can be wrong afterwards
        target.fetch(service, each)
        target.list(service, [("Identity", each.identity)])
    deleted = [target.delete(service, each) for each in picks]
    fetched = [target.fetch(service, each) for each in picks]
    after = evidence.standing(service)
    again = [target.delete(service, each) for each in picks]
    evidence.once("end of the story", time.monotonic)
    return Story(picks, before, deleted, fetched, again, after)


def _with_query(evidence: Evidence) -> tuple[Answer, list[str], Answer]:
    """Delete with a query, and give its answer, what is gone since, and the answer to fetching the Binding."""

    def action(picks: Picks) -> tuple[Answer, list[str], Answer]:
        [pick], service = picks, evidence.service_of(picks)
        query = "?" + encode_query([("Identity", pick.identity)])
        before = evidence.standing(service)
        answer = evidence.target.delete(service, pick, query)
        after = evidence.standing(service)
        return answer, [sid for sid in before if sid not in after], evidence.target.fetch(service, pick)

    return evidence.once("with a query", lambda: evidence.attempt("with a query", action))


def _only_gone(before: Sequence[Any], after: Sequence[Any], gone: Sequence[str], *answers: Answer) -> None:
    lost = [sid for sid in before if sid not in after and sid not in gone]
    expected = f"nothing deleted but {some(gone)}" if gone else "nothing deleted"
    check(not lost, expected, f"{some(lost)} gone as well" if gone else f"{some(lost)} gone", *answers)
