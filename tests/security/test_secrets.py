"""Secrets stand on no command line that `ps` shows, whatever command runs and whatever it starts, and in no log."""

import re
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ..support import raw
from ..support.commands import walk
from ..support.processes import children
from ..support.running import Service, run_cli, wait_until

pytestmark = [
    pytest.mark.ci("makes everything fail, and searches all logs"),
    pytest.mark.long,
    pytest.mark.usefixtures("unmeasured", "unforked"),
]

SECRET = re.compile(r"^(?:auth_token|secret): (\w+)$", re.MULTILINE)

ENOUGH = 50
"""Readings of a process after which its command line is known: it changes only where another program replaces it."""


@contextmanager
def watching():
    """Read the command lines of all processes on the machine, over and over, as an onlooker with `ps` does."""
    lines: set[str] = set()
    looks: Counter[str] = Counter()
    ends = threading.Event()

    def watch() -> None:
        while not ends.wait(0.02):
            for process in Path("/proc").iterdir():
                looks[process.name] += process.name.isdecimal()
                if 0 < looks[process.name] <= ENOUGH:
                    with suppress(OSError):  # it ended meanwhile
                        line = (process / "cmdline").read_bytes()
                        lines.add(line.replace(b"\0", b" ").decode("utf-8", "replace"))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lines
    finally:
        ends.set()
        thread.join()


def test_an_onlooker_sees_what_is_on_a_command_line():
    """The watch of the test below finds a secret on a command line."""
    with watching() as lines:
        run_cli("verify", "https://somebody:a-password-of-mine@127.0.0.1:9")
    assert any("a-password-of-mine" in line for line in lines)


def test_secrets_are_shown_nowhere(tmp_path, world, world_file):
    """Secrets are on no command line while commands make, rotate, import, export, serve, publish and verify."""
    locator = ("--database", f"sqlite:///{tmp_path}/secrets.db")
    output, secrets = "", {world.a["auth_token"], world.b["auth_token"], world.key["secret"]}

    def run(*arguments: object) -> str:
        nonlocal output
        done = run_cli(*arguments)
        assert done.returncode in (0, 1), done.stderr
        secrets.update(SECRET.findall(done.stdout))
        output += done.stderr + SECRET.sub("", done.stdout)
        return done.stdout

    with watching() as lines:
        run("import", world_file, *locator)
        account = re.search(r"^sid: (\w+)$", run("account", "create", *locator), re.MULTILINE)[1]
        run("key", "create", account, *locator)
        run("account", "rotate-token", account, *locator)
        run("export", *locator, "-o", tmp_path / "export.json")
        with Service(tmp_path / "secrets.db", "--log-level", "debug", "--workers", 2) as service:
            service.wait_for_workers(2)
            raw.ask(service.url, "GET", "/docs/")
            for secret in secrets:
                raw.ask(service.url, "GET", "/v2/Services/IS/Bindings", [("Authorization", raw.basic(account, secret))])
            assert len(children(service.pid)) >= 2
            run("verify", service.url, "--fixtures", world_file, "--only", "FETCH", "--read-only",
                "--fuzz-examples", 1, "--report-dir", tmp_path / "report")  # fmt: skip
            time.sleep(0.1)
            output += service.log + service.output
        with Service(tmp_path, arguments=("serve", "--demo", "--port", 0, "--log-level", "debug")) as demo:
            assert wait_until(lambda: "curl" in demo.output, 60)
            secrets.add(re.search(r":([0-9a-f]{32}) ", demo.output)[1])
            output += demo.log
    assert len(secrets) >= 7
    for command in ("account create", "rotate-token", "serve", "schemathesis", "multiprocessing"):
        assert any(command in line for line in lines), f"{command} was never seen to run"
    reports = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "report").iterdir())
    for secret in secrets:
        assert not [line for line in lines if secret in line], secret
        assert secret not in output, secret
        assert secret not in reports, secret


def test_no_command_takes_a_secret():
    """No option or argument of any command is for a token, a secret or a password: there is nothing to put there."""
    parameters = {
        (path, name)
        for path, command in walk()
        for parameter in command.params
        for name in (parameter.name or "", *parameter.opts)
    }
    assert len(parameters) > 50
    assert not [each for each in parameters if re.search("token|secret|password|credential", each[1])]
