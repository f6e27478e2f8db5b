"""The rules of faults in force: what becomes of each request. They can be replaced while requests run."""

from collections.abc import Mapping
from typing import Any

from .counts import Counts, chance
from .preferences import asked_for, without_rules
from .rules import FaultRules, Injection, Rule
from .rules_file import parse

NOTHING = Injection()
"""What becomes of a request that no fault changes."""


class Injector:
    """Decides what becomes of each request: what it prefers itself, or else what the first rule says that takes it."""

    def __init__(self, faults: FaultRules, *, registration: bool) -> None:
        """`registration` is whether devices can register, so that a rule can be for that."""
        self._start = faults
        self._registration = registration
        self._counts = Counts(faults.counts)
        self.by_request = faults.by_request
        """Whether requests can make themselves fail."""

        self._use(faults.seed, faults.rules)

    @property
    def is_idle(self) -> bool:
        """Whether no request can fail."""
        return not self._rules and not self.by_request

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""
        return self._rules

    def _use(self, seed: int, rules: tuple[Rule, ...]) -> None:
        self._seed = seed
        self._rules = rules
        self._taken = [0] * len(rules)

    def reset(self) -> None:
        """Return to the rules of the start, and to no counts."""
        self._counts.clear()
        self._use(self._start.seed, self._start.rules)

    def replace(self, content: bytes) -> None:
        """Put other rules in force. Raises `FaultRulesError`, and changes nothing then."""
        seed, rules = parse(content, registration=self._registration)
        self._counts.clear()
        self._use(seed, rules)

    def clear(self) -> None:
        """Put no rule in force."""
        self._counts.clear()
        self._use(self._seed, ())

    def in_force(self) -> dict[str, Any]:
        """The rules and their counts."""
        rules = [
            {"rule": rule.given, "counted": self._counts.of(index), "taken": taken}
            for index, (rule, taken) in enumerate(zip(self._rules, self._taken, strict=True))
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
                return self._timed(wanted, len(self._rules))
        if without_rules(sent):
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
