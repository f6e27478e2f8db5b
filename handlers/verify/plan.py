"""The plan of deletes: the Bindings that a run may delete, chosen and announced before anything is sent."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from .clause import Clause
from .violation import NotShown, WorldLacks
from .world import Binding, Service, World

Picks = tuple[Binding, ...]

_ATTEMPTS = 2
"""The number of attempts of a check: again where the answer to a DELETE was lost, with other Bindings."""
_FEW = 100
"""Bindings of an account below which each check gets as few as it can do with."""
_SHARED = 2
"""Bindings of such an account, at most, that are left to the checks that keep theirs."""


class Use(NamedTuple):
    """The services that a check uses, and whether no other one may use them meanwhile."""

    services: frozenset[str]
    is_alone: bool

    def excludes(self, other: "Use") -> bool:
        """Tell whether two checks must not be made at the same time."""
        return (self.is_alone or other.is_alone) and bool(self.services & other.services)


class Plan:
    """For each check that deletes, the Bindings that it may delete."""

    def __init__(self, world: World, clauses: Iterable[Clause]) -> None:
        self._world = world
        self._picks: dict[str, list[Picks]] = {}
        self._lacking: dict[str, NotShown] = {}
        free = _Free(world)
        wanted = {clause.deletes for clause in clauses if clause.deletes}
        for attempt in range(_ATTEMPTS):
            for name, deletion in _DELETIONS.items():
                if name in wanted and attempt == len(self._picks.get(name, ())):
                    for _ in range(_ATTEMPTS if deletion.is_scarce and not free.is_small else 1):
                        self._choose(name, deletion, free)

    @property
    def deletable(self) -> list[str]:
        """The SIDs of all that may be deleted."""
        found = [binding.sid for picks in self._picks.values() for pick in picks for binding in pick]
        return list(dict.fromkeys(found))

    def picks(self, check: str) -> Sequence[Picks]:
        """Give what a check may delete, an entry for each attempt. Raises `NotShown` when the world has too little."""
        if check in self._lacking:
            raise self._lacking[check]
        return self._picks[check]

    def use(self, check: str) -> Use:
        """Give the services in which a check deletes or looks."""
        deletion = _DELETIONS.get(check, _Deletion(lambda _: ()))
        picks = {binding.service_sid for picks in self._picks.get(check, ()) for binding in picks}
        watched = {service.sid for service in deletion.watched(self._world)}
        return Use(frozenset(picks | watched), deletion.is_alone)

    def _choose(self, name: str, deletion: "_Deletion", free: "_Free") -> None:
        try:
            chosen = deletion.choose(free)
            if not any(set(chosen) & set(picks) for picks in self._picks.setdefault(name, [])):
                self._picks[name].append(chosen)
        except NotShown as lacking:
            if not self._picks.get(name):  # a lost answer leaves the clause unjudged where there is no second attempt
                self._lacking[name] = lacking


class _Free:
    """The Bindings that no check has taken yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._taken: set[str] = set()
        bindings = world.rich.bindings
        self.is_small = sum(1 for _ in world.account.bindings) < _FEW
        self._shared = self.take(bindings[: min(_SHARED, len(bindings) // 3)] if self.is_small else ())

    def is_left(self, binding: Binding) -> bool:
        return binding.sid not in self._taken

    def left(self, service: Service) -> list[Binding]:
        return list(filter(self.is_left, service.bindings))

    def take(self, bindings: Sequence[Binding]) -> Picks:
        self._taken.update(binding.sid for binding in bindings)
        return tuple(bindings)

    def some(self, first: Service, count: int, least: int = 1) -> Picks:
        """Take some of a service, spread over it, wherever the server may list them; or of the one with most left."""
        wanted = least if self.is_small else count
        others = sorted(self.world.filled, key=lambda service: -len(self.left(service)))
        for service in (first, *(each for each in others if each.account_sid == first.account_sid)):
            left = self.left(service)
            stays = len(left) - wanted + any(each.service_sid == service.sid for each in self._shared)
            if len(left) >= wanted and stays > 0:  # one has to stay, to see that it does
                step = len(left) // wanted
                return self.take([left[number * step + step // 2] for number in range(wanted)])
        raise WorldLacks(f"service with {wanted} Binding{'' if wanted == 1 else 's'} left to delete, and one to keep")

    def kept(self, first: Service, count: int) -> Picks:
        """Take some that a right server keeps: in a small world, those that all such checks share."""
        with suppress(NotShown):
            return self._shared or self.some(first, count)
        raise WorldLacks("Binding left that might be deleted")

    def of_a_user(self, at_least: int) -> Picks:
        """Take all Bindings of a user who has several."""
        large = self.world.large
        for service in (large, *self.world.filled):
            left = {binding.sid for binding in self.left(service)}
            for identity in sorted(service.identities, key=lambda each: (service.identities[each], each)):
                found = service.matching([identity])
                if len(found) >= at_least and all(binding.sid in left for binding in found):
                    return self.take(found)
        raise WorldLacks(f"user with {at_least} Bindings left to delete")

    def with_relatives(self) -> Picks:
        """Take one Binding whose user and device others of its service have too."""
        found: list[tuple[int, Binding]] = []
        for service in self.world.filled:
            devices: dict[str, int] = {}
            for each in service.bindings:
                devices[each.endpoint] = devices.get(each.endpoint, 0) + 1
            left = self.left(service)
            if len(service.bindings) > 1 and left:
                related = [(service.identities[each.identity] > 1) + (devices[each.endpoint] > 1) for each in left]
                found.append((max(related), left[related.index(max(related))]))
        if not found:
            raise WorldLacks("service with 1 Binding left to delete, and one to keep")
        return self.take([max(found, key=lambda each: each[0])[1]])


def _story(free: _Free) -> Picks:
    first = free.with_relatives()
    left = free.left(free.world.service(first[0].service_sid))
    return (*first, *free.take(left[len(left) // 2 :][:1])) if len(left) > 1 and not free.is_small else first


def _of_large(count: int, least: int = 1) -> Callable[[_Free], Picks]:
    return lambda free: free.some(free.world.large, count, least)


def _of_rich(count: int) -> Callable[[_Free], Picks]:
    return lambda free: free.some(free.world.rich, count)


def _with_a_key(free: _Free) -> Picks:
    return free.some(free.world.of_key[0], 1)


def _kept(count: int) -> Callable[[_Free], Picks]:
    return lambda free: free.kept(free.world.rich, count)


def _elsewhere(free: _Free) -> Picks:
    return free.kept(free.world.two_services()[0], 1)


def _foreign(free: _Free) -> Picks:
    _ = free.world.other_credentials
    left = free.left(free.world.foreign) or list(free.world.foreign.bindings[:1])
    return free.take(left[:1])


def _twins(free: _Free) -> Picks:
    """One that has a twin in another service of the account, and one that has one in another account.

    No other check may have taken a twin, since it would delete it.
    """
    left = [each for service in free.world.account.services for each in free.left(service)]
    twins = {each: [twin for twin, _ in free.world.twins(each)] for each in left}
    own = free.world.account.sid
    alone = [each for each in left if all(map(free.is_left, twins[each]))]
    within = [each for each in alone if any(twin.account_sid == own for twin in twins[each])]
    beyond = [each for each in alone if any(twin.account_sid != own for twin in twins[each])]
    chosen = dict.fromkeys([*within[:1], *beyond[:1]])
    if not chosen:
        raise WorldLacks("device that stands in two services or accounts")
    free.take([twin for each in chosen for twin in twins[each]])
    return free.take(list(chosen))


def _two_services(world: World) -> Iterable[Service]:
    with suppress(NotShown):
        return world.two_services()
    return ()


@dataclass(frozen=True)
class _Deletion:
    """The choice of the Bindings of a check, and what it uses."""

    choose: Callable[[_Free], Picks]
    is_alone: bool = False
    """Whether it compares whole lists, so that nobody else may delete in its services meanwhile."""
    watched: Callable[[World], Iterable[Service]] = lambda _: ()
    """The services that it looks at besides those in which it deletes."""
    is_scarce: bool = False
    """Whether few Bindings will do, so that a large world's are chosen for both attempts before any other check's."""


_DELETIONS: dict[str, _Deletion] = {
    "story": _Deletion(_story, is_alone=True),
    "twins": _Deletion(_twins, is_scarce=True),
    "after a token": _Deletion(lambda free: free.of_a_user(2)),
    "before a position": _Deletion(_of_large(2, 2), is_alone=True),
    "with a query": _Deletion(_of_rich(1), is_alone=True),
    "edges of a page": _Deletion(_of_large(2, 2), is_alone=True),
    "previous page": _Deletion(_of_large(2, 2), is_alone=True),
    "on the way back": _Deletion(_of_large(2, 2), is_alone=True),
    "during walks": _Deletion(_of_large(4), is_alone=True),
    "several at once": _Deletion(_of_large(6, 2), is_alone=True),
    "one at once": _Deletion(_of_large(3)),
    "with a body": _Deletion(_of_rich(3)),
    "surrounded": _Deletion(_of_rich(7)),
    "validated": _Deletion(_of_rich(1), is_alone=True),
    "with a key": _Deletion(_with_a_key, is_alone=True),
    "elsewhere": _Deletion(_elsewhere, is_alone=True, watched=_two_services),
    "not allowed methods": _Deletion(_kept(1)),
    "another method": _Deletion(_kept(1)),
    "something around": _Deletion(_kept(1)),
    "unreadable query": _Deletion(_kept(1)),
    "without credentials": _Deletion(_kept(2)),
    "of another account": _Deletion(_foreign),
    "of another account, under an own service": _Deletion(_foreign),
}
"""The checks that delete: first those that need most of the world, or that matter most where it is small."""
