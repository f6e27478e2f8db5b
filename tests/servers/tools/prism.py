"""Prism as a validating proxy, between `chat-bindings verify` and the server: the same requests, another judge.

What counts is what Prism logs about responses; what `verify` says meanwhile does not count. Prism does not judge the
requests (`--validate-request=false`), many of which are wrong on purpose, and passes every answer on, with what it has
against it in a header (no `--errors`): otherwise it would answer in the server's place, and what should come after that
answer would never be asked.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .tool import MODULES, SPEC, Site, Trial, finish, free_port, python, unique
from .verify import verified

_STARTS_WITHIN_S = 30
_ENDS_WITHIN_S = 10
_VIOLATION = re.compile(r"Violation: (response\S*) (.*)")
_BROKEN = re.compile(r"\[HTTP SERVER\] (\w+) (\S+) .*Request terminated with error: FetchError: (.*)")
_POSITION = re.compile(r"\.\d+\b")
_PLACES = ((re.compile(r"/Bindings/.+"), "/Bindings/{Sid}"), (re.compile(r"/Services/[^/]+"), "/Services/{ServiceSid}"))


class Prism:
    """`prism proxy`."""

    name = "Prism"
    settings = "proxy --validate-request=false, under the requests of chat-bindings verify"
    is_random = False

    def version(self) -> str:
        return str(json.loads((MODULES / "@stoplight" / "prism-cli" / "package.json").read_text())["version"])

    def missing(self) -> str | None:
        if not (MODULES / ".bin" / "prism").exists():
            return "npm install --prefix tests/servers/tools"
        ended = finish(python("chat_bindings", "verify", "--help"), 30, Path.cwd())
        return None if ended.returncode == 0 else "there is no `chat-bindings verify` to send requests"

    def run(self, site: Site) -> Trial:
        """Run it: a finding is where in a response something is wrong, and what."""
        log = site.folder / "prism.log"
        with _proxy(site.url, log) as url:
            ended = verified(site, url, site.folder / "verify")
        usual = ended.returncode in (0, 1)
        notes = () if usual else (f"verify ended with {ended.returncode}: {ended.output[-500:]}",)
        return Trial(unique(findings(log.read_text(encoding="utf-8", errors="replace"))), notes)


def findings(log: str) -> Iterator[str]:
    """What a log of Prism says about responses."""
    for where, what in _VIOLATION.findall(log):
        yield _POSITION.sub("[]", f"{where}: {what}")
    for method, path, what in _BROKEN.findall(log):
        place = path
        for pattern, template in _PLACES:
            place = pattern.sub(template, place)
        yield f"{method} {place}: {what.partition('reason: ')[2]}"


@contextmanager
def _proxy(upstream: str, log: Path) -> Iterator[str]:
    port = free_port()
    command = [
        MODULES / ".bin" / "prism", "proxy", SPEC, upstream, "--port", str(port), "--cors=false",
        "--validate-request=false", "--verboseLevel", "warn",
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"Prism did not start: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_ENDS_WITHIN_S)
