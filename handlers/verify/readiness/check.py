"""Readiness: the target is there, takes the credentials and holds a Binding of the world."""

import time
from collections.abc import Iterable
from functools import partial

from ..http.connection import TransportError
from ..response import Answer
from ..target import Target, no_answer
from ..violation import CannotRun, TargetGone, Violation
from .causes import away, in_its_place

_TRIED = 40
"""Bindings that are looked for, at most, before the world counts as not held."""
_AGAIN_AFTER_S = 0.25
_STARTING = (502, 503, 504)
"""Statuses of a gateway whose server is not up yet."""


def check_ready(target: Target, wait: float = 0.0) -> None:
    """Raise `CannotRun` unless the target can be verified, if need be after some seconds in which it starts."""
    try:
        answers = [_first(target, wait)]
        if not _holds(target, answers):
            raise CannotRun(_unfit(target, answers))
    except TargetGone as gone:
        raise CannotRun(f"{gone}. Look whether it is still running, and verify again.") from gone


def _first(target: Target, wait: float) -> Answer:
    """Give the answer to the first list. Raises `CannotRun` when nothing is answered, neither it nor a fetch."""
    rich, deadline = target.world.rich, time.monotonic() + wait
    paths = (target.path(rich), target.path(rich, rich.bindings[0]))
    while True:
        listed, fetched = target.together([partial(_outcome, target, path) for path in paths])
        is_late = time.monotonic() >= deadline
        if isinstance(listed, Answer) and (is_late or listed.status not in _STARTING):
            return listed
        if not isinstance(listed, Answer) and (is_late or isinstance(fetched, Answer)):
            if not isinstance(fetched, Answer):
                raise CannotRun(away(target, listed)) from listed
            return no_answer(target.request("GET", paths[0]))
        time.sleep(_AGAIN_AFTER_S)


def _outcome(target: Target, path: str) -> Answer | TransportError:
    """Give what comes of a request: its answer, or why there is none."""
    try:
        return target.send_once("GET", path)
    except TransportError as error:
        return error
    except Violation as violation:
        return no_answer(target.request("GET", path), violation.actual)


def _holds(target: Target, answers: list[Answer]) -> bool:
    """Whether some Binding of the world is there. What is answered on the way is added to `answers`."""
    world = target.world
    if _shows(answers[0], world.rich.sids):
        return True
    for service in world.account.services:
        for binding in service.bindings[:: max(len(service.bindings) // _TRIED, 1)][:_TRIED]:
            answers.append(_try_path(target, target.path(service, binding)))
            if _shows(answers[-1], {binding.sid}):
                return True
        answers.append(_try_path(target, target.path(service)))
        if _shows(answers[-1], service.sids):
            return True
    return False


def _unfit(target: Target, answers: list[Answer]) -> str:
    """Say what to do about a target that shows nothing of the world."""
    first, account = answers[0], target.world.account.sid
    if all(answer.status in (401, 403) for answer in answers):
        return (
            f"{target.base_url} refuses the credentials of account {account} (status {first.status}): the fixtures "
            "must hold its auth_token as the target knows it."
        )
    if all(300 <= answer.status < 400 for answer in answers):
        moved = f" to {first.header('location')[:200]}" if first.header("location") else ""
        return f"{target.base_url} redirects{moved}: name the URL that it redirects to, up to what stands before /v2."
    if first.status == 400 and (cause := in_its_place(target, None)):
        return cause
    if all(answer.status in _STARTING for answer in answers):
        kind = first.media_type or "no Content-Type"
        return (
            f"A gateway answers in the place of {target.base_url} (status {first.status}, {kind}): look whether the "
            "server behind it runs, or give it time with --wait."
        )
    if all(answer.media_type == "text/html" for answer in answers):
        return (
            f"{target.base_url} answers with HTML, as a site or a login page does, not an API: name the URL below "
            "which /v2/Services is served."
        )
    if not any(answer.status for answer in answers):
        what = f"gives no answer that can be read ({first.reason}): look what listens there, and what stands between"
    else:
        statuses = ", ".join(str(status) for status in sorted({answer.status for answer in answers}))
        what = (
            f"holds no Binding of the fixtures' account {account} (answers: {statuses}): load the world into it first, "
            "or write the SIDs that it has into the fixtures"
        )
    return f"{target.base_url} {what}."


def _try_path(target: Target, path: str) -> Answer:
    try:
        return target.send("GET", path)
    except Violation as violation:
        return no_answer(target.request("GET", path), violation.actual)


def _shows(answer: Answer, sids: Iterable[str]) -> bool:
    """Whether an answer shows one of some Bindings, in any form."""
    text = answer.body.decode("utf-8", "replace")
    return answer.status == 200 and any(sid in text for sid in sids)
