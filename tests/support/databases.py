"""The databases of a run's services: files of SQLite, or a PostgreSQL that the run starts."""

import hashlib
from pathlib import Path

import psycopg

from .postgres import Postgres

DEFAULT = "sqlite"

Place = Path | str
"""A file of SQLite, or an address of another database."""


def locator_of(place: Place) -> str:
    """Return an address as `--database` takes it."""
    return place if isinstance(place, str) else f"sqlite:///{place}"


class Databases:
    """Makes databases on one engine."""

    def __init__(self) -> None:
        self.engine = DEFAULT
        self._server: Postgres | None = None
        self._worlds: dict[bytes, str] = {}
        self._files: dict[bytes, bytes] = {}

    @property
    def server(self) -> Postgres:
        """The PostgreSQL of this process, started at its first use."""
        if self._server is None:
            self._server = Postgres().__enter__()
        return self._server

    def close(self) -> None:
        """Stop what was started."""
        if self._server is not None:
            self._server.__exit__()
            self._server = None

    def empty(self, path: Path) -> Place:
        """Return a place for a database: the file, on SQLite, which is not made; an empty database on PostgreSQL."""
        return path if self.engine == DEFAULT else self.server.url(self.server.create_database())

    def loaded(self, path: Path, world_file: Path) -> Place:
        """Make a database that holds a world, which is imported once; its database is copied from then on."""
        world = hashlib.sha256(world_file.read_bytes()).digest()
        if self.engine == DEFAULT:
            if world in self._files:
                path.write_bytes(self._files[world])
                path.chmod(0o600)
            else:
                _import(path, world_file)
                self._files[world] = path.read_bytes()
            return path
        if world not in self._worlds:
            self._worlds[world] = self.server.create_database()
            _import(self.server.url(self._worlds[world]), world_file)
        return self.server.url(self.server.create_database(self._worlds[world]))

    def execute(self, place: Place, statement: str) -> None:
        """Change a database of PostgreSQL behind a service's back."""
        with self.connect(place) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def connect(self, place: Place) -> psycopg.Connection:
        """Return a connection to a database of PostgreSQL, on which each statement commits by itself."""
        return self.server.connect(str(place).rpartition("/")[2])


def _import(place: Place, world_file: Path) -> None:
    from .running import cli_output

    cli_output("import", world_file, "--database", locator_of(place))


DATABASES = Databases()
"""The databases of this process, on the engine of `--engine`."""
