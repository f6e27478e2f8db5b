"""Statements and schema as a distributed table needs them, by PostgreSQL's own account of each plan and key.

`test_citus_cluster.py` runs on Citus itself.
"""

import asyncio
import re

import pytest

from chat_bindings.storage.interface import (
    AccountRow,
    Binding,
    Conflict,
    Filters,
    KeyRow,
    Position,
    Registration,
    ServiceRow,
    Storage,
)

from ..support.engines import TYPES, PostgresDatabase
from ..support.statements import Statement, record, recorded
from ..support.worlds import row

ACCOUNT, OTHER = AccountRow(f"AC{1:032x}", "0" * 64), AccountRow(f"AC{2:032x}", "1" * 64)
SERVICES = [ServiceRow(f"IS{number:032x}", ACCOUNT.sid) for number in (1, 2)]
SERVICE = SERVICES[0].sid
KEY = KeyRow(f"SK{1:032x}", ACCOUNT.sid, "2" * 64)
POSITIONS = (None, Position("after", f"BS{3:032x}"), Position("before", f"BS{30:032x}"))
FILTERS = [
    Filters(types, identities)
    for types in ((), ("apn",), ("apn", "gcm"))
    for identities in ((), ("user-1",), ("user-1", "user-2"))
]


def bindings(number: int) -> list[Binding]:
    return [row(n, identity=f"user-{n % 4}", binding_type=TYPES[n % 3]) for n in range(number)]


async def serve(storage: Storage) -> None:
    """Run every statement of a service."""
    await storage.open()
    for name in (ACCOUNT.sid, KEY.sid):
        assert await storage.credential(name)
    for account in (ACCOUNT.sid, OTHER.sid):
        registration = Registration("user-1", "new", "apn", "CR", ["new_message"])
        for _ in range(2):
            assert bool(await storage.register(account, SERVICE, registration)) == (account == ACCOUNT.sid)
        for filters in FILTERS:
            for position in POSITIONS:
                for size in (3, 50):
                    found = await storage.page(account, SERVICE, filters, position, size)
                    assert bool(found) == (account == ACCOUNT.sid)
        await storage.fetch(account, SERVICE, f"BS{7:032x}")
        await storage.delete(account, SERVICE, f"BS{7:032x}")
    await storage.close()


def administer(database: PostgresDatabase) -> None:
    """Run every statement of commands."""
    with database.administration() as administration:
        administration.migrate()
        for account in (ACCOUNT, OTHER):
            administration.add(account)
        for service in SERVICES:
            administration.add(service)
        administration.add(KEY)
        with administration.load() as loader:
            for service in SERVICES:
                loader.add_bindings(service.sid, bindings(40))
        with pytest.raises(Conflict), administration.load() as loader:
            loader.add_bindings(SERVICE, [bindings(1)[0]._replace(sid=f"BS{99:032x}")])
        administration.rotate_token(OTHER.sid, "3" * 64)
        with administration.snapshot():
            assert administration.count_bindings() == 80
            assert [len(list(administration.bindings(service.sid))) for service in SERVICES] == [40, 40]
            assert list(administration.accounts())
            assert list(administration.keys(ACCOUNT.sid)) == list(administration.keys())
            assert list(administration.services(ACCOUNT.sid)) == list(administration.services())


def clear(database: PostgresDatabase) -> None:
    """Run every statement of commands that delete."""
    with database.administration() as administration:
        administration.delete_key(KEY.sid)
        for refused in (administration.delete_service, administration.delete_account):
            with pytest.raises(Conflict):
                refused(SERVICE if refused == administration.delete_service else ACCOUNT.sid, cascade=False)
        administration.delete_service(SERVICE, cascade=True)
        administration.delete_account(ACCOUNT.sid, cascade=True)


@pytest.fixture(scope="module")
def statements(postgres) -> list[Statement]:
    """Record all statements of the service and of the commands on a database."""
    database = PostgresDatabase(postgres)
    record(database)
    with recorded(database) as found:
        administer(database)
        asyncio.run(serve(database.storage()))
        clear(database)
    return found


VALUE, COLUMN = r"(\$\d+|'IS[0-9a-f]{32}'::text)", r"(?:\w+\.)?service_sid"
# A foreign key's own check has the value first, and only an index's condition turns it round.
EQUALS = re.compile(rf"(?<!\w){COLUMN} = {VALUE}|(?<!\w){VALUE} = {COLUMN}(?!\w)")


def test_each_statement_on_bindings_names_one_service(statements):
    """A statement that reads, changes or deletes Bindings compares `service_sid` with one value, on every path."""
    seen: dict[str, int] = {}
    for statement in statements:
        ways = [node for node in statement.on("bindings") if node["Node Type"] != "ModifyTable"]
        services = set()
        for node in ways:
            conditions = " AND ".join(str(node.get(name, "")) for name in ("Index Cond", "Filter"))
            assert " OR " not in conditions, statement.text
            found = {either or other for either, other in EQUALS.findall(conditions)}
            assert found, (statement.text, node)
            services |= found
        if ways:
            assert len(services) == 1, statement.text
            kind = statement.text.split()[0]
            seen[kind] = seen.get(kind, 0) + 1
    assert seen["SELECT"] > 50
    assert seen["DELETE"] >= 3
    assert seen["DECLARE"] >= 2


def test_each_new_binding_has_its_service_given(statements):
    """A statement that adds Bindings gives `service_sid` as a value: a registration, and a COPY as its first column."""
    inserts = [
        (statement, node)
        for statement in statements
        for node in statement.on("bindings")
        if node["Node Type"] == "ModifyTable" and node["Operation"] == "Insert"
    ]
    assert len(inserts) == 4
    for statement, node in inserts:
        (child,) = [child for child in node["Plans"] if child.get("Parent Relationship") == "Outer"]
        assert re.fullmatch(r"\$\d+|\(\$\d+\)::text", child["Output"][0]), statement.text
        assert node["Conflict Arbiter Indexes"] == ["bindings_by_key"]
    copies = [statement.text for statement in statements if statement.text.startswith("COPY")]
    assert len(copies) == 3
    assert all(text.startswith("COPY bindings (service_sid,") for text in copies)


def test_no_statement_works_on_two_services_or_on_other_tables_at_once(statements):
    """A statement that changes rows changes those of one table; what is joined to Bindings stands on all machines."""
    for statement in statements:
        tables = {node["Relation Name"] for node in statement.nodes if "Relation Name" in node}
        changed = {node["Relation Name"] for node in statement.nodes if node["Node Type"] == "ModifyTable"}
        assert len(changed) <= 1, statement.text
        if "bindings" in tables:
            assert tables <= {"bindings", "services"}, statement.text


KEYS = """
    SELECT conrelid::regclass::text, contype::text, confrelid::regclass::text,
           (SELECT array_agg(attname::text ORDER BY place)
            FROM unnest(conkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = number)
    FROM pg_constraint
    WHERE conrelid IN ('accounts'::regclass, 'api_keys'::regclass, 'services'::regclass, 'bindings'::regclass)
      AND contype <> 'n'"""

UNIQUE = """
    SELECT (SELECT array_agg(attname::text ORDER BY place)
            FROM unnest(indkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute ON attrelid = indrelid AND attnum = number)
    FROM pg_index WHERE indrelid = 'bindings'::regclass"""


def test_every_key_fits_a_distributed_table(postgres, migrated):
    """Each index of Bindings begins with `service_sid`, and foreign keys lead to tables that are on all machines."""
    database = PostgresDatabase(postgres, migrated)
    keys = database.execute(KEYS)
    assert {(table, to, tuple(columns)) for table, kind, to, columns in keys if kind == "f"} == {
        ("api_keys", "accounts", ("account_sid",)),
        ("services", "accounts", ("account_sid",)),
        ("bindings", "services", ("service_sid",)),
    }
    assert {kind for _, kind, _, _ in keys} == {"p", "f"}
    indexes = [columns for (columns,) in database.execute(UNIQUE)]
    assert ["service_sid", "sid"] in indexes
    assert ["service_sid", "key_sha256"] in indexes
    assert {columns[0] for columns in indexes} == {"service_sid"}
    for nothing in (
        "SELECT relname FROM pg_class WHERE relkind IN ('S', 'v', 'm', 'p') AND relnamespace = 'public'::regnamespace",
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT adnum FROM pg_attrdef",
        "SELECT attname FROM pg_attribute WHERE attidentity <> '' OR attgenerated <> ''",
    ):
        assert database.execute(nothing) == []
