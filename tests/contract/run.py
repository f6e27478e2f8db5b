"""A run: the first requests, what may be deleted, the clauses, and the report."""

import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2

from .answer import Answer
from .clause import Clause, clause_of
from .credentials import Secrets
from .evidence import Evidence
from .judge import TargetGone, Violation
from .plan import Plan
from .report import Report, Result
from .runner import Runner, Stopped
from .suite import checks, chosen
from .target import Target, origin, reason, unanswered
from .world import World

_TRIED = 40
"""Bindings that are looked for, at most, before the world counts as not held."""

_VARIABLES = {
    "AUTH_TOKEN": "the auth token of account {account}",
    "OTHER_AUTH_TOKEN": "the auth token of account {other}",
    "KEY_SECRET": "the secret of the API key that the curl line names",
    "WRONG_TOKEN": "32 zeros, or any text that is not the token",
    "WRONG_SECRET": "32 zeros, or any text that is not the secret",
    "PART_OF_AUTH_TOKEN": "a part of the account's auth token, or it with something after it",
    "AUTH_TOKEN_ALMOST": "the account's auth token in capitals, or with a space before or after it",
}


class CannotRun(Exception):
    """The target cannot be verified; the message says what to do."""


@dataclass
class Run:
    """What is to be verified, and how."""

    base_url: str
    world: World
    strict: bool = False
    read_only: bool = False
    only: tuple[str, ...] = ()
    context: ssl.SSLContext | None = None
    started: Callable[[Clause], None] = lambda _: None
    done: Callable[[Result], None] = lambda _: None
    announce: Callable[[], None] = lambda: None
    """Called once the target has answered, before anything is deleted."""
    secrets: Secrets = field(default_factory=Secrets)

    def __post_init__(self) -> None:
        for credentials in self.world.credentials_known():
            self.secrets.add(credentials)
        self.clauses = chosen(self.only)
        self.plan = Plan(self.world, () if self.read_only else self.clauses)
        self.report = Report(self.base_url.rstrip("/"), datetime.now(UTC), self.strict, self.read_only)
        self.report.deletable = self.plan.deletable
        self.report.stopped = "The run was interrupted."
        self.target = Target(self.base_url, self.world, self.context)

    def go(self) -> Report:
        """Verify. Raises `CannotRun` when the target cannot be verified; KeyboardInterrupt when it is interrupted, and
        then, as always, `report` holds what there is."""
        began = time.monotonic()
        try:
            _check_target(self.target)
            self.announce()
            self._check_clauses()
        finally:
            self._finish(time.monotonic() - began)
        return self.report

    def _check_clauses(self) -> None:
        evidence = Evidence(self.target, self.plan)
        runner = Runner(evidence, self.secrets, self._reason_to_skip, self.started, self._done)
        wanted = {clause.id for clause in self.clauses}
        try:
            runner.run([check for check in checks() if clause_of(check).id in wanted])
        except Stopped as stopped:
            self.report.stopped = f"{stopped}."
            raise CannotRun(f"{stopped}. Look whether it is still running, and verify again.") from stopped
        except Exception as error:
            self.report.stopped = f"verify itself failed: {type(error).__name__}."
            raise
        self.report.stopped = ""

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
        self.report.deleted = [sid for sid in dict.fromkeys(self.target.deleted) if sid in known]
        self.name_variables()
        self.target.close()

    def name_variables(self) -> None:
        """Say whose secrets the shell variables of the report's curl lines stand for."""
        lines = " ".join([each.reproduce for each in self.report.results])
        lines += " ".join([each.reproduce for each in self.report.findings])
        names = {"account": self.world.account.sid, "other": next((each.sid for each in self.world.others), "B")}
        self.report.variables = {
            name: told.format(**names) for name, told in _VARIABLES.items() if f'"${name}"' in lines
        }


def _check_target(target: Target) -> None:
    """Raise `CannotRun` unless the target is there, takes the credentials and holds a Binding of the world."""
    try:
        answers = [_first(target)]
        if not _holds(target, answers):
            raise CannotRun(_unfit(target, answers))
    except TargetGone as gone:
        raise CannotRun(f"{gone}. Look whether it is still running, and verify again.") from gone


def _first(target: Target) -> Answer:
    """The answer to the first list. Raises `CannotRun` when there is nothing that could answer."""
    path = target.path(target.world.rich)
    try:
        return target.tried("GET", path)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol) as error:
        raise CannotRun(_away(target, error)) from error
    except httpx2.TransportError:
        return unanswered(target.request("GET", path))  # others may be answered


def _away(target: Target, error: httpx2.TransportError) -> str:
    told = reason(error)
    if "CERTIFICATE" in told.upper():
        return (
            f"The certificate of {target.base_url} cannot be trusted ({told}): name the host that it is for, or its "
            "authority with --ca-file."
        )
    if isinstance(error, httpx2.TimeoutException):
        return f"{target.base_url} does not answer in time: look whether it runs, and whether a firewall is between."
    return f"{target.base_url} cannot be reached ({told}): start it, or correct host and port."


def _holds(target: Target, answers: list[Answer]) -> bool:
    """Whether some Binding of the world is there. What is answered on the way is added to `answers`."""
    world = target.world
    if _shows(answers[0], world.rich.sids):
        return True
    for service in world.account.services:
        for binding in service.bindings[:: max(len(service.bindings) // _TRIED, 1)][:_TRIED]:
            answers.append(_tried(target, target.path(service, binding)))
            if _shows(answers[-1], {binding.sid}):
                return True
        answers.append(_tried(target, target.path(service)))
        if _shows(answers[-1], service.sids):
            return True
    return False


def _unfit(target: Target, answers: list[Answer]) -> str:
    """What to do about a target that shows nothing of the world."""
    first, account = answers[0], target.world.account.sid
    if all(answer.status in (401, 403) for answer in answers):
        return (
            f"{target.base_url} refuses the credentials of account {account} (status {first.status}): the fixtures "
            "must hold its auth_token as the target knows it."
        )
    if all(300 <= answer.status < 400 for answer in answers):
        moved = f" to {first.header('location')[:200]}" if first.header("location") else ""
        return f"{target.base_url} redirects{moved}: name the URL that it redirects to, up to what stands before /v2."
    if all(answer.media_type == "text/html" for answer in answers):
        return (
            f"{target.base_url} answers with HTML, as a site or a login page does, not an API: name the URL below "
            "which /v2/Services is served."
        )
    statuses = ", ".join(str(status) for status in sorted({answer.status for answer in answers}))
    return (
        f"{target.base_url} holds no Binding of the fixtures' account {account} (answers: {statuses}): load the world "
        "into it first, or write the SIDs that it has into the fixtures."
    )


def _tried(target: Target, path: str) -> Answer:
    try:
        return target.send("GET", path)
    except Violation:
        return unanswered(target.request("GET", path))


def _shows(answer: Answer, sids: Iterable[str]) -> bool:
    """Whether an answer shows one of some Bindings, in any form."""
    text = answer.body.decode("utf-8", "replace")
    return answer.status == 200 and any(sid in text for sid in sids)


def checked_url(base_url: str) -> str:
    """A base URL, checked. Raises `CannotRun` when it is none."""
    if origin(base_url) is None:
        raise CannotRun(f"{base_url[:200]} is no URL of http or https: write it like https://chat.example.com.")
    parts = urlsplit(base_url)
    if parts.username is not None or parts.password is not None:
        raise CannotRun("BASE_URL must not hold a user name or password: the credentials come from the fixtures.")
    if parts.query or parts.fragment:
        raise CannotRun(f"BASE_URL must end with its path: {base_url[:200]} has a query or a fragment.")
    return base_url.rstrip("/")
