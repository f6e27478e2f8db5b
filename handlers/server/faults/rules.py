"""Fault rules: injections, and the requests that get them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...spec import Json


@dataclass(frozen=True)
class Injection:
    """The fault of a request: a `Fault` of the schema, with seconds for `delay`, `jitter` and `retry_after`."""

    code: int | None = None
    example: str | None = None
    retry_after: int | None = None
    delay: float = 0
    jitter: float = 0
    drop: str | None = None
    malformed: bool = False

    @classmethod
    def of(cls, values: "Mapping[str, Json]") -> "Injection":
        """Make it from valid values; others are ignored."""
        return cls(**{each.name: values[each.name] for each in fields(cls) if each.name in values})

    def __str__(self) -> str:
        given = [(each.name, getattr(self, each.name)) for each in fields(self)]
        return ", ".join(f"{name} {value}" for name, value in given if value)


@dataclass(frozen=True)
class Rule:
    """A fault and the requests that get it: a `Rule` of the schema."""

    injection: Injection
    operation: str | None = None
    sids: tuple[str, ...] = ()
    account: str | None = None
    first: int | None = None
    every: int = 1
    probability: float = 1
    given: "Json" = field(default=None, compare=False, repr=False)
    """The rule as the user wrote it."""

    @classmethod
    def of(cls, values: "Mapping[str, Json]") -> "Rule":
        """Make it from valid values."""
        own = {each.name: values[each.name] for each in fields(cls) if each.name in values}
        return cls(Injection.of(values), **own | {"sids": tuple(own.get("sids", ())), "given": values})

    def fits(self, operation_id: str, in_path: Mapping[str, str], account_sid: str | None) -> bool:
        """Return whether the rule counts a request."""
        return (
            self.operation in (None, operation_id)
            and self.account in (None, account_sid)
            and (not self.sids or any(sid in in_path.values() for sid in self.sids))
        )

    def takes(self, number: int, chance: float) -> bool:
        """Return whether it takes a request that it counts, by its number from 1 and a chance below 1."""
        return (self.first is None or number <= self.first) and number % self.every == 0 and chance < self.probability

    def __str__(self) -> str:
        which = [(each.name, getattr(self, each.name), each.default) for each in fields(self)[2:-1]]
        conditions = [f"{name} {value}" for name, value, default in which if value != default]
        return f"{', '.join([self.operation or 'any operation', *conditions])}: {self.injection}"


@dataclass(frozen=True)
class FaultRules:
    """The rules of a service, and the file of its workers' counts."""

    counts: Path
    seed: int = 0
    rules: tuple[Rule, ...] = ()
    by_request: bool = True
    """Whether requests can request their own faults."""
