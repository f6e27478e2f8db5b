"""Answers that no clause can read are reported once and first; of a target that dies the last requests are named."""

import codecs
import gzip
import json
import threading
from abc import ABC, abstractmethod

import pytest

from chat_bindings.verify.run import Run
from chat_bindings.verify.violation import CannotRun
from chat_bindings.verify.world import World

from ..servers.http import serving
from ..servers.right import Right
from ..support.running import run_cli
from .judging import verified


class _Framed(Right, ABC):
    """Changes every answer with a body."""

    @abstractmethod
    def change(self, answer): ...

    def finish(self, request, answer):
        if answer.body:
            self.change(answer)
        return super().finish(request, answer)


class ByteOrderMark(_Framed):
    def change(self, answer):
        answer.body = codecs.BOM_UTF8 + answer.body


class TwoDocuments(_Framed):
    def change(self, answer):
        answer.body += answer.body


class NotWhatItSays(_Framed):
    def change(self, answer):
        answer.headers.append(("Content-Encoding", "gzip"))


class CutShort(_Framed):
    def change(self, answer):
        if b'"bindings"' in answer.body:
            answer.headers.append(("Content-Length", str(len(answer.body) + 5)))
            answer.close = True


class HtmlErrors(_Framed):
    def change(self, answer):
        if answer.status >= 400:
            answer.body = b"<h1>No</h1>"
            answer.headers = [("Content-Type", "text/html")]


class Limited(_Framed):
    def change(self, answer):
        if b'"bindings"' in answer.body:
            answer.status, answer.body, answer.headers = 503, b"<h1>Busy</h1>", [("Content-Type", "text/html")]


SOME = ("ERROR", "FETCH", "HTTP-11", "LIST", "TEXT-0*", "TEXT-20")
"""Clauses that read lists, Bindings and errors: all others are blocked likewise."""


@pytest.mark.parametrize(
    ("server", "clause", "words"),
    [
        (ByteOrderMark, "TEXT-20", "a byte order mark stands before the JSON"),
        (TwoDocuments, "TEXT-20", "Extra data"),
        (CutShort, "HTTP-11", "peer closed connection"),
        (HtmlErrors, "ERROR-02", "its body is HTML"),
        (Limited, "LIST-01", "status 503"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_one_cause_is_one_violation(server, clause, words, world_file, world):
    """What keeps answers from being read is one violation, the first one, in the parser's words; what needs to read
    them is blocked, and says by what."""
    results = []
    with serving(server(world.document)) as url:
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
    """Where not one answer can be decoded, that is said in the parser's words."""
    with serving(NotWhatItSays(world.document)) as url, pytest.raises(CannotRun, match="not gzip"):
        verified(url, world_file)


def test_a_right_server_is_blocked_by_nothing(world_file, world):
    """Answers that are right in an unusual way are no cause: packed ones, and JSON with space around."""

    class Unusual(_Framed):
        def change(self, answer):
            answer.body = gzip.compress(b"\n " + answer.body + b"\n")
            answer.headers.append(("Content-Encoding", "gzip"))

    with serving(Unusual(world.document)) as url:
        report = verified(url, world_file, ["FETCH-01", "LIST-0*", "ERROR-01", "TEXT-20"])
    assert report.verdict == "conformant"


def test_where_the_target_dies_the_clause_is_named(world_file, world, tmp_path):
    """A target that dies of a request: the clause is named, and the last requests stand in every report."""

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
