"""Ways in which servers differ: parts of several wrong and several different ones."""

from typing import Any

from .right import After, Around, Before, Binding, Caught, First, Instead, Position, Right, Wanted

Json = dict[str, Any]


def _decorator(kind):
    """Make the decorator of a kind of decisions."""

    def decorate(decision, clause="", base=None, **others):
        owner = base or decision.__globals__[decision.__qualname__.partition(".")[0]]
        bases = (owner if issubclass(owner, Right) else Right,)

        def make(function):
            names = {"__doc__": function.__doc__, "__module__": function.__module__}
            return type(function.__name__, bases, names, clause=clause, **{decision.__name__: kind(function)}, **others)

        return make

    return decorate


instead, first, before, after, around, caught = map(_decorator, (Instead, First, Before, After, Around, Caught))
"""Decorators of a function: the server that makes one decision by it, and others by keywords.

Its base is the class that the decision is named with, such as `Right.fetch`, unless `base` is another one. The classes
of the same names describe how the function is called.
"""


def change(**changes: Any) -> After:
    """Make a function that changes properties: to values, or by functions of the right ones; `...` removes one."""

    def changed(right: Json) -> Json:
        made = {name: value(right.get(name)) if callable(value) else value for name, value in changes.items()}
        return {name: value for name, value in (right | made).items() if value is not ...}

    return After(changed)


class ReadsIdentities(Right):
    """Identity is read otherwise; `read` returns the values of one that was sent."""

    def read(self, value: str) -> list[str]:
        return [value]

    def identities(self, values: list[str]) -> tuple[str, ...]:
        return tuple(each for value in super().identities(values) for each in self.read(value))


class RefusesIdentities(Right):
    """Some identities are refused; `is_refused` tells which."""

    def is_refused(self, value: str) -> bool:
        return False

    def identities(self, values: list[str]) -> tuple[str, ...]:
        if any(self.is_refused(value) for value in values):
            raise self.bad("Identity has characters that it must not have.")
        return super().identities(values)


class ComparesIdentities(Right):
    """Identities are compared otherwise; `is_same` compares one with a value of the filter."""

    def is_same(self, identity: str, value: str) -> bool:
        return identity == value

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        if wanted.types and binding["binding_type"] not in wanted.types:
            return False
        return not wanted.identities or any(self.is_same(binding["identity"], value) for value in wanted.identities)


class FoldsIdentities(ComparesIdentities):
    """Identities are compared in a form of theirs, which `fold` makes of both sides."""

    def fold(self, identity: str) -> str:
        return identity

    def is_same(self, identity: str, value: str) -> bool:
        return self.fold(identity) == self.fold(value)


class Offsets(Right):
    """Pages are positioned by the number of Bindings before them."""

    def place(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> int:
        place = [each["sid"] for each in self.matching(service, wanted)].index(binding["sid"])
        return place + 1 if direction == "after" else max(place - wanted.page_size, 0)

    def token(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> str:
        return self.seal([self.bound_to(service, wanted), direction, [self.place(service, wanted, direction, binding)]])

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        return 0 if position is None else int(position[1][0])
