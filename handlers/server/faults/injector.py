"""The injector: the fault rules in force, which can be replaced while requests run."""

from collections.abc import Mapping
from typing import Any

from .counts import Counts, chance
from .preferences import declines_rules, requested_injection
from .rules import FaultRules, Injection, Rule
from .rules_file import parse

NOTHING = Injection()
"""The injection of a request without a fault."""


class Injector:
    """Chooses the fault of each request: the one that it requests itself, else that of the first rule that takes it."""

    def __init__(self, faults: FaultRules, *, registration: bool) -> None:
        """Accept rules for registration only where the service has it."""
        self._start = faults
        self._registration = registration
        self._counts = Counts(faults.counts)
        self.by_request = faults.by_request
        """Whether requests can request their own faults."""

        self._use(faults.seed, faults.rules)

    @property
    def is_idle(self) -> bool:
        """Return whether no request can get a fault."""
        return not self._rules and not self.by_request

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in force."""
        return self._rules

    def _use(self, seed: int, rules: tuple[Rule, ...]) -> None:
        self._seed = seed
        self._rules = rules
        self._taken = [0] * len(rules)

    def reset(self) -> None:
        """Return to the rules of start-up, and clear the counts."""
        self._counts.clear()
        self._use(self._start.seed, self._start.rules)

    def replace(self, content: bytes) -> None:
        """Replace the rules. Raises `FaultRulesError`, and then changes nothing."""
        seed, rules = parse(content, registration=self._registration)
        self._counts.clear()
        self._use(seed, rules)

    def clear(self) -> None:
        """Remove all rules."""
        self._counts.clear()
        self._use(self._seed, ())

    def in_force(self) -> dict[str, Any]:
        """Return the seed, and the rules with their counts."""
        rules = [
            {"rule": rule.given, "counted": self._counts.of(index), "taken": taken}
            for index, (rule, taken) in enumerate(zip(self._rules, self._taken, strict=True))
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
                return self._timed(wanted, len(self._rules))
        if declines_rules(sent):
            return NOTHING, 0
        return self._by_rules(operation_id, in_path, account_sid)

    def _by_rules(
        self, operation_id: str, in_path: Mapping[str, str], account_sid: str | None
    ) -> tuple[Injection, float]:
        taken = []
        for index, rule in enumerate(self._rules):
            if rule.fits(operation_id, in_path, account_sid):
                number = self._counts.next(index)
                if rule.takes(number, chance(self._seed, index, number, "takes")):
                    taken.append((rule.injection, index, number))
        if not taken:
            return NOTHING, 0
        self._taken[taken[0][1]] += 1
        return self._timed(*taken[0])

    def _timed(self, injection: Injection, index: int, number: int | None = None) -> tuple[Injection, float]:
        if not injection.jitter:
            return injection, injection.delay
        number = number or self._counts.next(index)
        return injection, injection.delay + injection.jitter * chance(self._seed, index, number, "waits")
