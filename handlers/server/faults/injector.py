"""The rules of faults in force: what becomes of each request. They can be replaced while requests run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .counts import Counts, chance
from .preferences import asked_for, without_rules
from .rules import FaultRules, Injection, Rule
from .rules_file import FaultRulesError, parse
from .schemas import schema

NOTHING = Injection()
"""What becomes of a request that no fault changes."""


@dataclass
class _RuleInForce:
    """A rule, the place of its count, and how many requests it took."""

    rule: Rule
    slot: int
    taken: int = 0


class Injector:
    """Decides what becomes of each request: what it prefers itself, or else what the first rule says that takes it."""

    def __init__(self, faults: FaultRules, *, registration: bool) -> None:
        """`registration` is whether devices can register, so that a rule can be for that."""
        self._start = faults
        self._registration = registration
        self._counts = Counts(faults.counts)
        self.by_request = faults.by_request
        """Whether requests can make themselves fail."""

        self.is_idle = False
        """Whether no request can fail."""

        self._use(faults.seed, faults.rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""
        return tuple(each.rule for each in self._in_force)

    def _use(self, seed: int, rules: tuple[Rule, ...]) -> None:
        self._seed = seed
        self._in_force: list[_RuleInForce] = []
        self._slots = 0
        self._add(rules)

    def reset(self) -> None:
        """Return to the rules of the start, and to no counts."""
        self._counts.clear()
        self._use(self._start.seed, self._start.rules)

    def replace(self, content: bytes) -> None:
        """Put other rules in force, of JSON. Raises `FaultRulesError`, and changes nothing then."""
        seed, rules = parse(content, registration=self._registration, is_json=True)
        self._counts.clear()
        self._use(seed, rules)

    def add(self, content: bytes) -> None:
        """Put more rules in force, of JSON, after the others. Raises `FaultRulesError`, and changes nothing then."""
        _, rules = parse(content, registration=self._registration, is_json=True)
        most = schema()["properties"]["rules"]["maxItems"]
        if len(self._in_force) + len(rules) > most:
            broken = f"must hold at most {most - len(self._in_force)} more: {most} rules may be in force"
            raise FaultRulesError(1, ("rules",), broken)
        self._add(rules)

    def _add(self, rules: tuple[Rule, ...]) -> None:
        self._in_force += [_RuleInForce(rule, slot) for slot, rule in enumerate(rules, self._slots)]
        self._slots += len(rules)
        self.is_idle = not self._in_force and not self.by_request

    def clear(self, account_sid: str | None = None) -> None:
        """Put no rule in force, or none of one account."""
        self._in_force = [each for each in self._in_force if account_sid not in (None, each.rule.account)]
        if not self._in_force:
            self._counts.clear()
            self._slots = 0
            self.is_idle = not self.by_request

    def in_force(self) -> dict[str, Any]:
        """The rules and their counts."""
        rules = [
            {"rule": each.rule.given, "counted": self._counts.of(each.slot), "taken": each.taken}
            for each in self._in_force
        ]
        return {"seed": self._seed, "rules": rules}

    def decide(
        self, operation_id: str, in_path: Mapping[str, str], account_sid: str | None, sent: Mapping[str, str]
    ) -> tuple[Injection, float]:
        """What becomes of a request with certain preferences, and how many seconds it waits before.

        Raises `ApiError("invalid_parameter")` for a preference that cannot be had.
        """
        if self.by_request:
            wanted = asked_for(sent, operation_id)
            if wanted is not None:
                return self._timed(wanted, self._slots)
        if without_rules(sent):
            return NOTHING, 0
        return self._by_rules(operation_id, in_path, account_sid)

    def _by_rules(
        self, operation_id: str, in_path: Mapping[str, str], account_sid: str | None
    ) -> tuple[Injection, float]:
        taken = []
        for each in self._in_force:
            if each.rule.fits(operation_id, in_path, account_sid):
                number = self._counts.next(each.slot)
                if each.rule.takes(number, chance(self._seed, each.slot, number, "takes")):
                    taken.append((each, number))
        if not taken:
            return NOTHING, 0
        first, number = taken[0]
        first.taken += 1
        return self._timed(first.rule.injection, first.slot, number)

    def _timed(self, injection: Injection, index: int, number: int | None = None) -> tuple[Injection, float]:
        if not injection.jitter:
            return injection, injection.delay
        number = number or self._counts.next(index)
        return injection, injection.delay + injection.jitter * chance(self._seed, index, number, "waits")
