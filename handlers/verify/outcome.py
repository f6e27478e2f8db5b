"""Results of a run: one for each clause, and the report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .baseline import Baseline
from .clause import Clause, Level

Outcome = Literal["passed", "failed", "skipped"]
Verdict = Literal["conformant", "violations", "incomplete"]


@dataclass(frozen=True)
class Result:
    """The result of a clause. No text of it holds a secret; identities stand in `reproduce` alone."""

    clause: Clause
    outcome: Outcome
    expected: str = ""
    actual: str = ""
    detail: str = ""
    """More to know of a violation; of a skipped clause, why it was skipped."""
    reproduce: str = ""
    """Lines of shell that show it; secrets are shell variables."""
    seconds: float = 0.0
    requests: tuple["SentRequest", ...] = ()
    """The requests that show a violation, in the order in which they were sent."""
    lacks: str = ""
    """The part that the world lacks, where the clause was skipped for it."""
    cause: str = ""
    """The answer of the target that a violation has in common with others, if any."""


@dataclass(frozen=True)
class Finding:
    """A fault that fuzzing found."""

    level: Level
    title: str
    expected: str
    actual: str
    detail: str
    reproduce: str


@dataclass(frozen=True)
class Choice:
    """Something that is left to the server, and what it chose."""

    id: str
    rule: str
    chosen: str
    """In a few words; empty where its answers do not show it."""


@dataclass(frozen=True)
class SentRequest:
    """A request, and what came of it. No text of it holds a secret."""

    clause: str
    """The clause that sent it; empty before the first one."""
    began_s: float
    """The time of its sending, in seconds since the run began."""
    method: str
    url: str
    answer: str
    """The status of its answer, or why there is none."""


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
    """The number of requests sent, repeated ones included."""
    results: list[Result] = field(default_factory=list)
    """In the order of their ids' sections."""
    deleted: list[str] = field(default_factory=list)
    """The SIDs of the world's Bindings that were deleted."""
    deletable: list[str] = field(default_factory=list)
    """The SIDs that the run announced that it may delete."""
    variables: dict[str, str] = field(default_factory=dict)
    """The shell variables of `reproduce`, and whose secret each holds, in words."""
    fuzz_examples: int = 0
    """The number of examples of each operation that fuzzing was to make."""
    fuzz_requests: dict[str, int] = field(default_factory=dict)
    """The number of requests of fuzzing to each operation."""
    findings: list[Finding] = field(default_factory=list)
    baseline: Baseline | None = None
    """The violations that are known."""
    choices: Sequence[Choice] = ()
    """The choices that are left to the server; empty in a run of some clauses only."""
    notes: Sequence[str] = ()
    """Sentences on what violates nothing, but is worth knowing."""
    last_requests: list[SentRequest] = field(default_factory=list)
    """The requests before the target stopped to answer; empty in any other run."""
    stopped: str = ""
    """The reason why the run did not end: a sentence."""

    @property
    def verdict(self) -> Verdict:
        """`violations` once something new is violated that counts; `incomplete` when the run did not end by itself."""
        if self.stopped:
            return "incomplete"
        return "violations" if self.violations else "conformant"

    @property
    def violations(self) -> int:
        """The number of new violations that make the target fail: of `must`, and with `strict` also of `should`."""
        failed = [each for each in self.results if each.outcome == "failed"]
        return sum(self.is_failure(each) for each in failed) + sum(self.is_failure(each) for each in self.findings)

    def is_failure(self, found: Result | Finding) -> bool:
        """Tell whether what was violated makes the target fail."""
        level = found.clause.level if isinstance(found, Result) else found.level
        return self.counts(level) and not self.known_as(found)

    def known_as(self, found: Result | Finding) -> str:
        """Give the reason for which a violation is known; empty where it is new."""
        name = found.clause.id if isinstance(found, Result) else found.title
        return self.baseline.reasons.get(name, "") if self.baseline is not None else ""

    @property
    def known(self) -> dict[str, str]:
        """The known violations, with the reasons."""
        found: list[Result | Finding] = [each for each in self.results if each.outcome == "failed"]
        found += self.findings
        names = {each.clause.id if isinstance(each, Result) else each.title: self.known_as(each) for each in found}
        return {name: reason for name, reason in names.items() if reason}

    @property
    def mended(self) -> list[str]:
        """The violations of the baseline that are none any more."""
        passed = {each.clause.id for each in self.results if each.outcome == "passed"}
        ids = {each.clause.id for each in self.results}
        found = {each.title for each in self.findings}
        reasons = {} if self.baseline is None else self.baseline.reasons
        has_fuzzed = bool(self.fuzz_requests) and not self.stopped
        return [name for name in reasons if name in passed or (has_fuzzed and name not in found | ids and " " in name)]

    def counts(self, level: Level) -> bool:
        """Tell whether what is violated at a level makes the target fail, unless it is known."""
        return self.strict or level == "must"

    @property
    def outcomes(self) -> Counter[Outcome]:
        """The number of clauses of each outcome."""
        return Counter(each.outcome for each in self.results)
