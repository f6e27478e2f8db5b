"""Evidence: the answers that clauses judge, each requested once, and the parts of the world that clauses need."""

import hashlib
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from .facts import LARGEST_SIZE, TYPES
from .plan import Picks, Plan, Use
from .response import Answer
from .target import Target
from .violation import DeleteLost, NotShown, Violation, WorldLacks, case_name, every, fail, merge_cases
from .world import Binding, Service, World

T = TypeVar("T")
V = TypeVar("V")

_SAMPLE = 300
"""Bindings of a service that are fetched one by one, at most."""
_ODD = 60
"""Bindings that are fetched beside them, at most, since they have something that no other one has."""
_LOOKED_AT = 50_000
"""Bindings of a service among which odd ones are looked for."""
_OTHERS = 4
"""Services that are listed whole beside the rich and the large one, at most."""
_USERS, _USERS_BESIDE = 64, 8
"""Users that a clause takes from the service that has most of what it needs, and from each other one."""
_SPARE_PAGES = 3
_OF_EVERY_SERVER = {
    *("connection", "content-length", "content-type", "date", "keep-alive", "server", "transfer-encoding", "vary"),
    *("cache-control", "content-encoding", "allow"),
}
"""Headers by which an answer of the application is not known."""
_PAGE = 7


@dataclass(frozen=True)
class Walk:
    """The pages of a list, from the first one, as `next_page_url` leads through them."""

    service: Service
    query: tuple[tuple[str, str], ...]
    pages: Sequence[Answer]

    @property
    def case(self) -> str:
        """Its query, to name it in a list."""
        return f"a walk with {self.pages[0].case.partition('?')[2] or 'no parameters'}"

    @property
    def sids(self) -> list[Any]:
        """All SIDs, in order."""
        return [sid for page in self.pages for sid in page.sids]

    @property
    def size(self) -> int | None:
        """The PageSize that was asked for."""
        return next((int(value) for name, value in self.query if name == "PageSize"), None)

    @property
    def inner(self) -> Sequence[Answer]:
        """All pages but the last one."""
        return self.pages[:-1]


class Evidence:
    """The target, its world, and what was learned of it so far."""

    def __init__(self, target: Target, plan: Plan) -> None:
        self.target = target
        self.world: World = target.world
        self._plan = plan
        self._known: dict[Any, Future[Any]] = {}
        self._lock = threading.Lock()

    def use(self, check: str) -> Use:
        """Give the services that a check which deletes uses."""
        return self._plan.use(check)

    def service_of(self, picks: Picks) -> Service:
        """Give the service in which a check deletes."""
        return self.world.service(picks[0].service_sid)

    @property
    def rich(self) -> Service:
        """The service with the most different users."""
        return self.world.rich

    @property
    def large(self) -> Service:
        """The service in which pages are turned."""
        return self.world.large

    @property
    def paged(self) -> tuple[str, str]:
        """The PageSize with which the pages of the large service are turned."""
        return "PageSize", str(_page_size(len(self.large.bindings)))

    @property
    def services(self) -> Sequence[Service]:
        """All services of the account with Bindings, those with the most different users first."""
        return self.world.filled

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Make something when it is first needed; give the same, or raise the same error, from then on.

        Clauses that need it meanwhile wait. Only a `Violation` and `NotShown` are kept: after any other error the next
        one makes it again.
        """
        with self._lock:
            known = self._known.get(key)
            made = self._known.setdefault(key, Future())
        if known is None:
            try:
                made.set_result(make())
            except BaseException as error:  # noqa: BLE001 - raised below, and in whoever waits for it
                if not isinstance(error, (Violation, NotShown)):
                    with self._lock:
                        del self._known[key]
                made.set_exception(error)
        kept: T = made.result()
        return kept

    def absent(self, prefix: str = "BS", number: int = 0) -> str:
        """Give a SID that nothing has."""
        seed = f"{self.world.account.sid} {prefix} {number}"
        return prefix + hashlib.sha256(seed.encode()).hexdigest()[:32]

    def attempt(self, check: str, action: Callable[[Picks], T]) -> T:
        """Do what deletes, with the Bindings that the plan has for it; with others where an answer was lost.

        Raises `Violation` when it is lost again.
        """
        return _unless_lost(action, self._plan.picks(check))

    def attempt_absent(self, action: Callable[[str], T]) -> T:
        """Do what deletes nothing, with the SID of a Binding that is not there; with another where no answer came."""
        return _unless_lost(action, [self.absent(number=number) for number in range(2)])

    def each(
        self,
        check: Callable[..., Any],
        values: Iterable[Any],
        *arguments: Any,
        name: Callable[[Any], str] = case_name,
    ) -> None:
        """Make the same check for several values, some at once. Raises one `Violation` that names each that fails."""

        def outcome(value: Any) -> Violation | None:
            try:
                check(*arguments, value)
            except Violation as violation:
                return violation
            return None

        cases = list(values)
        outcomes = self.target.together([partial(outcome, value) for value in cases])
        failed = [(name(value), found) for value, found in zip(cases, outcomes, strict=True) if found is not None]
        if failed:
            raise merge_cases(failed, len(cases))

    # --- Bindings, one by one

    @property
    def sample(self) -> Sequence[Binding]:
        """The Bindings that are fetched one by one: some of the rich and the large service, and all odd ones."""

        def make() -> Sequence[Binding]:
            step = max(len(self.rich.bindings) // _SAMPLE, 1)
            bindings = list(self.rich.bindings[::step][:_SAMPLE])
            if self.large is not self.rich:
                bindings += self.large.bindings[:: max(len(self.large.bindings) // 10, 1)]
            return [*bindings, *_odd(self.services, bindings)]

        return self.once("sample", make)

    @property
    def fetched(self) -> Sequence[tuple[Binding, Answer]]:
        """The sample, each with the answer to fetching it."""

        def make() -> Sequence[tuple[Binding, Answer]]:
            calls = [lambda each=each: self.target.fetch(each.service_sid, each) for each in self.sample]
            return list(zip(self.sample, self.target.together(calls), strict=True))

        return self.once("fetched", make)

    @property
    def found(self) -> Sequence[tuple[Binding, Answer]]:
        """Those of the sample that are there: 200 and a JSON object. Raises `Violation` when none is."""

        def make() -> Sequence[tuple[Binding, Answer]]:
            good = [(each, answer) for each, answer in self.fetched if answer.status == 200 and _is_object(answer)]
            if not good:
                first = self.fetched[0][1]
                fail("a Binding of the world", first.summary, first)
            return good

        return self.once("found", make)

    # --- lists

    def is_before_the_application(self, answer: Answer) -> bool:
        """Tell whether an HTTP server or a gateway failed at raw bytes: a 5xx but 500, without the usual marks."""
        is_raw = not answer.request.url.isascii()
        return is_raw and answer.status > 500 and not self.marks <= {name for name, _ in answer.headers}

    @property
    def marks(self) -> frozenset[str]:
        """The headers that all errors of the application have, and those of its HTTP server lack."""

        def make() -> frozenset[str]:
            errors = [
                self.target.fetch(self.rich, self.absent()),
                self.target.list(self.rich, credentials=None),
                self.target.list(self.rich, [("PageSize", "0")]),
            ]
            names = ({name for name, _ in each.headers} for each in errors)
            return frozenset(set.intersection(*names) - _OF_EVERY_SERVER)

        return self.once("headers of the application's errors", make)

    def listed(self, service: object, *query: tuple[str, str], **options: Any) -> Answer:
        """Ask for a list, once."""
        key = ("list", getattr(service, "sid", service), query, tuple(options.items()))
        return self.once(key, lambda: self.target.list(service, query, **options))

    def by_identity(self, service: Service, *identities: str) -> Answer:
        """Ask for the list of some users, once."""
        return self.listed(service, *(("Identity", identity) for identity in identities))

    def walk(self, service: Service, *query: tuple[str, str]) -> Walk:
        """Walk through a list, once."""
        return self.once(("walk", service.sid, query), lambda: self.walk_now(service, *query))

    def walk_now(self, service: Service, *query: tuple[str, str], limit: int | None = None, **options: Any) -> Walk:
        """Walk through a list as it is now. Raises `Violation` when it does not come to its end."""
        first = self.target.list(service, query, **options)
        return Walk(service, query, self.follow(first, service, limit=limit, **options))

    def follow(self, first: Answer, service: Service, *, limit: int | None = None, **options: Any) -> Sequence[Answer]:
        """Follow a page to the last one. Raises `Violation` where the way does not end."""
        pages = [first]
        size = max(len(first.bindings), 1)
        most = limit or len(service.bindings) // size + _SPARE_PAGES
        visited: set[str] = set()
        while (url := pages[-1].url("next_page_url")) is not None:
            if url in visited or len(pages) > most:
                fail(
                    f"a walk through {len(service.bindings)} Bindings that ends",
                    "a page that was there before" if url in visited else f"still a next page after {len(pages)}",
                    *pages[-2:],
                )
            visited.add(url)
            pages.append(self.target.follow(url, pages[-1], **options))
            _ = pages[-1].bindings
        return pages

    @property
    def walks(self) -> Sequence[Walk]:
        """Walks through whole services, with several page sizes."""
        large, rich = self.large, self.rich
        queries: list[tuple[Service, tuple[tuple[str, str], ...]]] = [(large, ()), (rich, ())]
        queries += [(large, (("PageSize", str(size)),)) for size in sizes(len(large.bindings))]
        queries.append((rich, (("PageSize", "20"),)))
        sampled = Counter(binding.service_sid for binding in self.sample)
        others = [service for service in self.services if service not in (rich, large)]
        others.sort(key=lambda service: (-sampled[service.sid], len(service.bindings)))
        queries += [(service, (("PageSize", str(LARGEST_SIZE)),)) for service in others[:_OTHERS]]
        return self.target.together([partial(self.walk, service, *query) for service, query in queries])

    @property
    def filtered_walks(self) -> Sequence[Walk]:
        """Walks through filtered lists, some of whose last pages are full."""
        large = self.large
        users = [identity for identity, _ in large.identities.most_common(6)]
        several = tuple(("Identity", identity) for identity in users)
        count = len(large.matching(users))
        queries = [(*several, ("PageSize", str(size))) for size in dict.fromkeys((max(count // 2, 1), count, 5))]
        common = max(TYPES, key=lambda each: len(large.matching(types=[each])))
        queries.append((("BindingType", common), ("PageSize", str(max(len(large.matching(types=[common])) // 4, 1)))))
        queries.append((("PageSize", "2"), ("BindingType", common), ("Identity", users[0]), ("Identity", users[-1])))
        return self.target.together([partial(self.walk, large, *query) for query in queries])

    def standing(self, service: Service, **options: Any) -> Sequence[Any]:
        """Give the SIDs of all that stands in a service now, in the order in which it is listed."""
        return self.walk_now(
            service, ("PageSize", str(LARGEST_SIZE)), limit=len(service.bindings) + _SPARE_PAGES, **options
        ).sids

    # --- texts

    def finds(self, asked: Iterable[tuple[Service, str]], why: str = "") -> None:
        """Raise `Violation` unless filtering by each of some identities, each in a service, shows just its Bindings."""
        wanted = {(service.sid, identity): service for service, identity in asked}
        calls = [partial(self.by_identity, service, identity) for (_, identity), service in wanted.items()]
        answers = self.target.together(calls)
        every(
            ("", partial(same_bindings, answer, service.matching([identity]), why))
            for ((_, identity), service), answer in zip(wanted.items(), answers, strict=True)
        )

    def users(self, fits: Callable[[str], object], what: str) -> Sequence[tuple[Service, Sequence[str]]]:
        """Find the identities that fit, in any service of the account: the one that has most of them comes first.

        Each identity stands once. Raises `WorldLacks` when there is none.
        """
        found = [(service, [each for each in service.identities if fits(each)]) for service in self.services]
        chosen: list[tuple[Service, Sequence[str]]] = []
        known: set[str] = set()
        for service, users in sorted(found, key=lambda each: -len(each[1])):
            new = [each for each in users if each not in known][: _USERS_BESIDE if chosen else _USERS]
            if new:
                chosen.append((service, new))
                known.update(users)
        if not chosen:
            raise WorldLacks(what)
        return chosen[: 1 + _OTHERS]


def _odd(services: Sequence[Service], bindings: Sequence[Binding]) -> Iterator[Binding]:
    """Find the Bindings that have something which none of some others has, nor one before."""
    known = {trait for each in bindings for trait in _traits(each)}
    left = _ODD
    for service in services:
        for each in service.bindings[:_LOOKED_AT]:
            new = _traits(each) - known
            if new:
                yield each
                left -= 1
                known |= new
            if not left:
                return


def _traits(binding: Binding) -> set[object]:
    """Name what may be odd about a Binding: its texts' lengths and signs, its times, its message types."""
    traits: set[object] = {
        binding.binding_type,
        binding.date_created == binding.date_updated,
        len(binding.message_types),
        *binding.message_types,
    }
    for name, text in (("identity", binding.identity), ("endpoint", binding.endpoint)):
        traits |= {(name, len(text).bit_length()), (name, text == text.strip()), (name, text.isascii())}
        signs = {char for char in set(text) if not char.isascii() or not char.isalnum()}
        traits |= {(name, char if char.isascii() else unicodedata.category(char)) for char in signs}
    return traits


def _unless_lost(action: Callable[[V], T], values: Iterable[V]) -> T:
    lost: list[DeleteLost] = []
    for value in values:
        try:
            return action(value)
        except DeleteLost as error:
            lost.append(error)
    if len(lost) > 1:
        raise lost[-1].again()
    raise NotShown(f"the world has no other Binding to try it with, and {lost[0]}")


def pages_of(walks: Iterable[Walk]) -> Iterator[Answer]:
    """Yield all pages of some walks."""
    return (page for walk in walks for page in walk.pages)


def same_bindings(answer: Answer, expected: Sequence[Binding], why: str = "") -> None:
    """Raise `Violation` unless a page shows just these Bindings, each once, or fills itself with them."""
    sids = answer.sids
    wanted = {binding.sid for binding in expected}
    size = answer.object.get("meta", {}).get("page_size") if isinstance(answer.object.get("meta"), dict) else None
    whole = answer.object.get("meta") is None or not isinstance(size, int) or len(wanted) <= size
    strange = [sid for sid in sids if sid not in wanted]
    lacking = wanted - set(sids) if whole else set()
    if strange or lacking or len(sids) != len(set(sids)):
        said = [f"{len(strange)} others" if strange else "", f"{len(lacking)} missing" if lacking else ""]
        said.append("some twice" if len(sids) != len(set(sids)) else "")
        fail(
            f"the {len(wanted)} Bindings that match" if wanted else "an empty list",
            f"{len(sids)} Bindings: {', '.join(each for each in said if each)}",
            answer,
            detail=why,
        )


def sizes(count: int) -> Sequence[int]:
    """Give page sizes to walk through some Bindings with: one that leaves a rest, and such as leave none."""
    exact = [size for size in (25, 20, 10) if count % size == 0][:1]
    return [size for size in dict.fromkeys((_page_size(count), *exact, count)) if size <= LARGEST_SIZE]


def _page_size(count: int) -> int:
    """Choose a page size that leaves a rest, and two pages where there are two Bindings."""
    return _PAGE if count > _PAGE else max(count // 2, 1)


def _is_object(answer: Answer) -> bool:
    try:
        return isinstance(answer.json, dict)
    except Violation:
        return False
