"""Targets that mean harm: a run ends, in bounded memory, and nothing of theirs controls a report."""

import gzip
import itertools
import json
import re
import subprocess
import time

import pytest

from ..support.raw_server import message, raw_server
from ..support.running import CLI, environment, run_cli

_MOST_MB = 700
"""The most memory of a run; the interpreter with all of ours takes some 80."""

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


_PACKED = b"".join([gzip.compress(b"["), *[gzip.compress(b"0," * (1 << 19))] * 200, gzip.compress(b"0]")])
"""Two hundred megabytes of JSON, packed."""


def never_ends(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    while True:
        connection.sendall(b"0," * 32768)


def a_byte_now_and_then(connection, _):
    for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\n\r\n"):
        connection.sendall(bytes((byte,)))
        time.sleep(0.1)


def bomb(connection, _):
    connection.sendall(message(_PACKED, "Content-Encoding: gzip"))


def deep(connection, _):
    connection.sendall(message(b'{"sid": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"))


def long_head(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"A: " + b"b" * 8192 + b"\r\n")


def fat(connection, _):
    connection.sendall(message(b'{"sid": [' + b"0," * 400_000 + b"0]}"))


FROM_THE_START, AFTER_TWO = 0, 2
HARM = [
    (never_ends, FROM_THE_START),
    (deep, FROM_THE_START),
    (never_ends, AFTER_TWO),
    pytest.param(a_byte_now_and_then, AFTER_TWO, marks=pytest.mark.ci("waits for answers that do not come")),
    (bomb, AFTER_TWO),
    (deep, AFTER_TWO),
    (long_head, AFTER_TWO),
    (fat, AFTER_TWO),
]
"""Hostile responses, and the number of right ones before each: after two the target has shown its world."""


@pytest.mark.parametrize(("harm", "before"), HARM)
def test_a_run_ends_in_bounded_memory(harm, before, world_file, world, tmp_path):
    """An answer that never ends, a byte now and then, a bomb, deep JSON and a long head end as a violation, or as a run
    that cannot be made; nothing is said of a fault of verify's own."""
    binding = world.full["bindings"][0]
    held = json.dumps({"bindings": [binding | {"sid": each["sid"]} for each in world.full["bindings"]]}).encode()
    counter = itertools.count()

    def answer(connection, head):
        if next(counter) < before:
            connection.sendall(message(held))
        else:
            harm(connection, head)

    with raw_server(answer) as url:
        options = ["--fixtures", str(world_file), "--timeout", "0.5", "--report-dir", str(tmp_path)]
        options += ["--only", "FETCH-01", "--only", "LIST-01", "--only", "TEXT-01", "--only", "ERROR-01"]
        command = f'ulimit -v {(_MOST_MB + 1500) * 1024}; exec "$@"'  # threads' stacks are virtual only
        run = subprocess.run(
            ["sh", "-c", command, "sh", *CLI, "verify", url, *options],
            capture_output=True, text=True, timeout=300, check=False, env=environment(),
        )  # fmt: skip
    assert run.returncode in (1, 2), run.stdout + run.stderr
    assert "Traceback" not in run.stderr, run.stderr
    assert "MemoryError" not in run.stdout + run.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "verify itself failed" not in str(report["stopped"])
    for name in ("report.html", "junit.xml"):
        assert not _UNSAFE.search((tmp_path / name).read_text(encoding="utf-8"))


def test_what_a_target_says_is_text_and_holds_no_secret(world_file, world, tmp_path):
    """A target that repeats the credentials, with control characters and markup, gets nothing of it into a report."""
    said = f"<script>alert(1)</script>\x1b[31m {world.a['auth_token']} \u202e {'x' * 100_000}"
    body = json.dumps({"code": said, "message": said, "more_info": said, "status": said, said: said}).encode()
    first = json.dumps({"bindings": world.full["bindings"]}).encode()
    counter = itertools.count()

    def answer(connection, head):
        status, content = ("200 OK", first) if next(counter) < 2 else ("400 Bad Request", body)
        connection.sendall(message(content, "Content-Type: application/json", status=status))

    options = ["--fixtures", world_file, "--report-dir", tmp_path, "--only", "FETCH", "--only", "ERROR"]
    with raw_server(answer) as url:
        run = run_cli("verify", url, *options, GITHUB_ACTIONS="true")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "\x1b" not in run.stdout + run.stderr
    for text in (run.stdout, run.stderr, *(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())):
        assert world.a["auth_token"] not in text
        assert not _UNSAFE.search(text)
    assert "<script" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len((tmp_path / "report.json").read_bytes()) < 1 << 20
