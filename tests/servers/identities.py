"""Ways in which identities are read, refused and compared: what several wrong servers are made of."""

from .right import Binding, Right, Wanted


class ReadsIdentities(Right):
    """What was sent for Identity is read otherwise; `read` gives the values of one."""

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
