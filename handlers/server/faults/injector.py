"""The injector: the fault rules in force, which can be replaced while requests run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .counts import Counts, chance
from .preferences import declines_rules, requested_injection
from .rules import FaultRules, Injection, Rule
from .rules_file import FaultRulesError, parse
from .schemas import schema

NOTHING = Injection()
"""The injection of a request without a fault."""


@dataclass
class _RuleInForce:
    """A rule, the index of its count, and the number of requests that it took."""

    rule: Rule
    slot: int
    taken: int = 0


class Injector:
    """Chooses the fault of each request: the one that it requests itself, else that of the first rule that takes it."""

    def __init__(self, faults: FaultRules, *, registration: bool) -> None:
        """Accept rules for registration only where the service has it."""
        self._start = faults
        self._registration = registration
        self._counts = Counts(faults.counts)
        self.by_request = faults.by_request
        """Whether requests can request their own faults."""

        self.is_idle = False
        """Whether no request can get a fault."""

        self._use(faults.seed, faults.rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in force."""
        return tuple(each.rule for each in self._in_force)

    def _use(self, seed: int, rules: tuple[Rule, ...]) -> None:
        self._seed = seed
        self._in_force: list[_RuleInForce] = []
        self._slots = 0
        self._add(rules)

    def reset(self) -> None:
        """Return to the rules of start-up, and clear the counts."""
        self._counts.clear()
        self._use(self._start.seed, self._start.rules)

    def replace(self, content: bytes) -> None:
        """Replace the rules, from JSON. Raises `FaultRulesError`, and then changes nothing."""
        seed, rules = parse(content, registration=self._registration, is_json=True)
        self._counts.clear()
        self._use(seed, rules)

    def add(self, content: bytes) -> None:
        """Add rules from JSON after the others. Raises `FaultRulesError`, and then changes nothing."""
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
        """Remove all rules, or those of one account."""
        self._in_force = [each for each in self._in_force if account_sid not in (None, each.rule.account)]
        if not self._in_force:
            self._counts.clear()
            self._slots = 0
            self.is_idle = not self.by_request

    def in_force(self) -> dict[str, Any]:
        """Return the seed, and the rules with their counts."""
        rules = [
            {"rule": each.rule.given, "counted": self._counts.of(each.slot), "taken": each.taken}
            for each in self._in_force
        ]
        return {"seed": self._seed, "rules": rules}

    def decide(
        self, operation_id: str, in_path: Mapping[str, str], account_sid: str | None, sent: Mapping[str, str]
    ) -> tuple[Injection, float]:
        """Choose the fault of a request with its preferences `sent`, and the seconds to wait before it.

        Raises `ApiError("invalid_parameter")` for an invalid preference.
        """
        if self.by_request:
            wanted = requested_injection(sent, operation_id)
            if wanted is not None:
                return self._add_jitter(wanted, self._slots)
        if declines_rules(sent):
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
        return self._add_jitter(first.rule.injection, first.slot, number)

    def _add_jitter(self, injection: Injection, index: int, number: int | None = None) -> tuple[Injection, float]:
        if not injection.jitter:
            return injection, injection.delay
        number = number or self._counts.next(index)
        return injection, injection.delay + injection.jitter * chance(self._seed, index, number, "waits")
