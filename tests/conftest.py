"""Fixtures that all tests share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .stock.scope import on_both
from .support import measuring
from .support.engines import ENGINES, Database, PostgresDatabase, SqliteDatabase
from .support.postgres import Postgres
from .support.running import STAGES, Service, World, run_cli
from .support.tools import missing, unavailable

# A shell starts what it runs in the background with SIGINT ignored, and the processes of the tests would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--stages stock`: the service tests on Connexion's own stages."""
    parser.addoption("--stages", choices=STAGES, default=Service.stages, help="what the service is served with")


def pytest_configure(config: pytest.Config) -> None:
    """Serve with the stages that were asked for."""
    Service.stages = config.getoption("--stages")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the stages that were asked for do not decide, and begin with the modules that take longest.

    So all processes of a run end at about the same time.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if Service.stages == "stock":
        left_out = [item for item in items if not on_both(item.path)]
        items[:] = [item for item in items if on_both(item.path)]
        config.hook.pytest_deselected(items=left_out)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test whose tools are missing: here, since pytest puts skips from one place in one line."""
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if what := missing(tool):
                unavailable(what)


collect_ignore = ["contract"]  # those check a target, which `verify` gives them


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """The tests of the module run none of the package's own code, or what others run as well."""
    with measuring.unmeasured():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL, for all tests of this process: none of them stops it."""
    with Postgres() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of a database of PostgreSQL that has the schema and nothing else, to be copied."""
    empty = PostgresDatabase(postgres)
    with empty.administration() as administration:
        administration.migrate()
    return empty.name


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A new database with the schema, of each engine in turn."""
    if request.param == "postgresql":
        return PostgresDatabase(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
    made = SqliteDatabase(tmp_path / "test.db")
    with made.administration() as administration:
        administration.migrate()
    return made


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the fixtures' world."""
    path = tmp_path_factory.mktemp("world") / "world.json"
    World.made(path)
    return path


@pytest.fixture(scope="session")
def world(world_file: Path) -> World:
    """The world that `service` holds."""
    return World.made(world_file)


def load(database: Path, world_file: Path) -> Path:
    """Import a world into a new database."""
    imported = run_cli("import", world_file, "--database", f"sqlite:///{database}")
    assert imported.returncode == 0, imported.stderr
    return database


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, world_file: Path) -> Iterator[Service]:
    """A running service that holds the fixtures' world, for the tests of one module."""
    database = load(tmp_path_factory.mktemp("service") / "service.db", world_file)
    with Service(database) as running:
        yield running


@pytest.fixture
def client(service: Service, world: World) -> Iterator[httpx.Client]:
    """An HTTP client of account A."""
    with httpx.Client(base_url=service.url, auth=world.auth, timeout=20) as http:
        yield http
