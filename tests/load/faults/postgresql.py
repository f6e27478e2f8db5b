"""Faults of a PostgreSQL server."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import psycopg

from ...support.postgres import Postgres
from ...support.running import wait_until
from ..engines import SETTINGS, PostgresPart
from .disks import fill, small_disk
from .matrix import AWAY, OK, REFUSED, UNAVAILABLE, Scene, fault

_OURS = "pid FROM pg_stat_activity WHERE application_name = 'chat-bindings'"
"""The condition that selects the service's sessions."""

SLOW = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep({seconds}); RETURN coalesce(NEW, OLD); END $$;
    CREATE TRIGGER slow BEFORE INSERT OR UPDATE OR DELETE ON bindings FOR EACH ROW EXECUTE FUNCTION slow()"""

_ENOUGH = 5000
"""Registrations that fill the room left in a table's pages."""


@fault("the database is killed, and started again", "postgresql", reads=AWAY, wrong=AWAY)
def killed(scene: Scene) -> Iterator[None]:
    scene.database.server.kill()
    yield
    scene.database.server.start()


@fault("the database is stopped, and started again", "postgresql", reads=AWAY, wrong=AWAY)
def stopped(scene: Scene) -> Iterator[None]:
    scene.database.server.stop()
    yield
    scene.database.server.start()


@fault("one of its processes is killed", "postgresql", reads=OK | AWAY, writes=OK | AWAY, wrong=REFUSED | AWAY)
def crashed(scene: Scene) -> Iterator[None]:
    ((pid,), *_) = scene.database.execute(f"SELECT {_OURS}")
    os.kill(pid, signal.SIGKILL)
    yield


@fault("its sessions are ended", "postgresql", writes=OK | AWAY)
def ended(scene: Scene) -> Iterator[None]:
    scene.database.execute(f"SELECT pg_terminate_backend(pid), {_OURS}")
    yield


@fault("the database stands still", "postgresql", reads=AWAY, wrong=AWAY)
def paused(scene: Scene) -> Iterator[None]:
    scene.database.server.pause()
    yield
    scene.database.server.resume()


@fault("another session has locked the table", "postgresql", reads=AWAY)
def locked(scene: Scene) -> Iterator[None]:
    with scene.database.server.connect(scene.database.name) as session, session.transaction():
        session.execute("LOCK TABLE bindings IN ACCESS EXCLUSIVE MODE")
        yield


def _slow(scene: Scene, seconds: float) -> Iterator[None]:
    scene.database.execute(SLOW.format(seconds=seconds))
    yield
    scene.database.execute("DROP FUNCTION slow CASCADE")


fault("a write takes half a second longer", "postgresql", writes=OK)(partial(_slow, seconds=0.5))
fault("a write takes ten seconds longer", "postgresql")(partial(_slow, seconds=10))


@fault("the database becomes read-only", "postgresql")
def read_only(scene: Scene) -> Iterator[None]:
    server = scene.database.server
    server.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    server.execute("SELECT pg_reload_conf()")
    assert wait_until(lambda: server.execute("SHOW default_transaction_read_only") == [("on",)], 10)
    yield
    server.execute("ALTER SYSTEM RESET default_transaction_read_only")
    server.execute("SELECT pg_reload_conf()")


@fault("it takes no more connections", "postgresql", reads=AWAY, wrong=AWAY)
def crowded(scene: Scene) -> Iterator[None]:
    server = scene.database.server
    with ExitStack() as sessions, server.connect() as first:
        while first.execute(f"SELECT pg_terminate_backend(pid), {_OURS}").fetchall():
            with suppress(psycopg.OperationalError):
                while True:
                    sessions.enter_context(server.connect())
        yield


@contextmanager
def on_a_small_disk(scene: Scene) -> Iterator[None]:
    # its programs may have to be copied, and files of its log are kept ready
    with small_disk(400) as scene.files, Postgres(settings=SETTINGS, below=scene.files) as server:
        scene.database = PostgresPart(server, scene.database.world)
        yield


@fault("its disk is full", "postgresql", setting=on_a_small_disk, writes=OK | AWAY, needs=["root"])
def full(scene: Scene) -> Iterator[None]:
    with fill(scene.files):
        assert any(scene.ask("register").status == UNAVAILABLE for _ in range(_ENOUGH)), "there was room left"
        yield


class Standby(Postgres):
    """A server that follows another, and can take its place."""

    def __init__(self, primary: Postgres) -> None:
        super().__init__(settings=primary.settings)
        self._primary = primary

    def _make(self) -> None:
        self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "-d", self._primary.url())


@contextmanager
def with_a_standby(scene: Scene) -> Iterator[None]:
    """Start a standby with all that was acknowledged; the service gets both addresses."""
    with Postgres(settings=SETTINGS) as primary:
        scene.database = PostgresPart(primary, scene.database.world)
        with Standby(primary) as scene.standby:
            primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            primary.execute("SELECT pg_reload_conf()")
            state = "SELECT sync_state FROM pg_stat_replication"
            assert wait_until(lambda: primary.execute(state) == [("sync",)], 60), scene.standby.log
            hosts = ",".join(f"127.0.0.1:{server.port}" for server in (primary, scene.standby))
            path = f"{scene.database.name}?target_session_attrs=read-write"
            scene.database.locator = f"postgresql://postgres@{hosts}/{path}"
            yield


@fault("it fails over to a standby", "postgresql", setting=with_a_standby, reads=AWAY | OK, wrong=AWAY | REFUSED)
def fails_over(scene: Scene) -> Iterator[None]:
    scene.database.server.kill()
    yield
    scene.standby.execute("SELECT pg_promote()")
    scene.database.server = scene.standby
