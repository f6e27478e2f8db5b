"""RACE: many at once."""

import threading
from collections.abc import Callable
from functools import partial

from ..clause import OURS, clause
from ..evidence import Evidence, same_bindings
from ..facts import DELETE, FETCH, LARGEST_SIZE, LIST, SCHEMAS, TYPES
from ..plan import Picks
from ..response import Answer
from ..violation import check, each_of, every, fail, some
from ..world import Binding, Service

_AT_ONCE = 16
_ALL = ("PageSize", str(LARGEST_SIZE))


@clause("RACE-01", "must", "Concurrent fetches each get their own Binding", source=OURS, spec=FETCH)
def test_fetches(evidence: Evidence) -> None:
    """Many fetches at once each get their own Binding."""
    bindings = [*evidence.rich.bindings[:24], *evidence.large.bindings[:24]] * 2
    calls = [partial(evidence.target.fetch, each.service_sid, each) for each in bindings]

    def is_its_own(case: tuple[Binding, Answer]) -> None:
        each, answer = case
        found = answer.has_status(200).object
        is_same = found.get("sid") == each.sid and found.get("identity") == each.identity
        check(is_same, f"the Binding {each.sid}", f"{answer.summary}, another one", answer)

    each_of(zip(bindings, evidence.target.together(calls, _AT_ONCE), strict=True), is_its_own)


@clause("RACE-02", "must", "Concurrent lists each get their own Bindings", source=OURS, spec=LIST)
def test_lists(evidence: Evidence) -> None:
    """Many lists with different filters at once each get their own answer."""
    large, rich = evidence.large, evidence.rich
    asked = [(large, [user], [kind]) for user in list(large.identities)[:10] for kind in TYPES[:2]]
    asked += [(service, [], [kind]) for service in (large, rich) for kind in TYPES]
    asked += [(rich, [user], []) for user in list(rich.identities)[:20]]
    calls = []
    for service, users, kinds in asked * 2:
        query = [("Identity", each) for each in users] + [("BindingType", each) for each in kinds] + [_ALL]
        calls.append(partial(evidence.target.list, service, query))
    answers = evidence.target.together(calls, _AT_ONCE)

    def is_its_own(case: tuple[Answer, tuple[Service, list[str], list[str]]]) -> None:
        answer, (service, users, kinds) = case
        same_bindings(answer, service.matching(users, kinds), f"{_AT_ONCE} lists were asked for at once")

    each_of(zip(answers, asked * 2, strict=True), is_its_own)


@clause("RACE-03", "must", "Concurrent requests of two accounts each see their own", source=OURS, spec=LIST)
def test_accounts(evidence: Evidence) -> None:
    """Two accounts at once each see their own, and nothing of the other's."""
    foreign, credentials = evidence.world.foreign, evidence.world.other_credentials
    why = "two accounts asked at once"
    calls: list[Callable[[], Answer]] = []
    judges: list[tuple[str, Callable[[Answer], object]]] = []
    for number in range(24):
        calls.append(partial(evidence.target.fetch, evidence.rich, evidence.rich.bindings[number % 5]))
        calls.append(partial(evidence.target.list, foreign, [_ALL], credentials=credentials))
        calls.append(partial(evidence.target.list, evidence.large, [_ALL]))
        calls.append(partial(evidence.target.list, foreign, [_ALL]))
        judges.append(("a fetch", lambda answer: answer.has_status(200)))
        judges.append(("the other's own list", partial(same_bindings, expected=foreign.bindings, why=why)))
        judges.append(("an own list", partial(same_bindings, expected=evidence.large.bindings, why=why)))
        judges.append(("a list of the other's", lambda answer: answer.has_status(404)))
    answers = evidence.target.together(calls, _AT_ONCE)
    every((name, partial(judge, answer)) for (name, judge), answer in zip(judges, answers, strict=True))


@clause(
    "RACE-04",
    "must",
    "Of concurrent deletes of one Binding, one is 204",
    source=OURS,
    spec=DELETE,
    deletes="one at once",
)
def test_one_delete(evidence: Evidence) -> None:
    """Of several deletes of one Binding at once, one is 204 and all others are 404."""

    def is_one(each: Binding) -> None:
        answers = evidence.target.together([partial(evidence.target.delete, each.service_sid, each)] * 8, 8)
        each_of(answers, lambda answer: answer.has_status(204, 404))
        done = [answer for answer in answers if answer.status == 204]
        check(len(done) == 1, "one 204, the others 404", f"{len(done)} times 204", *answers[:2])

    evidence.attempt("one at once", lambda picks: each_of(picks, is_one))


@clause("RACE-05", "must", "Concurrent deletes all take effect", source=OURS, spec=DELETE, deletes="several at once")
def test_deletes(evidence: Evidence) -> None:
    """Deletes of different Bindings at once all take effect, and nothing else goes."""

    def action(picks: Picks) -> None:
        service = evidence.service_of(picks)
        before = evidence.standing(service)
        calls = [partial(evidence.target.delete, service, each) for each in picks]
        answers = evidence.target.together(calls, len(picks))
        after = evidence.standing(service)

        def is_gone(case: tuple[Binding, Answer]) -> None:
            each, answer = case
            answer.has_status(204)
            check(each.sid not in after, f"{each.sid} deleted", "still listed", answer)

        each_of(zip(picks, answers, strict=True), is_gone)
        gone = set(before) - set(after) - {each.sid for each in picks}
        check(not gone, "nothing else deleted", f"{some(list(gone))} gone", *answers)

    evidence.attempt("several at once", action)


@clause(
    "RACE-06",
    "must",
    "Walks during deletes visit each Binding that stays once",
    source=OURS,
    spec=f"{SCHEMAS}/PageMeta/properties/next_page_url",
    deletes="during walks",
)
def test_walks(evidence: Evidence) -> None:
    """Walks that run while Bindings are deleted visit all that stood throughout, each once."""
    evidence.attempt("during walks", lambda picks: _walk_during_deletes(evidence, picks))


def _walk_during_deletes(evidence: Evidence, picks: Picks) -> None:
    service = evidence.service_of(picks)
    before = evidence.standing(service)
    picks = tuple(sorted(picks, key=lambda each: before.index(each.sid) if each.sid in before else 0))
    sizes = (10, 20, 25, 10)
    started = threading.Barrier(len(sizes) + 1)

    def walk(size: int) -> list[Answer]:
        first = evidence.target.list(service, [("PageSize", str(size))])
        started.wait(60)
        return list(evidence.follow(first, service))

    def delete() -> list[Answer]:
        started.wait(60)
        return [evidence.target.delete(service, each).has_status(204) for each in picks]

    try:
        calls: list[Callable[[], list[Answer]]] = [*(partial(walk, size) for size in sizes), delete]
        walks = evidence.target.together(calls, len(calls))[:-1]
    except threading.BrokenBarrierError:
        fail("pages to walk through", "none in a minute")
    standing = set(before) - {each.sid for each in picks}

    def visits(pages: list[Answer]) -> None:
        sids = [sid for page in pages for sid in page.sids]
        missing, twice = standing - set(sids), len(sids) - len(set(sids))
        check(
            not missing and not twice,
            f"the {len(standing)} Bindings that stood throughout, each once",
            f"{len(missing)} left out, {twice} more than once",
            *pages[:2],
        )

    every((f"a walk with PageSize={size}", partial(visits, pages)) for size, pages in zip(sizes, walks, strict=True))
