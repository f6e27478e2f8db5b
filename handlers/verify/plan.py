"""What a run may delete: chosen from the world before anything is sent, so that it can be announced."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from .clause import Clause
from .violation import NotShown
from .world import Binding, Service, World

Picks = tuple[Binding, ...]

_ATTEMPTS = 2
"""How often a check can be made: again where the answer to a DELETE was lost, with other Bindings."""


class Plan:
    """For each check that deletes, the Bindings that it may delete."""

    def __init__(self, world: World, clauses: Iterable[Clause]) -> None:
        self._free = _Free(world)
        self._picks: dict[str, Sequence[Picks]] = {}
        self._lacking: dict[str, str] = {}
        wanted = {clause.deletes for clause in clauses if clause.deletes}
        for check in _CHECKS:
            if check in wanted:
                self._choose(check)

    @property
    def deletable(self) -> list[str]:
        """The SIDs of all that may be deleted."""
        return [binding.sid for picks in self._picks.values() for pick in picks for binding in pick]

    def picks(self, check: str) -> Sequence[Picks]:
        """What a check may delete, an entry for each attempt. Raises `NotShown` when the world has too little."""
        if check in self._lacking:
            raise NotShown(self._lacking[check])
        return self._picks[check]

    def services(self, check: str) -> frozenset[str]:
        """Give the SIDs of the services in which a check deletes or looks: no other one may delete there meanwhile."""
        picks = {binding.service_sid for picks in self._picks.get(check, ()) for binding in picks}
        watched = _WATCHED[check](self._free.world) if check in _WATCHED else ()
        return frozenset(picks.union(service.sid for service in watched))

    def _choose(self, check: str) -> None:
        try:
            chosen = [_CHECKS[check](self._free)]
        except NotShown as lacking:
            self._lacking[check] = str(lacking)
            return
        with suppress(NotShown):  # a lost answer then leaves the clause unjudged
            chosen += [_CHECKS[check](self._free) for _ in range(_ATTEMPTS - 1)]
        self._picks[check] = chosen


class _Free:
    """The Bindings that no check has taken yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._taken: set[str] = set()

    def left(self, service: Service) -> list[Binding]:
        return [binding for binding in service.bindings if binding.sid not in self._taken]

    def take(self, bindings: Sequence[Binding]) -> Picks:
        self._taken.update(binding.sid for binding in bindings)
        return tuple(bindings)

    def some(self, service: Service, count: int) -> Picks:
        """Some of a service, spread over it, wherever the server may list them."""
        left = self.left(service)
        if len(left) < count + 1:  # one has to stay, to see that it does
            raise NotShown(f"the world has too few Bindings to delete {count} for this check")
        step = len(left) // count
        return self.take([left[number * step + step // 2] for number in range(count)])

    def of_a_user(self, service: Service, at_least: int) -> Picks:
        """All Bindings of a user who has several."""
        left = {binding.sid for binding in self.left(service)}
        for identity in sorted(service.identities, key=lambda each: (service.identities[each], each)):
            found = service.matching([identity])
            if len(found) >= at_least and all(binding.sid in left for binding in found):
                return self.take(found)
        raise NotShown(f"the world has no user with {at_least} Bindings that this check may delete")

    def with_relatives(self, service: Service) -> Picks:
        """One Binding whose user, device and credential others of its service have too."""

        def relatives(binding: Binding) -> int:
            same_user = service.identities[binding.identity] > 1
            same_device = any(each.endpoint == binding.endpoint and each is not binding for each in service.bindings)
            return same_user + same_device

        left = self.left(service)
        if len(left) < 2:
            raise NotShown("the world has too few Bindings to delete one for this check")
        return self.take([max(left, key=relatives)])


def _story(free: _Free) -> Picks:
    return (*free.with_relatives(free.world.rich), *free.some(free.world.rich, 1))


def _of_a_user(free: _Free) -> Picks:
    return free.of_a_user(free.world.large, 2)


def _of_large(count: int) -> Callable[[_Free], Picks]:
    return lambda free: free.some(free.world.large, count)


def _of_rich(count: int) -> Callable[[_Free], Picks]:
    return lambda free: free.some(free.world.rich, count)


def _elsewhere(free: _Free) -> Picks:
    free.world.two_services()
    return free.some(free.world.rich, 1)


def _foreign(free: _Free) -> Picks:
    _ = free.world.other_credentials
    left = free.left(free.world.foreign)
    if not left:
        raise NotShown("the world has too few Bindings of a second account for this check")
    return free.take(left[:1])


def _twins(free: _Free) -> Picks:
    """One that has a twin in another service of the account, and one that has one in another account."""
    left = [each for service in free.world.account.services for each in free.left(service)]
    own = free.world.account.sid
    kinds = [[twin.account_sid == own for twin, _ in free.world.twins(each)] for each in left]
    within = [each for each, found in zip(left, kinds, strict=True) if True in found]
    beyond = [each for each, found in zip(left, kinds, strict=True) if False in found]
    chosen = dict.fromkeys([*within[:1], *beyond[:1]])
    if not chosen:
        raise NotShown("the world has no device that stands in two services or accounts")
    free.take([twin for each in chosen for twin, _ in free.world.twins(each)])
    return free.take(list(chosen))


_CHECKS: dict[str, Callable[[_Free], Picks]] = {
    "twins": _twins,
    "after a token": _of_a_user,
    "story": _story,
    "before a position": _of_large(2),
    "edges of a page": _of_large(2),
    "previous page": _of_large(2),
    "on the way back": _of_large(2),
    "elsewhere": _elsewhere,
    "with a query": _of_rich(1),
    "with a body": _of_rich(3),
    "not allowed methods": _of_rich(1),
    "surrounded": _of_rich(7),
    "another method": _of_rich(1),
    "validated": _of_rich(1),
    "something around": _of_rich(1),
    "unreadable query": _of_rich(1),
    "with a key": _of_rich(1),
    "without credentials": _of_rich(2),
    "of another account": _foreign,
    "of another account, under an own service": _foreign,
    "one at once": _of_large(3),
    "several at once": _of_large(6),
    "during walks": _of_large(4),
}
"""How the Bindings of each check are chosen; those that are hard to find come first."""

_WATCHED: dict[str, Callable[[World], Iterable[Service]]] = {
    "elsewhere": lambda world: (world.rich, world.large),
    "twins": lambda world: [service for account in world.accounts for service in account.services],
    "of another account, under an own service": lambda world: (world.rich,),
    "with a key": lambda world: (world.rich,),
}
"""The services that a check looks at besides those in which it deletes."""
