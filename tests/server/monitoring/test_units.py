"""The systemd units of the guides, tested as far as possible where systemd does not run."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from ...support.consoles import blocks
from ...support.processes import free_port
from ...support.running import check_answering, environment, run_cli

GUIDES = Path(__file__).parents[3] / "openapi" / "guides"
BIN = Path(sys.executable).parent

EXPOSURE = 15
"""The limit on a unit's exposure by systemd's measure, in tenths; one without any protection has 96."""


def files() -> dict[str, str]:
    """Return the files of the guides, by their paths."""
    found = [
        block
        for guide in ("deploy", "back-up", "erasure")
        for language in ("ini", "sh")
        for block in blocks(GUIDES / f"{guide}.md", language)
    ]
    return {
        first.removeprefix("# "): rest
        for first, _, rest in (block.partition("\n") for block in found)
        if first.startswith("# /")
    }


def commands(unit: str) -> list[list[str]]:
    """Return a unit's commands, as systemd reads them."""
    return [shlex.split(line.replace("%%", "%")) for line in re.findall("^ExecStart=(.*)$", unit, re.MULTILINE)]


@pytest.fixture(scope="module")
def units(tmp_path_factory) -> Path:
    """Write a folder with the units, which run the command that is installed here."""
    folder = tmp_path_factory.mktemp("units")
    for name, text in files().items():
        path = folder / Path(name).relative_to("/etc")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("/opt/chat-bindings/bin", str(BIN)), encoding="utf-8")
    return folder / "systemd" / "system"


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False, env=environment()
    )


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_units(units):
    """Every unit, with the additions for PostgreSQL, passes systemd's own check without a warning."""
    names = sorted(path for path in units.iterdir() if path.is_file())
    assert [path.name for path in names] == [
        "chat-bindings-backup.service", "chat-bindings-backup.timer",
        "chat-bindings-erase.service", "chat-bindings-erase.timer", "chat-bindings.service"]  # fmt: skip
    verified = analyze("verify", "--recursive-errors=no", *names)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    with (units / "chat-bindings.service").open("a", encoding="utf-8") as unit:
        unit.write("[Service]\nProtektSystem=yes\n")
    assert "ProtektSystem" in analyze("verify", units / "chat-bindings.service").stderr


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize(
    "name", ["chat-bindings.service", "chat-bindings-backup.service", "chat-bindings-erase.service"]
)
def test_units_are_little_exposed(units, name):
    """A unit gives up nearly all rights that a service can give up, by systemd's own measure."""
    judged = analyze("security", "--offline=yes", f"--threshold={EXPOSURE}", units / name)
    assert judged.returncode == 0, judged.stdout


def test_the_backup_unit_backs_up_and_removes_what_is_old(tmp_path, world_file):
    """The nightly unit makes a backup, and removes those of 29 days ago, so that none gets 30 days old."""
    assert run_cli("import", world_file, "--database", f"sqlite:///{tmp_path}/bindings.db").returncode == 0
    backups = tmp_path / "backups"
    backups.mkdir()
    for days in (0, 1, 28, 29, 30, 300):
        (backups / f"{days}.db").touch()
        os.utime(backups / f"{days}.db", (time.time() - days * 86_400 - 60,) * 2)
    unit = files()["/etc/systemd/system/chat-bindings-backup.service"]
    unit = unit.replace("/opt/chat-bindings/bin", str(BIN)).replace("/var/lib/chat-bindings", str(tmp_path))
    for command in commands(unit):
        env = environment(CHAT_BINDINGS_DATABASE=f"sqlite:///{tmp_path}/bindings.db")
        subprocess.run(command, check=True, env=env)
    made = {path.name for path in backups.iterdir()}
    assert {"0.db", "1.db", "28.db"} < made
    assert len(made) == 4
    assert time.strftime("%Y-%m-%d.db", time.gmtime()) in made or time.gmtime().tm_hour == 0


# What the unit asks systemd for: nothing but its folder can be written, no privilege can be had, no memory be both
# written and run. System calls are not filtered here.
CONFINED = """
set -e
mount --bind {state} {state}
mount -o remount,bind,ro /
mount -t tmpfs tmpfs /mnt
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all {python} -c '
import ctypes, os, sys
assert ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0) == 0, ctypes.get_errno()
assert not os.access("/", os.W_OK)
os.execv(sys.argv[1], sys.argv[1:])' {command}
"""


@pytest.mark.needs("unshare")
def test_the_service_runs_confined(tmp_path, units):
    """The service runs under the unit's restrictions, as far as they exist without systemd, and ends cleanly."""
    (command,) = commands((units / "chat-bindings.service").read_text(encoding="utf-8"))
    port = free_port()
    (settings,) = (text for name, text in files().items() if name.endswith(".env"))
    variables = dict(line.split("=", 1) for line in settings.splitlines())
    variables |= {"CHAT_BINDINGS_DATABASE": f"sqlite:///{tmp_path}/bindings.db", "CHAT_BINDINGS_PORT": str(port)}
    script = CONFINED.format(state=tmp_path, python=sys.executable, command=shlex.join(command))
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script],
        env=environment(TMPDIR="/mnt", **variables),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            check_answering(process, port)
            site = httpx.get(f"http://127.0.0.1:{port}/docs/", follow_redirects=True, timeout=60)
            assert site.status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, process.stderr.read()
        finally:
            process.kill()  # else a failure would wait for its end
    assert (tmp_path / "bindings.db").stat().st_mode & 0o777 == 0o600
