"""The runner: checks clauses side by side, and makes each outcome a `Result`."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from queue import SimpleQueue

from .clause import Check, Clause, clause_of
from .credentials import Secrets
from .evidence import Evidence
from .http.client import CLAUSE
from .outcome import Result, SentRequest
from .plan import Use
from .readiness.framing import DEEPEST, Blockage
from .response import Answer, readable
from .violation import DeleteLost, NotShown, TargetGone, Violation, WorldLacks

AT_ONCE = 40
"""Clauses that only read, checked at the same time. Most of them wait for evidence that another one gathers."""

_Event = Clause | Result | BaseException


class Stopped(Exception):
    """The run cannot go on; the message says why."""


@dataclass
class Runner:
    """Checks clauses: those that read side by side, then those that delete, then those that judge all answers.

    Those that delete and compare whole lists of a service are checked one after another, in their order.
    """

    evidence: Evidence
    secrets: Secrets
    reason_to_skip: Callable[[Clause], str]
    """The reason why a clause is not checked in this run; empty when it is."""
    started: Callable[[Clause], None]
    done: Callable[[Result], None]
    """Both are called in the thread that called `run`."""

    def __post_init__(self) -> None:
        self._is_stopping = False
        self._losses = 0
        self._blockages: Sequence[Blockage] = ()
        self._lock = threading.Lock()

    def run(
        self,
        checks: Sequence[Check],
        blockages: Sequence[Blockage] = (),
        before_deletes: Callable[[], None] = lambda: None,
    ) -> None:
        """Check clauses, and hand each result to `done`; first what is known to block others.

        Raises `Stopped` when the target is gone, and whatever a check raises that says nothing about the target.
        """
        try:
            left = self._report_blockages(checks, blockages)
            reading, deleting, judging = _phases(left)
            self._run_phase(reading)
            before_deletes()
            self._run_phase(sorted(deleting, key=self._rank))
            self._run_phase(judging)
        finally:
            self._is_stopping = True

    def _report_blockages(self, checks: Sequence[Check], blockages: Sequence[Blockage]) -> Sequence[Check]:
        """Hand the results of what blocks other clauses to `done`, and give the checks that are left."""
        wanted = {clause_of(check).id: check for check in checks}
        self._blockages = [each for each in blockages if each.clause in wanted]
        for blockage in self._blockages:
            clause = clause_of(wanted.pop(blockage.clause))
            self.started(clause)
            self.done(self._violation_result(clause, blockage.violation))
        return list(wanted.values())

    def _run_phase(self, checks: Sequence[Check]) -> None:
        pending, events = _Pending(checks, self._use), SimpleQueue[_Event]()
        for _ in range(min(AT_ONCE, len(checks))):
            # daemons: an interrupted run does not wait for answers that are under way
            threading.Thread(target=self._work, args=(pending, events), daemon=True).start()
        left = len(checks)
        while left:
            event = events.get()
            if isinstance(event, Clause):
                self.started(event)
            elif isinstance(event, Result):
                self.done(event)
                left -= 1
            else:
                raise event

    def _use(self, check: Check) -> Use:
        """Name what a check uses: services, or the whole run's answers."""
        clause = clause_of(check)
        if clause.last:
            return Use(frozenset({"all answers"}), is_alone=True)
        return self.evidence.use(clause.deletes) if clause.deletes else Use(frozenset(), is_alone=False)

    def _rank(self, check: Check) -> int:
        """Rank a check that deletes: those that use several services alone, then those that share, then the others."""
        use = self._use(check)
        return 1 if not use.is_alone else 0 if len(use.services) > 1 else 2

    def _work(self, pending: "_Pending", events: SimpleQueue[_Event]) -> None:
        while not self._is_stopping and (check := pending.take()) is not None:
            clause = clause_of(check)
            CLAUSE.set(clause.id)
            events.put(clause)
            began = time.monotonic()
            try:
                result = self._result(clause, check)
            except TargetGone as gone:
                events.put(Stopped(str(gone)))
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
                events.put(error)
            else:
                events.put(replace(result, seconds=time.monotonic() - began))
            finally:
                pending.put_back(check)

    def _result(self, clause: Clause, check: Check) -> Result:
        reason = self.reason_to_skip(clause)
        if reason:
            return Result(clause, "skipped", detail=reason)
        try:
            check(self.evidence)
        except Violation as violation:
            return self._violation_result(clause, violation)
        except RecursionError:
            return self._violation_result(clause, Violation("JSON of a sensible depth", "JSON that is nested too deep"))
        except NotShown as lacking:
            what = lacking.what if isinstance(lacking, WorldLacks) else ""
            return Result(clause, "skipped", detail=self.secrets.hidden(str(lacking)), lacks=what)
        except DeleteLost as lost:
            return self._loss_result(clause, lost)
        return Result(clause, "passed")

    def _loss_result(self, clause: Clause, lost: DeleteLost) -> Result:
        """Judge a DELETE of nothing that was not answered: once in a run that may be the network's fault."""
        with self._lock:
            self._losses += 1
            is_first = self._losses == 1
        if not is_first:
            return self._violation_result(clause, lost.again())
        return Result(clause, "skipped", detail=self.secrets.hidden(f"a DELETE is not repeated, and {lost}"))

    def _sent(self, clause: Clause, answer: Answer) -> SentRequest:
        hidden = self.secrets.hidden
        began_s = max(answer.began - self.evidence.target.client.started, 0.0) if answer.began else 0.0
        status = f"status {answer.status}" if answer.status else f"no answer: {answer.reason}"
        return SentRequest(
            clause.id, began_s, answer.request.method, hidden(readable(answer.request.url)), hidden(status)
        )

    def _violation_result(self, clause: Clause, violation: Violation) -> Result:
        hidden = self.secrets.hidden
        for blockage in self._blockages:
            if clause.id not in (blockage.clause, DEEPEST) and blockage.explains(violation):
                return Result(clause, "skipped", detail=hidden(f"blocked by {blockage.clause}: {blockage.reason}"))
        return Result(
            clause,
            "failed",
            expected=hidden(violation.expected),
            actual=hidden(violation.actual),
            detail=hidden(violation.detail),
            reproduce=hidden(violation.curl),
            cause=hidden(violation.cause),
            requests=tuple(
                self._sent(clause, answer) for answer in sorted(violation.shown_by, key=lambda each: each.began)
            ),
        )


class _Pending:
    """Checks that were not begun yet, and what those under way use."""

    def __init__(self, checks: Sequence[Check], use_of: Callable[[Check], Use]) -> None:
        self._waiting = [(check, use_of(check)) for check in checks]
        self._used: dict[Check, Use] = {}
        self._changed = threading.Condition()

    def take(self) -> Check | None:
        """Take the first check that may begin, as soon as one may; None when there is no more."""
        with self._changed:
            while self._waiting:
                before = list(self._used.values())
                for number, (check, use) in enumerate(self._waiting):
                    if not any(map(use.excludes, before)):
                        del self._waiting[number]
                        self._used[check] = use
                        return check
                    before.append(use)
                self._changed.wait()
            return None

    def put_back(self, check: Check) -> None:
        """Note the end of a check."""
        with self._changed:
            del self._used[check]
            self._changed.notify_all()


def _began(answer: Answer) -> float:
    return answer.began


def _phases(checks: Sequence[Check]) -> tuple[Sequence[Check], Sequence[Check], Sequence[Check]]:
    """Divide checks into those that only read, those that delete, and those that judge all answers."""
    judging = [check for check in checks if clause_of(check).last]
    deleting = [check for check in checks if clause_of(check).deletes and not clause_of(check).last]
    return [check for check in checks if check not in (*judging, *deleting)], deleting, judging
