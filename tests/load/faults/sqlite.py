"""What befalls an SQLite file and the disk under it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import apsw

from ...support.holding import HOLD_EVERYTHING, HOLD_WRITES, held
from ...support.processes import children
from ...support.running import wait_until
from ..engines import SqliteDatabase
from .asking import READS
from .catalogue import AWAY, DAMAGED, NOTHING, OK, REFUSED, fault
from .disks import SmallDisk, slow_flushes
from .matrix import Scene


def _files(scene: Scene) -> list[Path]:
    path = scene.database.path
    return [each for name in ("", "-wal", "-shm") if (each := path.with_name(path.name + name)).exists()]


@fault("another process writes", "sqlite")
def writer(scene: Scene) -> Iterator[None]:
    with held(HOLD_WRITES, scene.database.path):
        yield


@fault("another process holds every lock", "sqlite", reads=AWAY, wrong=AWAY)
def locked(scene: Scene) -> Iterator[None]:
    with held(HOLD_EVERYTHING, scene.database.path):
        yield


@fault("the files become read-only", "sqlite", needs=["root", "chattr"])
def immutable(scene: Scene) -> Iterator[None]:
    files = _files(scene)
    subprocess.run(["chattr", "+i", *files], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", *files], check=True)


class WithoutRights:
    """A service that may read the file, and not write it: who runs the tests as root may, so it forgoes that."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.under = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
        self._path = database.path

    def __enter__(self) -> Self:
        self._holder = apsw.Connection(str(self._path))
        self._holder.execute("SELECT count(*) FROM bindings").fetchall()  # now there is a log, which a reader needs
        self._path.chmod(0o400)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._holder.close()

    def passes(self) -> None:
        """It may write the file."""
        self._path.chmod(0o600)


@fault("read-only since the start", "sqlite", setting=WithoutRights, begins=READS, needs=["setpriv"])
def unwritable(scene: Scene) -> Iterator[None]:
    yield
    scene.setting.passes()


@fault("the disk is full", "sqlite", setting=SmallDisk, needs=["root", "unshare"])
def full(scene: Scene) -> Iterator[None]:
    for number in range(100):  # the log holds more than the file has room for
        scene.ask.register(f"{number:04000}")
    with scene.setting.full():
        yield


@fault("files may not grow", "sqlite", needs=["prlimit"])
def limited(scene: Scene) -> Iterator[None]:
    command = ["prlimit", "--pid", str(scene.service.pid)]
    subprocess.run([*command, "--fsize=4096:unlimited"], check=True)
    yield
    subprocess.run([*command, "--fsize=unlimited:unlimited"], check=True)


@fault("a flush takes half a second longer", "sqlite", writes=OK, needs=["root", "strace"])
def slow(scene: Scene) -> Iterator[None]:
    with slow_flushes(scene.service.pid, 0.5):
        yield


@fault("a flush takes ten seconds longer", "sqlite", writes=OK | AWAY, needs=["root", "strace"])
def stuck(scene: Scene) -> Iterator[None]:
    with slow_flushes(scene.service.pid, 10):
        yield


@fault("the file is away", "sqlite", reads=OK | AWAY, wrong=REFUSED | AWAY)
def away(scene: Scene) -> Iterator[None]:
    path = scene.database.path
    aside = path.rename(path.with_name("aside.db"))
    yield
    aside.rename(path)


@fault("a copy takes the place of the file", "sqlite", writes=OK | AWAY)
def replaced(scene: Scene) -> Iterator[None]:
    _copy(scene.database).replace(scene.database.path)
    yield


@fault(
    "the file is damaged, until a copy takes its place",
    "sqlite",
    reads=OK | DAMAGED,
    writes=DAMAGED,
    wrong=REFUSED | DAMAGED,
)
def damaged(scene: Scene) -> Iterator[None]:
    copied = _copy(scene.database)
    with scene.database.path.open("r+b") as file:
        file.write(os.urandom(scene.database.path.stat().st_size))
    yield
    copied.replace(scene.database.path)


def _copy(database: SqliteDatabase) -> Path:
    """A copy as a backup makes it: what stands in the log is in it."""
    copied = database.path.with_name("copy.db")
    source, target = apsw.Connection(str(database.path)), apsw.Connection(str(copied))
    with target.backup("main", source, "main") as backup:
        backup.step()
    source.close()
    target.close()
    return copied


class OwnClock:
    """A clock for the service alone."""

    def __init__(self, database: SqliteDatabase) -> None:
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self._shift = database.path.with_name("clock")
        self.under = [
            "env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={self._shift}", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
        ]  # fmt: skip

    def __enter__(self) -> Self:
        self.shift(0)
        return self

    def __exit__(self, *exc_info: object) -> None: ...

    def shift(self, seconds: int) -> None:
        """Let it tell so many seconds more than there are."""
        self._shift.write_text(f"{seconds:+}")


@fault("the clock jumps back a day", "sqlite", writes=OK, setting=OwnClock, needs=["faketime"])
def clock(scene: Scene) -> Iterator[None]:
    before = scene.ask.register("a device")
    scene.setting.shift(-86400)
    later = scene.ask.register("another device")
    assert later["date_created"] < before["date_created"], "the clock did not jump"
    assert scene.ask.register("a device") == before, "a time of a Binding moved back"
    yield
    scene.setting.shift(0)


@fault(
    "a worker is killed",
    "sqlite",
    reads=OK | NOTHING,
    writes=OK | NOTHING,
    wrong=REFUSED | NOTHING,
    options=["--workers", "2"],
)
def worker_killed(scene: Scene) -> Iterator[None]:
    workers = len(children(scene.service.pid))
    os.kill(children(scene.service.pid)[-1], signal.SIGKILL)
    yield
    assert wait_until(lambda: len(children(scene.service.pid)) == workers, 15), "no other worker came"


@fault("the service is killed, and started again", "sqlite", reads=NOTHING, writes=NOTHING, wrong=NOTHING)
def service_killed(scene: Scene) -> Iterator[None]:
    scene.service.kill()
    yield
    scene.start()
