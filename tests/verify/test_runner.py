"""The runner: clauses that read are checked side by side, those that delete alone and in their order."""

import threading

import pytest

from chat_bindings.verify.clause import OURS, clause
from chat_bindings.verify.credentials import Secrets
from chat_bindings.verify.evidence import Evidence
from chat_bindings.verify.plan import Plan
from chat_bindings.verify.runner import Runner, Stopped
from chat_bindings.verify.target import Target, no_answer
from chat_bindings.verify.violation import DeleteLost, NotShown, TargetGone, fail
from chat_bindings.verify.world import World as Held


@pytest.fixture
def evidence(world_file) -> Evidence:
    held = Held.read(world_file)
    return Evidence(Target("http://127.0.0.1:9", held), Plan(held, ()))


def check(identifier, action, **marks):
    """Return the check of a clause."""

    @clause(identifier, "must", "A title", source=OURS, spec="/paths", **marks)
    def checked(_: Evidence) -> None:
        action()

    return checked


def outcomes(evidence, *checks):
    results = []
    Runner(evidence, Secrets(), lambda _: "", lambda _: None, results.append).run(checks)
    return {result.clause.id: (result.outcome, result.actual or result.detail) for result in results}


def test_clauses_that_read_are_checked_side_by_side(evidence):
    """Each of two clauses waits for the other one."""
    both = threading.Barrier(2)
    checks = [check("LIST-01", lambda: both.wait(60)), check("LIST-02", lambda: both.wait(60))]
    assert {outcome for outcome, _ in outcomes(evidence, *checks).values()} == {"passed"}


def test_deleting_clauses_come_alone_after_those_that_read_and_judging_ones_last(evidence):
    """Deletes begin when all reads have ended, one after another; clauses that judge all answers come at the end."""
    order = []

    def note(name):
        order.append(f"{name} begins")
        order.append(f"{name} ends")

    checks = [
        check("ERROR-01", lambda: note("judge"), last=True),
        check("DELETE-01", lambda: note("one"), deletes="story"),
        check("DELETE-02", lambda: note("other"), deletes="story"),
        check("LIST-01", lambda: note("read")),
    ]
    outcomes(evidence, *checks)
    assert order == [f"{name} {when}" for name in ("read", "one", "other", "judge") for when in ("begins", "ends")]


def test_evidence_is_gathered_once_and_its_failure_kept(evidence):
    """Clauses that need the same evidence at the same time get the same, or the same violation."""
    made = []

    def make():
        made.append(1)
        fail("a list", "none")

    checks = [check(f"LIST-0{number}", lambda: evidence.once("key", make)) for number in range(1, 9)]
    assert set(outcomes(evidence, *checks).values()) == {("failed", "none")}
    assert made == [1]


def test_what_becomes_of_a_check(evidence):
    """A lacking world skips; the first lost DELETE of nothing skips too, the next one is a violation."""

    def lacking():
        raise NotShown("the world has no key")

    def lost():
        raise DeleteLost("the answer was lost", no_answer(evidence.target.request("DELETE", "/")))

    assert outcomes(evidence, check("LIST-01", lacking)) == {"LIST-01": ("skipped", "the world has no key")}
    found = outcomes(evidence, check("DELETE-01", lost), check("DELETE-02", lost))
    assert sorted(outcome for outcome, _ in found.values()) == ["failed", "skipped"]


@pytest.mark.parametrize(("error", "raised"), [(TargetGone("it is gone"), Stopped), (KeyError("a"), KeyError)])
def test_what_says_nothing_about_the_target_ends_the_run(evidence, error, raised):
    """A target that is gone ends the run, and so does an error of a check's own."""

    def fail():
        raise error

    with pytest.raises(raised):
        outcomes(evidence, check("LIST-01", fail))
