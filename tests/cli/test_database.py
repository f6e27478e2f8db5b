"""`chat-bindings database`, and the address and password of PostgreSQL for all commands."""

import httpx
import pytest

from chat_bindings.storage.migrations import scripts

from ..support.answers import operations
from ..support.engines import ENGINES, PostgresDatabase
from ..support.running import Service, cli_error, cli_output, run_cli, serve_announced

LATEST = {engine: scripts(engine)[-1][0] for engine in ENGINES}
"""The last migration of each engine."""

NEWER = {
    "sqlite": "PRAGMA user_version = 9999",
    "postgresql": "INSERT INTO chat_bindings_migrations VALUES (9999, now())",
}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_status_of_a_database(new_database, engine):
    """`status` ends with 0 where the schema is up to date, with 1 where a newer version has changed it."""
    database = new_database(engine)
    up_to_date = f"{database.locator} is up to date: migration {LATEST[engine]}.\n"
    assert database.output("database", "status") == up_to_date
    database.execute(NEWER[engine])
    done = run_cli("database", "status", "--database", database.locator)
    assert done.returncode == 1
    assert f"is at migration 9999; this version knows {LATEST[engine]}: use a newer version" in done.stdout
    for arguments in (("database", "upgrade"), ("serve", "--port", 0)):
        assert "made by a newer version of chat-bindings" in database.error(*arguments)


def test_unavailable_databases_exit_with_2(tmp_path, postgres):
    """A database that is unavailable, or another program's, ends with 2, and nothing is made."""
    foreign = PostgresDatabase(postgres)
    foreign.execute("CREATE TABLE bindings (theirs TEXT)")
    for locator, said in (
        (f"sqlite:///{tmp_path}/missing.db", "there is no file"),
        ("postgresql://u@127.0.0.1:1/db", "refused"),
        (postgres.url("missing"), 'database "missing" does not exist'),
        (foreign.locator, "another program's"),
    ):
        assert said in cli_error("database", "status", "--database", locator)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def secured(postgres):
    """Create a database whose owner must give a password."""
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

    for options, variables in (
        (["--database", bare], {"PGPASSWORD": "sesame-open"}),
        (["--database", bare], {"PGPASSFILE": str(file)}),
        ([], {"CHAT_BINDINGS_DATABASE": whole}),
    ):
        printed = cli_output("database", "upgrade", *options, **variables)
        assert printed == f"{bare} is up to date: migration {LATEST['postgresql']}.\n"
    for locator, password, said in (
        (bare, "", "password"),
        (bare, "sesame-shut", "password authentication failed"),
        (whole, "", "PGPASSFILE"),
        (f"{bare}?password=sesame-open", "", "PGPASSFILE"),
    ):
        error = cli_error("database", "upgrade", "--database", locator, PGPASSWORD=password)
        assert said in error
        assert "sesame" not in error


def test_a_service_does_not_log_its_password(secured, tmp_path):
    """A service that got its password by the variable serves, and its log does not show it."""
    whole = secured.locator.replace("postgres@", "secured:sesame-open@")
    with serve_announced(tmp_path, "--port", 0, CHAT_BINDINGS_DATABASE=whole):
        pass
    log = (tmp_path / "log").read_text()
    assert f"serving {secured.server.url(secured.name, 'secured')} at " in log
    assert "sesame" not in log


def test_a_world_goes_in_and_out_of_postgresql(postgres, database, world_file, world):
    """An imported world is exported the same from either engine, and served."""
    database.output("import", world_file)
    exported = database.output("export")
    again = PostgresDatabase(postgres)
    assert run_cli("database", "status", "--database", again.locator).returncode == 1  # there are no tables yet
    for options in ((), ("--replace",)):
        again.output("import", "-", *options, stdin=exported)
        assert again.output("export") == exported
    assert "is there already" in again.error("import", world_file)
    with Service(again.locator) as service:
        url = service.url + operations()["listBindings"].path(ServiceSid=world.hundred["sid"])
        page = httpx.get(url, auth=world.auth, params={"PageSize": 1000}, timeout=60).json()
    assert len(page["bindings"]) == len(world.hundred["bindings"])
