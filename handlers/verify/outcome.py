"""What a run of the clauses found."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .clause import Clause, Level

Outcome = Literal["passed", "failed", "skipped"]
Verdict = Literal["conformant", "violations", "incomplete"]


@dataclass(frozen=True)
class Result:
    """What became of a clause. No text of it holds a secret; identities stand in `reproduce` alone."""

    clause: Clause
    outcome: Outcome
    expected: str = ""
    actual: str = ""
    detail: str = ""
    """More to know of a violation; of a skipped clause, why it was skipped."""
    reproduce: str = ""
    """Lines of shell that show it; secrets are shell variables."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Finding:
    """What fuzzing found."""

    level: Level
    title: str
    expected: str
    actual: str
    detail: str
    reproduce: str


@dataclass
class Report:
    """A run, as far as it came."""

    target: str
    """The base URL, without user name and password."""
    started_at: datetime
    strict: bool = False
    read_only: bool = False
    duration_s: float = 0.0
    requests: int = 0
    """How many requests were sent, those that were made once more included."""
    results: list[Result] = field(default_factory=list)
    """In the order of their ids' sections."""
    deleted: list[str] = field(default_factory=list)
    """The SIDs of the world's Bindings that were deleted."""
    deletable: list[str] = field(default_factory=list)
    """The SIDs that the run announced that it may delete."""
    variables: dict[str, str] = field(default_factory=dict)
    """The shell variables of `reproduce`, and whose secret each holds, in words."""
    fuzz_examples: int = 0
    findings: list[Finding] = field(default_factory=list)
    stopped: str = ""
    """Why the run did not come to its end: a sentence."""

    @property
    def verdict(self) -> Verdict:
        """`violations` once something is violated that counts; `incomplete` when the run did not come to its end."""
        if self.stopped:
            return "incomplete"
        return "violations" if self.violations else "conformant"

    @property
    def violations(self) -> int:
        """How many clauses and findings make the target fail: `must`, and with `strict` also `should`."""
        return sum(self.counts(each.clause.level) for each in self.results if each.outcome == "failed") + sum(
            self.counts(each.level) for each in self.findings
        )

    def counts(self, level: Level) -> bool:
        """Whether what is violated at a level makes the target fail."""
        return self.strict or level == "must"

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many clauses there are of each outcome."""
        return Counter(each.outcome for each in self.results)
