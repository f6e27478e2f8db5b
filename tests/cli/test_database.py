"""`chat-bindings database`, and the address and password of PostgreSQL for all commands."""

import signal
import subprocess
from functools import partial

import httpx
import pytest

from chat_bindings.storage.migrations import scripts

from ..support.answers import operations
from ..support.engines import Database, PostgresDatabase
from ..support.running import CLI, Service, environment, run_cli

LATEST = {engine: scripts(engine)[-1][0] for engine in ("sqlite", "postgresql")}
"""The last migration of each engine."""

NEWER = {
    "sqlite": "PRAGMA user_version = 9999",
    "postgresql": "INSERT INTO chat_bindings_migrations VALUES (9999, now())",
}


def on(database: Database) -> tuple[str, str]:
    return "--database", database.locator


def test_the_status_of_a_database(database):
    """`status` ends with 0 where the schema is up to date, with 1 where a newer version has changed it."""
    engine = database.locator.partition(":")[0]
    done = run_cli("database", "status", *on(database))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{database.locator} is up to date: migration {LATEST[engine]}.\n"
    database.execute(NEWER[engine])
    done = run_cli("database", "status", *on(database))
    assert done.returncode == 1
    assert f"is at migration 9999; this version knows {LATEST[engine]}: use a newer version" in done.stdout
    for arguments in (("database", "upgrade"), ("serve", "--port", 0)):
        done = run_cli(*arguments, *on(database))
        assert done.returncode == 2
        assert "made by a newer version of chat-bindings" in done.stderr


def test_an_upgrade_of_an_empty_database(postgres):
    """`status` ends with 1 while migrations are missing, and `upgrade` applies them."""
    empty = PostgresDatabase(postgres)
    done = run_cli("database", "status", *on(empty))
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        done.stdout
        == f"{empty.locator} is at migration 0 of {LATEST['postgresql']}: run `chat-bindings database upgrade`.\n"
    )
    done = run_cli("database", "upgrade", *on(empty))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{empty.locator} is up to date: migration {LATEST['postgresql']}.\n"
    assert run_cli("database", "status", *on(empty)).returncode == 0


def test_unavailable_databases_exit_with_2(tmp_path, postgres):
    """Where a database is unavailable, or another program's, the exit code is 2, and nothing is made."""
    foreign = PostgresDatabase(postgres)
    foreign.execute("CREATE TABLE bindings (theirs TEXT)")
    for locator, said in (
        (f"sqlite:///{tmp_path}/missing.db", "there is no file"),
        ("postgresql://u@127.0.0.1:1/db", "refused"),
        (postgres.url("missing"), 'database "missing" does not exist'),
        (foreign.locator, "another program's"),
    ):
        done = run_cli("database", "status", "--database", locator)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def secured(postgres):
    """A database whose owner must give a password."""
    rules = postgres.data / "pg_hba.conf"
    rules.write_text(f"host all secured 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    postgres.execute("SELECT pg_reload_conf()")
    postgres.execute("CREATE ROLE secured LOGIN PASSWORD 'sesame-open'")
    database = PostgresDatabase(postgres)
    postgres.execute(f"ALTER DATABASE {database.name} OWNER TO secured")
    return database


def test_passwords_come_from_variables_and_files(secured, tmp_path):
    """PGPASSWORD, the file of PGPASSFILE and CHAT_BINDINGS_DATABASE give the password; the command line may not."""
    bare = secured.server.url(secured.name, "secured")
    whole = bare.replace("secured@", "secured:sesame-open@")
    file = tmp_path / "pgpass"
    file.write_text("127.0.0.1:*:*:secured:sesame-open\n")
    file.chmod(0o600)

    upgrade = partial(run_cli, "database", "upgrade")
    for done in (
        upgrade("--database", bare, PGPASSWORD="sesame-open"),
        upgrade("--database", bare, PGPASSFILE=str(file)),
        upgrade(CHAT_BINDINGS_DATABASE=whole),
    ):
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{bare} is up to date: migration {LATEST['postgresql']}.\n"
    for done, said in (
        (upgrade("--database", bare), "password"),
        (upgrade("--database", bare, PGPASSWORD="sesame-shut"), "password authentication failed"),
        (upgrade("--database", whole), "PGPASSFILE"),
        (upgrade("--database", f"{bare}?password=sesame-open"), "PGPASSFILE"),
    ):
        assert done.returncode == 2
        assert said in done.stderr
        assert "sesame" not in done.stdout + done.stderr


def test_a_service_does_not_log_its_password(secured):
    """A service that got its password by the variable serves, and its log does not show it."""
    whole = secured.locator.replace("postgres@", "secured:sesame-open@")
    with subprocess.Popen(
        [*CLI, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment(CHAT_BINDINGS_DATABASE=whole)
    ) as process:
        assert process.stderr is not None
        lines = [next(process.stderr)]
        while "is ready" not in lines[-1]:
            lines.append(next(process.stderr))
        process.send_signal(signal.SIGTERM)
        lines += process.stderr
        assert process.wait(60) == 0
    said = "".join(lines)
    assert f"serving {secured.server.url(secured.name, 'secured')} at " in said
    assert "sesame" not in said


def test_a_world_goes_in_and_out_of_postgresql(postgres, world_file, world):
    """What is imported is exported the same from either engine, and served."""
    database = PostgresDatabase(postgres)
    assert run_cli("import", world_file, *on(database)).returncode == 0
    exported = run_cli("export", *on(database))
    assert exported.returncode == 0, exported.stderr
    again = PostgresDatabase(postgres)
    assert run_cli("import", "-", *on(again), stdin=exported.stdout).returncode == 0
    assert run_cli("import", "-", "--replace", *on(again), stdin=exported.stdout).returncode == 0
    assert run_cli("export", *on(again)).stdout == exported.stdout
    refused = run_cli("import", world_file, *on(database))
    assert refused.returncode == 2
    assert "is there already" in refused.stderr
    with Service(again.locator) as service:
        url = service.url + operations()["listBindings"].path(ServiceSid=world.hundred["sid"])
        page = httpx.get(url, auth=world.auth, params={"PageSize": 1000}, timeout=60).json()
    assert len(page["bindings"]) == len(world.hundred["bindings"])
