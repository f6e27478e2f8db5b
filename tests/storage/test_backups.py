"""A backup that is taken while a service writes at full speed is one moment of it, and `restore` brings that back."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import apsw
import pytest

from ..conftest import load
from ..load.clients import call
from ..load.worlds import SERVICE, Population, sid, write_world
from ..server.conftest import Asker, registration
from ..support.databases import DATABASES, Place, locator_of
from ..support.flood import Connection
from ..support.running import CLI, Service, cli_error, cli_output, environment, wait_until

STANDING = 10_000 if DATABASES.engine == "sqlite" else 5_000
"""Bindings that are there before, to be deleted: so many that a copy takes longer than many writes."""

CONNECTIONS = 8
"""Connections that register, and as many that delete."""

ROUNDS = 2


@dataclass
class Write:
    """A write with the times of its request and response, by a clock that ticks with each of these."""

    sid: str
    """The SID of the deleted Binding."""

    sent: int
    answered: int | None = None


@dataclass
class History:
    """All writes that were sent."""

    devices: dict[str, Write] = field(default_factory=dict)
    """Registrations, by their endpoints."""

    deleted: list[Write] = field(default_factory=list)

    clock: Iterator[int] = field(default_factory=count)

    async def grown(self, number: int) -> None:
        """Wait until so many more writes were answered."""
        expected = self.answered + number
        async with asyncio.timeout(60):
            while self.answered < expected:  # noqa: ASYNC110 - the clients only count
                await asyncio.sleep(0.01)

    @property
    def answered(self) -> int:
        return sum(each.answered is not None for each in [*self.devices.values(), *self.deleted])

    def broken(self, found: dict[str, str], began: int) -> list[str]:
        """Return why a backup with these SIDs and endpoints is not one moment after `began`."""
        there = set(found.values())
        done, missing = [], []
        for endpoint, write in self.devices.items():
            (done if endpoint in there else missing).append(write)
        for write in self.deleted:
            (missing if write.sid in found else done).append(write)
        moment = max([began, *(each.sent for each in done)])
        return [f"{each} is missing, and was done before another" for each in missing
                if each.answered is not None and each.answered < moment]  # fmt: skip


async def register(url: str, history: History, name: str) -> None:
    """Register new devices on a connection without a pause."""
    async with Connection(url) as connection:
        for number in count():
            device = {"Identity": f"user {number % 9}", "Endpoint": f"{name} {number}"}
            form = device | {"BindingType": "apn", "CredentialSid": f"CR{0:032x}"}
            write = history.devices[device["Endpoint"]] = Write("", next(history.clock))
            assert (await connection.send(*call("registerBinding", form=form))).status == 201
            write.answered = next(history.clock)


async def delete(url: str, history: History, numbers: range) -> None:
    """Delete old devices on a connection without a pause."""
    async with Connection(url) as connection:
        for number in numbers:
            write = Write(sid(number), next(history.clock))
            history.deleted.append(write)
            assert (await connection.send(*call("deleteBinding", sid(number)))).status == 204
            write.answered = next(history.clock)


async def backed_up(database: Place, folder: Path, url: str) -> tuple[History, list[int]]:
    """Take backups while all connections write. Returns the writes, and when each backup was begun."""
    history, begun = History(), []
    work = [register(url, history, f"device {number}") for number in range(CONNECTIONS)]
    work += [delete(url, history, range(number, STANDING, CONNECTIONS)) for number in range(CONNECTIONS)]
    writing = [asyncio.create_task(each) for each in work]
    for number in range(ROUNDS):
        await history.grown(2 * CONNECTIONS)
        begun.append(next(history.clock))
        command = [*CLI, "backup", "-o", folder / f"{number}.db", "--database", locator_of(database)]
        process = await asyncio.create_subprocess_exec(*command, env=environment(), stderr=asyncio.subprocess.PIPE)
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        await history.grown(2 * CONNECTIONS)
    assert not any(task.done() for task in writing), [task.exception() for task in writing if task.done()]
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    return history, begun


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, world_file) -> Place:
    """Fill a database with the fixtures' world, and with many Bindings of another account."""
    folder = tmp_path_factory.mktemp("loaded")
    write_world(folder / "many.json", Population(STANDING).lines())
    database = load(folder / "loaded.db", world_file)
    cli_output("import", folder / "many.json", "--database", locator_of(database))
    return database


def test_backups_under_load_are_moments(tmp_path, loaded, world_file):
    """Each backup holds all that was acknowledged when it began, and nothing without what was done before it.

    It restores to a database that holds together, in which no Binding and no key is twice, and that keeps the contract.
    """
    with Service(loaded, "--workers", 2) as service:
        history, begun = asyncio.run(backed_up(loaded, tmp_path, service.url))
    assert len(history.devices) > ROUNDS * CONNECTIONS < len(history.deleted)
    for number, began in enumerate(begun):
        database = tmp_path / f"restored {number}.db"
        cli_output("restore", tmp_path / f"{number}.db", "--database", f"sqlite:///{database}")
        with closing(apsw.Connection(str(database))) as connection:
            assert connection.pragma("integrity_check") == "ok"
            assert connection.pragma("journal_mode") == "wal"
            keys = "count(*), count(DISTINCT service_sid || sid), count(DISTINCT service_sid || hex(key_sha256))"
            (counts,) = connection.execute(f"SELECT {keys} FROM bindings")
            assert len(set(counts)) == 1
            found = dict(connection.execute("SELECT sid, endpoint FROM bindings WHERE service_sid = ?", (SERVICE,)))
        assert history.broken(found, began) == []
    with Service(database) as service:
        only = [word for name in ("FETCH-01", "LIST-01", "PAGE-05", "DELETE-01") for word in ("--only", name)]
        cli_output("verify", service.url, "--fixtures", world_file, *only)


def test_what_is_no_moment_is_found():
    """The comparison finds a write that is missing although a later one is there, and one that was acknowledged."""
    history = History({"a": Write("", 1, 3), "b": Write("", 4, 6)}, [Write("BS1", 5, 7)])
    assert history.broken({"BS0": "a", "BS1": "c"}, began=3) == []
    assert history.broken({"BS0": "a", "BS2": "b", "BS1": "c"}, began=3) == []
    assert len(history.broken({"BS2": "b", "BS1": "c"}, began=0)) == 1
    assert len(history.broken({"BS1": "c"}, began=4)) == 1
    assert len(history.broken({"BS0": "a", "BS2": "b", "BS1": "c"}, began=8)) == 1


def backing_up(database: Place, backup: Path) -> subprocess.Popen[bytes]:
    command = [*CLI, "backup", "-o", backup, "--database", locator_of(database)]
    return subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)


def test_a_killed_backup_leaves_nothing_that_looks_like_one(tmp_path, loaded):
    """After `kill -9` there is no file of the name; what is hidden is refused, and gone after the next backup."""
    backup, database = tmp_path / "backup.db", f"sqlite:///{tmp_path}/new.db"
    unfinished = tmp_path / ".backup.db.unfinished" / "new"
    with backing_up(loaded, backup) as process:
        assert wait_until(lambda: unfinished.exists() and unfinished.stat().st_size, 60, every=0.001)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not backup.exists()
    assert f"{unfinished} must " in cli_error("restore", unfinished, "--database", database)
    assert not (tmp_path / "new.db").exists()
    cli_output("backup", "-o", backup, "--database", locator_of(loaded))
    assert [path.name for path in tmp_path.iterdir()] == ["backup.db"]


def test_an_interrupted_backup_leaves_nothing(tmp_path, loaded):
    """Ctrl-C ends it with 130, and all that it made is gone; the backup that was there is as it was."""
    backup = tmp_path / "backup.db"
    backup.write_bytes(b"an older one")
    with backing_up(loaded, backup) as process:
        assert wait_until(lambda: list(tmp_path.glob(".backup.db.unfinished/*")), 60, every=0.001)
        process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"backup.db": b"an older one"}


@pytest.mark.needs("unshare")
@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ('mount -t tmpfs -o size=4m none "$0"', "database or disk is full"),
        ("ulimit -f 3000", "disk I/O error"),
    ],
)
def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path, loaded, limit, reason):
    """A full disk is an error that names the file and the reason, and leaves nothing there."""
    script = f'{limit} && {{ "$@"; code=$?; ls -A "$0"; exit $code; }}'
    command = [*CLI, "backup", "-o", tmp_path / "backup.db", "--database", locator_of(loaded)]
    done = subprocess.run(
        ["unshare", "--mount", "--user", "--map-root-user", "bash", "-c", script, tmp_path, *command],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: --output {tmp_path}/backup.db cannot be written: {reason}")


def test_a_database_is_replaced_under_a_running_service(tmp_path, world, world_file):
    """All content is replaced, in the running service too, and of later registrations no byte is left."""
    database = load(tmp_path / "replaced.db", world_file)
    backup = tmp_path / "backup.db"
    cli_output("backup", "-o", backup, "--database", locator_of(database))
    with Service(database) as service:
        ask = Asker(service, world)
        assert ask("deleteBinding").status == 204
        body = registration("somebody new", "marked-endpoint")
        assert ask("registerBinding", service_sid=world.empty["sid"], body=body).status == 201
        refused = cli_error("restore", backup, "--database", locator_of(database))
        assert "holds 2 accounts: name a new one, or give --replace" in refused
        assert ask("fetchBinding").status == 404
        cli_output("restore", backup, "--replace", "--database", locator_of(database))
        assert ask("fetchBinding").status == 200
        listed = json.loads(ask("listBindings", service_sid=world.empty["sid"]).content)
        assert listed["bindings"] == []
        cli_output("database", "erase", "--database", locator_of(database))
        assert not [path for path in tmp_path.glob("replaced.db*") if b"marked-endpoint" in path.read_bytes()]
