"""Fixtures that all tests share."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from .support import measuring, running
from .support.databases import DATABASES, Place
from .support.engines import ENGINES, Database, PostgresDatabase, SqliteDatabase
from .support.postgres import Postgres
from .support.running import Service, World
from .support.scope import on_any_engine
from .support.tools import QUICK, missing, unavailable

# A shell starts what it runs in the background with SIGINT ignored, and the processes of the tests would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30
"""Bytes that must be free in memory's file system."""


def _keep_files_in_memory() -> None:
    """Keep temporary files in memory: where others use the disk, a flush may take longer than a service waits."""
    fits = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM
    if "TMPDIR" not in os.environ and fits and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


_keep_files_in_memory()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--engine postgresql`: the service tests on PostgreSQL."""
    parser.addoption("--engine", choices=ENGINES, default=DATABASES.engine, help="where the service keeps its data")


def pytest_configure(config: pytest.Config) -> None:
    """Keep data in the engine of `--engine`."""
    DATABASES.engine = config.getoption("--engine")


def pytest_unconfigure() -> None:
    """Stop the database that was started."""
    DATABASES.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests of slow tools, deselect those that the engine does not decide, and sort the longest first.

    So all processes of a run end at about the same time.
    """
    for item in items:
        if tools := {tool for marker in item.iter_markers("needs") for tool in marker.args} - QUICK:
            item.add_marker(pytest.mark.ci(f"needs {', '.join(sorted(tools))}"))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    decided = [item for item in items if DATABASES.engine != "postgresql" or on_any_engine(item.nodeid)]
    if "CHAT_BINDINGS_TEST_CITUS" not in os.environ:  # a cluster is nothing that a machine of CI has
        decided = [item for item in decided if item.path.name != "test_citus_cluster.py"]
    if len(decided) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in decided])
        items[:] = decided


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tools are missing: here, since pytest puts skips from one place in one line."""
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if what := missing(tool):
                unavailable(what)


@pytest.fixture
def unforked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start commands and services as from a shell: the fork server has limits and a command line of its own."""
    monkeypatch.setattr(running, "in_a_test", lambda: False)


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """Switch coverage off: the module's tests run none of the package's own code, or what others run as well."""
    with measuring.unmeasured():
        yield


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """Start PostgreSQL, for all tests of this process: none of them stops it."""
    return DATABASES.server


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """Create a database of PostgreSQL that has the schema and nothing else, to be copied."""
    empty = PostgresDatabase(postgres)
    with empty.administration() as administration:
        administration.migrate()
    return empty.name


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Database]:
    """Return a function that makes a database of an engine, with the schema and nothing in it."""

    def make(engine: str) -> Database:
        if engine == "postgresql":
            return PostgresDatabase(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
        made = SqliteDatabase(tmp_path / f"new-{len(list(tmp_path.iterdir()))}.db")
        with made.administration() as administration:
            administration.migrate()
        return made

    return make


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, new_database: Callable[[str], Database]) -> Database:
    """Make a database with the schema, of each engine in turn."""
    return new_database(request.param)


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the fixtures' world to a file."""
    path = tmp_path_factory.mktemp("world") / "world.json"
    World.made(path)
    return path


@pytest.fixture(scope="session")
def world(world_file: Path) -> World:
    """Return the world that `service` holds."""
    return World(json.loads(world_file.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the site into a folder."""
    from chat_bindings.site.folder import publish

    folder = tmp_path_factory.mktemp("published") / "site"
    publish(folder)
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the downloads into a folder."""
    from chat_bindings.site.downloads import downloads

    folder = tmp_path_factory.mktemp("published")
    for name, content in downloads().items():
        (folder / name).write_bytes(content)
    return folder


def load(path: Path, world_file: Path) -> Place:
    """Make a database that holds a world: the file at `path`, unless `--engine` names another engine."""
    return DATABASES.loaded(path, world_file)


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, world_file: Path) -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service with the fixtures' world, for one module: none logs a fault."""
    started: list[Service] = []
    with ExitStack() as ends:

        def serve(*options: object, **others: Any) -> Service:
            database = load(tmp_path_factory.mktemp("service") / "service.db", world_file)
            started.append(ends.enter_context(Service(database, *options, **others)))
            return started[-1]

        yield serve
    for service in started:
        assert "Traceback" not in service.log
        assert "internal error" not in service.log


@pytest.fixture(scope="module")
def service(serve: Callable[..., Service]) -> Service:
    """Start a service that holds the fixtures' world, for the tests of one module."""
    return serve()


@pytest.fixture
def client(service: Service, world: World) -> Iterator[httpx.Client]:
    """Open an HTTP client of account A."""
    with httpx.Client(base_url=service.url, auth=world.auth, timeout=60) as http:
        yield http
