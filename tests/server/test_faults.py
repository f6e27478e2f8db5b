"""A database that is locked or damaged, beside what `make faults` proves of each fault: its log, and what goes on."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ..conftest import load
from ..support import raw
from ..support.answers import check_error, operations
from ..support.holding import HOLD_EVERYTHING, held
from ..support.running import Service, World
from .conftest import Asker


def test_requests_without_the_database_do_not_wait_for_it(ask, service):
    """While requests wait for a locked database, what is answered without it is answered at once."""
    assert ask("listBindings").status == 200  # the WAL-index is there once something was read
    with held(HOLD_EVERYTHING, service.database), ThreadPoolExecutor(max_workers=4) as pool:
        waiting = [pool.submit(ask, operation) for operation in ("fetchBinding", "listBindings") for _ in range(2)]
        time.sleep(0.2)
        check_error(ask("listBindings", auth=None), "unauthorized", "listBindings")
        assert not any(future.done() for future in waiting)
        assert [future.result().status for future in waiting] == [503] * 4


def damage_bindings(database: Path) -> None:
    """Garbage in the roots of the trees of Bindings alone: accounts and services can still be read."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'bindings'").fetchall()
    with database.open("r+b") as file:
        for (root,) in roots:
            file.seek((root - 1) * size)
            file.write(os.urandom(size))


def damage_all(database: Path) -> None:
    """Garbage in every byte."""
    with database.open("r+b") as file:
        file.write(os.urandom(database.stat().st_size))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, world_file: Path) -> Path:
    """A database that holds the fixtures' world, for copies."""
    return load(tmp_path_factory.mktemp("loaded") / "loaded.db", world_file)


@contextmanager
def serving(database: Path, world: World) -> Iterator[tuple[Service, Asker]]:
    """A service that has opened its database: it listens a little before that."""
    with Service(database) as service:
        ask = Asker(service, world)
        assert ask("listBindings", path="/nowhere").status == 404
        yield service, ask


@pytest.mark.parametrize("damage", [damage_bindings, damage_all])
def test_a_damaged_database_is_500(tmp_path, loaded, world, damage):
    """With a database that is overwritten while it is served, every operation is a 500 that shows nothing of it."""
    database = shutil.copy(loaded, tmp_path / "damaged.db")
    with serving(database, world) as (service, ask):
        damage(database)
        responses = {operation: ask(operation) for operation in operations()}
        check_error(ask("listBindings", auth=None), "unauthorized", "listBindings")
        check_error(ask("listBindings", path="/nowhere"), "not_found")
    for operation, response in responses.items():
        check_error(response, "internal_server_error", operation)
        request_id = response.header("Twilio-Request-Id")
        assert f"{operation} 500 " in next(line for line in service.log.splitlines() if request_id in line)


def test_undamaged_tables_still_work(tmp_path, loaded, world):
    """Damage in the Bindings leaves the rest intact: a request for another account's service gets its 404."""
    database = shutil.copy(loaded, tmp_path / "damaged.db")
    with serving(database, world) as (_, ask):
        damage_bindings(database)
        check_error(ask("listBindings", service_sid=world.foreign["sid"]), "not_found", "listBindings")
        check_error(ask("listBindings", auth=raw.basic(world.a["sid"], "wrong")), "unauthorized", "listBindings")
