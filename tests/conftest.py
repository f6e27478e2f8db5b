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
"""Bytes that must be free there."""


def _keep_files_in_memory() -> None:
    """Let temporary files be in memory: where others use the disk, a flush may take longer than a service waits."""
    fits = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM
    if "TMPDIR" not in os.environ and fits and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


_keep_files_in_memory()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--engine postgresql`: the service tests on PostgreSQL."""
    parser.addoption("--engine", choices=ENGINES, default=DATABASES.engine, help="where the service keeps its data")


def pytest_configure(config: pytest.Config) -> None:
    """Keep data in the engine of `--engine`."""
    DATABASES.engine = config.getoption("--engine")


def pytest_unconfigure() -> None:
    """Stop the database that was started."""
    DATABASES.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a slow tool, leave out what the engine does not decide, and begin with what waits longest.

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
    """Leave a test whose tools are missing: here, since pytest puts skips from one place in one line."""
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if what := missing(tool):
                unavailable(what)


@pytest.fixture
def unforked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and services begin as from a shell: the fork server has limits and a command line of its own."""
    monkeypatch.setattr(running, "in_a_test", lambda: False)


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """The tests of the module run none of the package's own code, or what others run as well."""
    with measuring.unmeasured():
        yield


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """A running PostgreSQL, for all tests of this process: none of them stops it."""
    return DATABASES.server


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of a database of PostgreSQL that has the schema and nothing else, to be copied."""
    empty = PostgresDatabase(postgres)
    with empty.administration() as administration:
        administration.migrate()
    return empty.name


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Database]:
    """Makes a database of an engine, with the schema and nothing in it."""

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
    """A new database with the schema, of each engine in turn."""
    return new_database(request.param)


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the fixtures' world."""
    path = tmp_path_factory.mktemp("world") / "world.json"
    World.made(path)
    return path


@pytest.fixture(scope="session")
def world(world_file: Path) -> World:
    """The world that `service` holds."""
    return World(json.loads(world_file.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the published site."""
    from chat_bindings.site.folder import publish

    folder = tmp_path_factory.mktemp("published") / "site"
    publish(folder)
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the downloads."""
    from chat_bindings.site.downloads import downloads

    folder = tmp_path_factory.mktemp("published")
    for name, content in downloads().items():
        (folder / name).write_bytes(content)
    return folder


def load(path: Path, world_file: Path) -> Place:
    """A new database that holds a world: the file at `path`, unless `--engine` says otherwise."""
    return DATABASES.loaded(path, world_file)


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, world_file: Path) -> Iterator[Callable[..., Service]]:
    """Starts services that hold the fixtures' world, each its own, for the tests of one module: none logs a fault."""
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
    """A running service that holds the fixtures' world, for the tests of one module."""
    return serve()


@pytest.fixture
def client(service: Service, world: World) -> Iterator[httpx.Client]:
    """An HTTP client of account A."""
    with httpx.Client(base_url=service.url, auth=world.auth, timeout=60) as http:
        yield http
