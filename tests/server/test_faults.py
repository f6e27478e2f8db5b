"""A database that is locked is a 503 that passes with the lock, and a damaged one a 500: on every operation."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from ..conftest import load
from ..support import raw
from ..support.answers import check_documented, check_error, document
from ..support.holding import HOLD_EVERYTHING, HOLD_WRITES, held
from ..support.raw import Response
from ..support.running import Service, World
from .conftest import Asker, registration

READING = ["fetchBinding", "listBindings"]
WRITING = ["deleteBinding", "registerBinding"]
SUCCESS = {"fetchBinding": 200, "listBindings": 200, "deleteBinding": 204, "registerBinding": 201}

PATIENCE = 60.0
"""Seconds within which a locked database is answered for: the service waits for a while, but not for ever."""

_numbers = count(1)


def request(world: World, operation: str) -> dict[str, object]:
    """What succeeds: a Binding that none of these tests has deleted yet, and a device that none has registered."""
    if operation == "deleteBinding":
        return {"sid": world.full["bindings"][-next(_numbers)]["sid"]}
    return {"body": registration(endpoint=os.urandom(8).hex())} if operation == "registerBinding" else {}


def timed(ask: Asker, *arguments: object, **options: object) -> tuple[Response, float]:
    """An answer, and how many seconds it took."""
    started = time.monotonic()
    return ask(*arguments, **options), time.monotonic() - started


def check_away(response: Response, seconds: float, operation: str) -> None:
    check_error(response, "service_unavailable", operation)
    assert (
        int(response.header("Retry-After")) >= document()["components"]["headers"]["Retry-After"]["schema"]["minimum"]
    )
    assert seconds < PATIENCE


@pytest.mark.parametrize("operation", WRITING)
def test_a_write_that_cannot_be_is_503_and_works_again_by_itself(ask, service, world, operation):
    """While another process writes, a write is a 503; the same works when it is done, with no restart."""
    asked = request(world, operation)
    with held(HOLD_WRITES, service.database):
        check_away(*timed(ask, operation, **asked), operation)
    response = ask(operation, **asked)
    assert response.status == SUCCESS[operation]
    check_documented(response, operation)


@pytest.mark.parametrize("operation", READING)
def test_reads_do_not_wait_for_a_writer(ask, service, operation):
    """While another process writes, reads answer as ever."""
    with held(HOLD_WRITES, service.database):
        response, seconds = timed(ask, operation)
    assert response.status == SUCCESS[operation]
    assert seconds < PATIENCE


@pytest.mark.parametrize("operation", READING + WRITING)
def test_a_locked_database_is_503_and_works_again_by_itself(ask, service, world, operation):
    """While another process holds every lock there is, an operation is a 503; it works again when they are gone."""
    asked = request(world, operation)
    assert ask("listBindings").status == 200  # the WAL-index is there once something was read
    with held(HOLD_EVERYTHING, service.database):
        check_away(*timed(ask, operation, **asked), operation)
    response = ask(operation, **asked)
    assert response.status == SUCCESS[operation]
    check_documented(response, operation)


def test_requests_without_the_database_do_not_wait_for_it(ask, service):
    """While requests wait for a locked database, what is answered without it is answered at once."""
    assert ask("listBindings").status == 200
    with held(HOLD_EVERYTHING, service.database), ThreadPoolExecutor(max_workers=4) as pool:
        waiting = [pool.submit(timed, ask, operation) for operation in READING for _ in range(2)]
        time.sleep(0.2)
        unauthorized, seconds = timed(ask, "listBindings", auth=None)
        check_error(unauthorized, "unauthorized", "listBindings")
        assert not any(future.done() for future in waiting)
        assert seconds < PATIENCE
        for future in waiting:
            response, seconds = future.result()
            assert response.status == 503
            assert seconds < PATIENCE


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
        responses = {operation: ask(operation, **request(world, operation)) for operation in READING + WRITING}
        check_error(ask("listBindings", auth=None), "unauthorized", "listBindings")
        check_error(ask("listBindings", path="/nowhere"), "not_found")
    for operation, response in responses.items():
        check_error(response, "internal_server_error", operation)
        assert f"{operation} 500 " in next(line for line in service.log.splitlines() if request_id(response) in line)


def request_id(response: Response) -> str:
    """The id by which operators find the fault in the log, as the message says."""
    value = response.header("Twilio-Request-Id")
    assert value
    return value


def test_undamaged_tables_still_work(tmp_path, loaded, world):
    """Damage in the Bindings leaves the rest intact: a request for another account's service gets its 404."""
    database = shutil.copy(loaded, tmp_path / "damaged.db")
    with serving(database, world) as (_, ask):
        damage_bindings(database)
        check_error(ask("listBindings", service_sid=world.foreign["sid"]), "not_found", "listBindings")
        check_error(ask("listBindings", auth=raw.basic(world.a["sid"], "wrong")), "unauthorized", "listBindings")
