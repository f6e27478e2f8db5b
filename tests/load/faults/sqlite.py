"""Faults of an SQLite file and of the disk below it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import apsw

from ...support.holding import HOLD_EVERYTHING, HOLD_WRITES, held
from ..engines import SqliteFile
from .asking import READS
from .disks import fill, slow_flushes, small_disk
from .matrix import AWAY, DAMAGED, OK, REFUSED, Scene, fault


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


@contextmanager
def without_rights(scene: Scene) -> Iterator[None]:
    """Make the file read-only for the service: root may write anything, so it drops that right."""
    scene.under = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
    with closing(apsw.Connection(str(scene.database.path))) as holder:
        holder.execute("SELECT count(*) FROM bindings").fetchall()  # now there is a log, which a reader needs
        scene.database.path.chmod(0o400)
        yield


@fault("read-only since the start", "sqlite", setting=without_rights, begins=READS, needs=["setpriv"])
def unwritable(scene: Scene) -> Iterator[None]:
    yield
    scene.database.path.chmod(0o600)


@contextmanager
def on_a_small_disk(scene: Scene) -> Iterator[None]:
    with small_disk(8) as scene.files:
        scene.database = SqliteFile(Path(shutil.copy(scene.database.path, scene.files)))
        yield


# a delete may still find room in the log: it is on disk then
@fault("the disk is full", "sqlite", writes=OK | AWAY, setting=on_a_small_disk, needs=["root"])
def full(scene: Scene) -> Iterator[None]:
    for number in range(100):  # the log holds more than the file has room for
        scene.ask.register(f"{number:04000}")
    with fill(scene.files):
        assert not all(scene.ask("register").is_well for _ in range(20_000)), "a full disk refuses nothing"
        yield


@fault("files may not grow", "sqlite", needs=["prlimit"])
def limited(scene: Scene) -> Iterator[None]:
    command = ["prlimit", "--pid", str(scene.service.pid)]
    subprocess.run([*command, "--fsize=4096:unlimited"], check=True)
    yield
    subprocess.run([*command, "--fsize=unlimited:unlimited"], check=True)


def _slow(scene: Scene, seconds: float) -> Iterator[None]:
    with slow_flushes(scene.service.pid, seconds):
        yield


fault("a flush takes half a second longer", "sqlite", writes=OK, needs=["root", "strace"])(partial(_slow, seconds=0.5))
fault("a flush takes ten seconds longer", "sqlite", writes=OK | AWAY, needs=["root", "strace"])(
    partial(_slow, seconds=10)
)


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
    "the file is damaged, until a copy takes its place", "sqlite",
    reads=OK | DAMAGED, writes=DAMAGED, wrong=REFUSED | DAMAGED,
)  # fmt: skip
def damaged(scene: Scene) -> Iterator[None]:
    copied = _copy(scene.database)
    with scene.database.path.open("r+b") as file:
        file.write(os.urandom(scene.database.path.stat().st_size))
    yield
    copied.replace(scene.database.path)


def _copy(database: SqliteFile) -> Path:
    """Copy it as a backup does: the log's content is in the copy."""
    copied = database.path.with_name("copy.db")
    source, target = apsw.Connection(str(database.path)), apsw.Connection(str(copied))
    with target.backup("main", source, "main") as backup:
        backup.step()
    source.close()
    target.close()
    return copied
