"""A database that is locked or damaged, beside what `make faults` proves of each fault: its log, and what goes on."""

import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from ..conftest import load
from ..support import raw
from ..support.answers import check_error, operations
from ..support.holding import HOLD_EVERYTHING, held
from ..support.running import Service, wait_until
from .conftest import Asker


def test_requests_without_the_database_do_not_wait_for_it(ask, service):
    """While requests wait for a locked database, what is answered without it is answered before them."""
    assert ask("listBindings").status == 200  # the WAL-index is there once something was read

    def is_before() -> bool:
        with ThreadPoolExecutor(max_workers=4) as pool:
            waiting = [pool.submit(ask, operation) for operation in ("fetchBinding", "listBindings") for _ in range(2)]
            time.sleep(0.2)
            check_error(ask("listBindings", auth=None), "unauthorized", "listBindings")
            found = not any(future.done() for future in waiting)
            assert [future.result().status for future in waiting] == [503] * 4
        return found

    with held(HOLD_EVERYTHING, service.database):
        assert wait_until(is_before, 60)


def damage_bindings(database: Path) -> None:
    """Overwrite the roots of the trees of Bindings alone: accounts and services can still be read."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'bindings'").fetchall()
    with database.open("r+b") as file:
        for (root,) in roots:
            file.seek((root - 1) * size)
            file.write(os.urandom(size))


def test_damaged_bindings_are_a_500(tmp_path, world_file, world):
    """Where Bindings are overwritten every operation is a 500 with a line of the log; what needs none is answered."""
    database = load(tmp_path / "damaged.db", world_file)
    with Service(database) as service:
        ask = Asker(service, world)
        assert ask("listBindings", path="/nowhere").status == 404  # it listens a little before it has opened the file
        damage_bindings(database)
        responses = {operation: ask(operation) for operation in operations()}
        check_error(ask("listBindings", auth=None), "unauthorized", "listBindings")
        check_error(ask("listBindings", auth=raw.basic(world.a["sid"], "wrong")), "unauthorized", "listBindings")
        check_error(ask("listBindings", service_sid=world.foreign["sid"]), "not_found", "listBindings")
    for operation, response in responses.items():
        check_error(response, "internal_server_error", operation)
        request_id = response.header("Twilio-Request-Id")
        assert f"{operation} 500 " in next(line for line in service.log.splitlines() if request_id in line)
