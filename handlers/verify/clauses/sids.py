"""FETCH, LIST and DELETE, once more: SIDs with something around them, queries of deletes, and twins."""

from ..clause import OURS, PAGE, clause
from ..credentials import Credentials
from ..evidence import Evidence
from ..facts import DELETE, FETCH, LIST
from ..plan import Picks
from ..response import Answer, readable
from ..variants import RAW
from ..violation import check
from ..world import Binding

_AROUND = ("%0A", "%20", "%00", "%09", "%0D%0A", "%0D", "%C2%A0", "+")
_UNREADABLE = (
    "%zz=1",
    "Identity=%",
    "%",
    "Identity=%FF",
    "%FF=1",
    "a=1;b=2",
    ";a",
    "Identity[]=a",
    "+=1",
    "%00",
    "=",
    "\u00e9=1",
    f"{RAW}=1",
    f"Identity={RAW}",
)


@clause(
    "FETCH-10",
    "must",
    "Fetching by a SID with white space or a NUL around it is refused",
    rule="A SID with something around it",
    source=OURS,
    spec=FETCH,
)
def fetched(evidence: Evidence) -> None:
    """A SID with white space, a line feed or a NUL before or behind it names nothing: fetching it MUST be refused."""
    service, sid = evidence.rich.sid, evidence.rich.bindings[0].sid
    cases = [(service, each) for each in _around(sid)] + [(each, sid) for each in _around(service)]
    evidence.each(
        lambda case: _is_refused(evidence.target.send("GET", evidence.target.path(*case), is_odd=True)), cases
    )


@clause(
    "LIST-16",
    "must",
    "Listing by a service SID with white space or a NUL around it is refused",
    rule="A SID with something around it",
    source=OURS,
    spec=LIST,
)
def listed(evidence: Evidence) -> None:
    """A service SID with white space, a line feed or a NUL before or behind it names nothing: it MUST be refused."""
    sids = _around(evidence.rich.sid)
    evidence.each(lambda sid: _is_refused(evidence.target.list(sid, [], is_odd=True)), sids)


@clause(
    "DELETE-18",
    "must",
    "Deleting by a SID with white space or a NUL around it is refused",
    rule="A SID with something around it",
    source=OURS,
    spec=DELETE,
    deletes="something around",
)
def around(evidence: Evidence) -> None:
    """A SID with white space, a line feed or a NUL before or behind it names nothing: a delete MUST be refused."""

    def action(picks: Picks) -> None:
        target, pick = evidence.target, picks[0]
        paths = [target.path(pick.service_sid, each) for each in _around(pick.sid)]
        paths += [target.path(each, pick) for each in _around(pick.service_sid)]
        evidence.each(lambda path: _is_refused(target.send("DELETE", path, is_odd=True)), paths)
        target.fetch(pick.service_sid, pick).has_status(200)

    evidence.attempt("something around", action)


@clause(
    "DELETE-15",
    "must",
    "A delete whose query cannot be read deletes nothing",
    rule="A delete with a query that cannot be read",
    source=OURS,
    spec=f"{DELETE}/responses/400",
    deletes="unreadable query",
)
def unreadable(evidence: Evidence) -> None:
    """A delete with a query that parsers drop, split or cannot decode (a broken escape, raw or percent-encoded
    bytes that are no UTF-8, a raw `;`) MUST be an error below 500, and deletes nothing.
    """

    def action(picks: Picks) -> None:
        target, pick = evidence.target, picks[0]
        path = target.path(pick.service_sid, pick)

        def refused(query: str) -> None:
            answer = target.send("DELETE", f"{path}?{query}", is_odd=True)
            if not evidence.is_before_the_application(answer):  # that is ERROR-19's
                _is_refused(answer)

        evidence.each(refused, _UNREADABLE, name=readable)
        target.fetch(pick.service_sid, pick).has_status(200)

    evidence.attempt("unreadable query", action)


@clause(
    "DELETE-17",
    "must",
    "A delete leaves the device's Bindings in other services and accounts",
    source=PAGE,
    spec=DELETE,
    deletes="twins",
)
def twins(evidence: Evidence) -> None:
    """Deleting a Binding leaves those of the same device in the account's other services, and in other accounts."""

    def is_left(case: tuple[Binding, Credentials, Answer]) -> None:
        each, credentials, deleted = case
        left = evidence.target.fetch(each.service_sid, each, credentials=credentials)
        expected = f"{each.sid}, of the same device in {each.service_sid}, is still there"
        check(left.status == 200, expected, left.summary, deleted, left)

    def action(picks: Picks) -> None:
        deleted = [(pick, evidence.target.delete(pick.service_sid, pick)) for pick in picks]
        evidence.each(is_left, [(*twin, answer) for pick, answer in deleted for twin in evidence.world.twins(pick)])

    evidence.attempt("twins", action)


def _around(sid: str) -> list[str]:
    return [form for text in _AROUND for form in (f"{sid}{text}", f"{text}{sid}")]


def _is_refused(answer: Answer) -> None:
    """Raise `Violation` unless an answer is an error of the client: 404, 400, or what a firewall says."""
    check(400 <= answer.status < 500, "status 404 or 400", answer.summary, answer)
