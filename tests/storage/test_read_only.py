"""Databases that may not be written are read, by commands and by `serve`."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chat_bindings.storage.interface import AccountRow, ServiceRow
from chat_bindings.storage.sqlite.administration import SqliteAdministration
from chat_bindings.tokens import digest

from ..support.running import Service

pytestmark = pytest.mark.needs("root")

SERVICE, TOKEN = f"IS{1:032x}", "a" * 32

LEFT_BY_A_KILL = """
import os, sys
from pathlib import Path
from chat_bindings.storage.interface import AccountRow
from chat_bindings.storage.sqlite.administration import SqliteAdministration
with SqliteAdministration(Path(sys.argv[1])) as storage:
    storage.add(AccountRow("AC" + "2" * 32, "0" * 64))
    os.kill(os.getpid(), 9)
"""

READ = """
cd /
for command in "database status" "export" "backup -o -"; do
    "$1" -m chat_bindings $command --database "sqlite:///$2/kept.db" >"$3"; echo "$command: $? $(grep -c 22222222 "$3")"
done
"$1" -m chat_bindings account create --database "sqlite:///$2/kept.db"; echo "account create: $?"
"""

MOUNT = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'

UNDER = {
    "a read-only mount": ["unshare", "--mount", "sh", "-c", MOUNT],
    "no right to write": ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"],
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "kept.db"
    path.parent.mkdir()
    with SqliteAdministration(path) as storage:
        storage.migrate()
        storage.add(AccountRow("AC" + "1" * 32, digest(TOKEN)))
        storage.add(ServiceRow(SERVICE, "AC" + "1" * 32))
    return path


def kill_in_the_midst(path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", LEFT_BY_A_KILL, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.with_name("kept.db-wal").stat().st_size


def run_under(how: str, path: Path, script: str, output: Path) -> "subprocess.CompletedProcess[str]":
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    folder = [path.parent] if "mount" in how else []
    command = [*UNDER[how], *folder, "sh", "-c", script, "sh", sys.executable, path.parent, output]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.needs("unshare")
@pytest.mark.needs("setpriv")
@pytest.mark.parametrize(("left", "how"), [("closed", "a read-only mount"), *(("killed", how) for how in UNDER)])
def test_what_may_not_be_written_is_read(path, tmp_path, how, left):
    """A database that was closed cleanly or left by `kill -9` is read whole; writing commands report an error."""
    if left == "killed":
        kill_in_the_midst(path)
    else:
        with SqliteAdministration(path) as storage:
            storage.add(AccountRow("AC" + "2" * 32, "0" * 64))
    done = run_under(how, path, READ, tmp_path / "out")
    printed = dict(line.split(": ") for line in done.stdout.splitlines() if ": " in line)
    assert printed["database status"].startswith("0 "), done
    assert printed["account create"] == "2", done
    assert "it cannot be written: it or its folder is read-only" in done.stderr
    assert "Traceback" not in done.stderr
    assert printed["export"] == "0 1", done
    assert printed["backup -o -"].startswith("0 "), done


@pytest.mark.needs("setpriv")
def test_what_sqlite_cannot_read_is_said_in_a_sentence(path, tmp_path):
    """A log without its index, in a folder that may not be written, is no reason to serve what is older."""
    kill_in_the_midst(path)
    path.with_name("kept.db-shm").unlink()
    done = run_under("no right to write", path, READ, tmp_path / "out")
    assert done.stdout.splitlines()[0] == "database status: 2 0"
    assert "the latest changes are in" in done.stderr
    assert "Traceback" not in done.stderr


FULL = """
cp -a "$0" "$0 aside" && mount -t tmpfs -o size=4m tmpfs "$0" && cp -a "$0 aside/." "$0" || exit
dd if=/dev/zero of="$0/filler" bs=4096 2>/dev/null
exec "$@"
"""

SERVED_UNDER = UNDER | {"a full disk": ["unshare", "--mount", "sh", "-c", FULL]}


@pytest.mark.needs("unshare")
@pytest.mark.needs("setpriv")
@pytest.mark.parametrize("how", SERVED_UNDER)
def test_serve_reads_what_may_not_be_written(path, how):
    """The service starts, reads, answers writes as unavailable, and ends cleanly."""
    if how != "a full disk":
        for file in path.parent.iterdir():
            file.chmod(0o444)
        path.parent.chmod(0o555)
    folder = [] if how == "no right to write" else [path.parent]
    device = {"Identity": "u", "Endpoint": "e", "BindingType": "apn", "CredentialSid": f"CR{1:032x}"}
    with (
        Service(path, under=[*SERVED_UNDER[how], *folder]) as service,
        httpx.Client(base_url=service.url, auth=("AC" + "1" * 32, TOKEN), timeout=60) as client,
    ):
        listed = client.get(f"/v2/Services/{SERVICE}/Bindings")
        assert (listed.status_code, listed.json()["bindings"]) == (200, [])
        refused = client.post(f"/registration/v1/Services/{SERVICE}/Bindings", data=device)
        assert (refused.status_code, refused.json()["code"]) == (503, 20503)
        assert client.get(f"/v2/Services/{SERVICE}/Bindings").json()["bindings"] == []
    assert service.returncode == 0
    assert "Traceback" not in service.log


@pytest.mark.needs("setpriv")
def test_a_file_that_this_user_may_not_read_is_named(path):
    """An error of rights names the file or folder without them."""
    kill_in_the_midst(path)
    path.with_name("kept.db-shm").chmod(0)
    command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", sys.executable, "-m", "chat_bindings"]
    done = subprocess.run(
        [*command, "database", "status", "--database", f"sqlite:///{path}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"this user may not read {path}-shm" in done.stderr
