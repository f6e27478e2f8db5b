"""A run: the first requests, what may be deleted, the clauses, and the report."""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from .baseline import Baseline
from .clause import Clause, clause_of
from .clauses.free import choices
from .clauses.origins import foreign_urls
from .credentials import Secrets
from .evidence import Evidence
from .outcome import Choice, Report, Result, SentRequest
from .plan import Plan
from .readiness.check import check_ready
from .readiness.framing import CLAUSES as BLOCKING
from .readiness.framing import blockages
from .response import readable
from .runner import Runner, Stopped
from .suite import checks, chosen
from .target import TIMEOUT_S, Target, origin
from .violation import CannotRun, TargetGone
from .world import World

_LAST = 100
"""Requests that are shown of a target that died: more than are under way at once."""
_BEFORE = 20
"""Of those, the ones that were answered before the first that was not."""

_VARIABLES = {
    "AUTH_TOKEN": "the auth token of account {account}",
    "OTHER_AUTH_TOKEN": "the auth token of account {other}",
    "KEY_SECRET": "the secret of the API key that the curl line names",
    "WRONG_TOKEN": "32 zeros, or any text that is not the token",
    "WRONG_SECRET": "32 zeros, or any text that is not the secret",
    "PART_OF_AUTH_TOKEN": "a part of the account's auth token, or it with something after it",
    "AUTH_TOKEN_ALMOST": "the account's auth token in capitals, or with a space before or after it",
}


@dataclass
class Run:
    """A run: the target, the world, and the options."""

    base_url: str
    world: World
    strict: bool = False
    read_only: bool = False
    only: tuple[str, ...] = ()
    context: ssl.SSLContext | None = None
    timeout: float = TIMEOUT_S
    """Seconds that a connection and a whole answer may take, each."""
    wait: float = 0.0
    """Seconds to wait for a target that is not up yet."""
    baseline: Baseline | None = None
    started: Callable[[Clause], None] = lambda _: None
    done: Callable[[Result], None] = lambda _: None
    announce: Callable[[], None] = lambda: None
    """Called once the target has answered, before anything is deleted."""
    public_url: str = ""
    """The beginning of all URLs of answers; empty where it is not given."""
    secrets: Secrets = field(default_factory=Secrets)

    def __post_init__(self) -> None:
        for credentials in self.world.credentials_known():
            self.secrets.add(credentials)
        self.clauses = chosen(self.only)
        self.plan = Plan(self.world, () if self.read_only else self.clauses)
        self.report = Report(self.base_url.rstrip("/"), datetime.now(UTC), self.strict, self.read_only)
        self.report.baseline = self.baseline
        self.report.deletable = self.plan.deletable
        self.report.stopped = "The run was interrupted."
        self.target = Target(self.base_url, self.world, self.context, self.timeout)
        self.target.public_url = self.public_url.rstrip("/")

    def go(self) -> Report:
        """Verify.

        Raises `CannotRun` when the target cannot be verified, and KeyboardInterrupt when it is interrupted. `report`
        holds what there is in either case.
        """
        self._began = time.monotonic()
        try:
            check_ready(self.target, self.wait)
            self.announce()
            self._check_clauses()
        finally:
            self._finish(time.monotonic() - self._began)
        return self.report

    def _check_clauses(self) -> None:
        evidence = Evidence(self.target, self.plan)
        runner = Runner(evidence, self.secrets, self._reason_to_skip, self.started, self._done)
        wanted = {clause.id for clause in self.clauses}
        try:
            found = blockages(evidence) if wanted.intersection(BLOCKING) else ()
            look = partial(self._look_at_choices, evidence)
            runner.run([check for check in checks() if clause_of(check).id in wanted], found, look)
        except (Stopped, TargetGone) as stopped:
            self.report.stopped = self.secrets.hidden(f"{stopped}.")
            self.report.last_requests = self._last_requests()
            raise CannotRun(f"{stopped}. Look whether it is still running, and verify again.") from stopped
        except Exception as error:
            self.report.stopped = f"verify itself failed: {type(error).__name__}."
            raise
        self.report.stopped = ""

    def _look_at_choices(self, evidence: Evidence) -> None:
        if not self.only:
            hidden = self.secrets.hidden
            self.report.choices = [Choice(each.id, each.rule, hidden(each.chosen)) for each in choices(evidence)]

    def _last_requests(self) -> list[SentRequest]:
        history = sorted(self.target.client.exchanges(), key=lambda each: each.began)
        # where the target died, what killed it is among the first that got no answer, and many others follow
        lost = next((index for index, each in enumerate(history) if not each.answer.isdecimal()), len(history))
        begin = max(0, min(lost - _BEFORE, len(history) - _LAST))
        last = history[begin : begin + _LAST]
        hidden = self.secrets.hidden
        return [
            SentRequest(
                each.clause,
                each.began - self._began,
                each.request.method,
                hidden(readable(each.request.url)),
                hidden(each.answer),
            )
            for each in last
        ]

    def _done(self, result: Result) -> None:
        self.report.results.append(result)
        self.done(result)

    def _reason_to_skip(self, clause: Clause) -> str:
        return "it deletes, and the run is --read-only" if self.read_only and clause.deletes else ""

    def _finish(self, seconds: float) -> None:
        order = [clause.id for clause in self.clauses]
        self.report.results.sort(key=lambda result: order.index(result.clause.id))
        self.report.duration_s = seconds
        self.report.requests = self.target.requests
        known = {each.sid for account in self.world.accounts for each in account.bindings}
        note = "" if self.public_url else foreign_urls(self.target.seen, self.target)
        self.report.notes = [self.secrets.hidden(note)] if note else []
        self.report.deleted = [sid for sid in dict.fromkeys(self.target.deleted) if sid in known]
        self.name_variables()
        self.target.close()

    def name_variables(self) -> None:
        """Say whose secrets the shell variables of the report's curl lines stand for."""
        lines = " ".join([each.reproduce for each in self.report.results])
        lines += " ".join([each.reproduce for each in self.report.findings])
        names = {"account": self.world.account.sid, "other": next((each.sid for each in self.world.others), "B")}
        self.report.variables = {
            name: text.format(**names) for name, text in _VARIABLES.items() if f'"${name}"' in lines
        }


def checked_url(base_url: str, name: str = "BASE_URL") -> str:
    """Check a base URL. Raises `CannotRun` when it is none."""
    if origin(base_url) is None:
        raise CannotRun(f"{base_url[:200]} is no URL of http or https: write it like https://chat.example.com.")
    parts = urlsplit(base_url)
    if parts.username is not None or parts.password is not None:
        raise CannotRun(f"{name} must not hold a user name or password: the credentials come from the fixtures.")
    if parts.query or parts.fragment:
        raise CannotRun(f"{name} must end with its path: {base_url[:200]} has a query or a fragment.")
    return base_url.rstrip("/")
