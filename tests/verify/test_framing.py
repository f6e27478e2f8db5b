"""Answers that no clause can read are reported once and first; of a target that dies the last requests are named."""

import codecs
import gzip
import json
import threading
from dataclasses import replace

import pytest

from chat_bindings.verify.run import Run
from chat_bindings.verify.violation import CannotRun
from chat_bindings.verify.world import World

from ..servers.http import Answer, serving
from ..servers.right import Before, Right
from ..support.running import run_cli
from .judging import verified


def framed(change):
    """Make a server that changes every answer with a body."""
    return type("Framed", (Right,), {}, finish=Before(lambda answer: change(answer) if answer.body else answer))


def byte_order_mark(answer):
    return replace(answer, body=codecs.BOM_UTF8 + answer.body)


def two_documents(answer):
    return replace(answer, body=answer.body * 2)


def not_what_it_says(answer):
    return replace(answer, headers=[*answer.headers, ("Content-Encoding", "gzip")])


def cut_short(answer):
    length = ("Content-Length", str(len(answer.body) + 5))
    is_list = b'"bindings"' in answer.body
    return replace(answer, headers=[*answer.headers, length], close=True) if is_list else answer


def html_errors(answer):
    return replace(answer, body=b"<h1>No</h1>", headers=list(HTML)) if answer.status >= 400 else answer


def limited(answer):
    return Answer(503, list(HTML), b"<h1>Busy</h1>") if b'"bindings"' in answer.body else answer


HTML = [("Content-Type", "text/html")]
SOME = ("ERROR", "FETCH", "HTTP-11", "LIST", "TEXT-0*", "TEXT-20")
"""Clauses that read lists, Bindings and errors: all others are blocked likewise."""


@pytest.mark.parametrize(
    ("change", "clause", "words"),
    [
        (byte_order_mark, "TEXT-20", "a byte order mark stands before the JSON"),
        (two_documents, "TEXT-20", "Extra data"),
        (cut_short, "HTTP-11", "peer closed connection"),
        (html_errors, "ERROR-02", "its body is HTML"),
        (limited, "LIST-01", "status 503"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_one_cause_is_one_violation(change, clause, words, world_file, world):
    """A cause of unreadable responses is one violation, the first one, in the parser's words; clauses that need to read
    them are blocked, and name it."""
    results = []
    with serving(framed(change)(world.document)) as url:
        run = Run(url, World.read(world_file), strict=True, only=SOME, done=results.append)
        report = run.go()
    failed = [each for each in report.results if each.outcome == "failed"]
    assert [each.clause.id for each in failed] == [clause], [(each.clause.id, each.actual) for each in failed]
    assert results[0].clause.id == clause
    assert words in failed[0].actual
    assert "curl" in failed[0].reproduce
    blocked = [each for each in report.results if each.outcome == "skipped"]
    assert len(blocked) > 10
    assert all(each.detail.startswith(f"blocked by {clause}: ") for each in blocked), {each.detail for each in blocked}


def test_an_encoding_that_is_none_cannot_be_verified(world_file, world):
    """A target of which no response can be decoded is an error in the parser's words."""
    with serving(framed(not_what_it_says)(world.document)) as url, pytest.raises(CannotRun, match="not gzip"):
        verified(url, world_file)


def test_a_right_server_is_blocked_by_nothing(world_file, world):
    """Answers that are right in an unusual way are no cause: packed ones, and JSON with space around."""

    def pack(answer):
        body = gzip.compress(b"\n " + answer.body + b"\n")
        return not_what_it_says(replace(answer, body=body))

    with serving(framed(pack)(world.document)) as url:
        report = verified(url, world_file, ["FETCH-01", "LIST-0*", "ERROR-01", "TEXT-20"])
    assert report.verdict == "conformant"


def test_where_the_target_dies_the_clause_is_named(world_file, world, tmp_path):
    """The clause at which a target dies is named, and the last requests stand in every report."""

    class Dies(Right):
        dead = threading.Event()

        def answer(self, request):
            if "%C0%AF" in request.target:
                self.dead.set()
            answer = super().answer(request)
            answer.dropped = self.dead.is_set()
            return answer

    with serving(Dies(world.document)) as url:
        run = run_cli(
            "verify", url, "--fixtures", world_file, "--only", "TEXT-19", "--only", "FETCH", "--report-dir", tmp_path
        )
    assert run.returncode == 2
    assert "clauses under way: " in run.stderr
    assert "TEXT-19" in run.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    lost = [each for each in report["last_requests"] if not each["answer"].isdecimal()]
    assert "TEXT-19" in {each["clause"] for each in lost}
    assert any("%C0%AF" in each["url"] for each in lost)
    for name in ("report.html", "junit.xml"):
        assert "%C0%AF" in (tmp_path / name).read_text(encoding="utf-8")
    assert "%C0%AF" in run.stdout
