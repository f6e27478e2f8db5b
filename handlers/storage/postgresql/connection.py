"""Connections to PostgreSQL, and its errors: unavailable or damaged."""

import asyncio
import select
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import errors, waiting
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from ..interface import StorageDamaged, StorageUnavailable

TIMEOUT = 3.0
"""Seconds to wait for a connection, and for an answer, before the database counts as unavailable."""

_DEFAULT_PARAMETERS: Mapping[str, Any] = {
    "application_name": "chat-bindings",
    "connect_timeout": round(TIMEOUT),
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

_SERVER_SETTINGS = {
    "statement_timeout": "2500ms",  # the server gives up before we do
    "lock_timeout": "2s",
    "idle_session_timeout": "0",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "jit": "off",
}

_COMMAND_SETTINGS = {
    "statement_timeout": "0",  # a command may take long, but not for a lock
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "0",
}

# The transaction was undone, and may work when it is done again.
_UNDONE = (errors.SerializationFailure, errors.DeadlockDetected)

_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,
    errors.InsufficientPrivilege,
    errors.InternalError_,  # the server's own failure, and Citus's code for a node that is lost within a transaction
)
_DAMAGED = (errors.DataCorrupted, errors.IndexCorrupted, errors.UndefinedTable, errors.UndefinedColumn)

SyncConnection = psycopg.Connection[tuple[Any, ...]]
"""A connection of a command."""


class Undone(StorageUnavailable):
    """The transaction lost against another one, and nothing was done: the same statement may work at once."""


class Lost(StorageUnavailable):
    """The connection broke: whether the statement was done is not known."""


class NoAnswerError(psycopg.OperationalError):
    """The server does not answer: a repetition would wait as long once more."""


class storage_errors:  # noqa: N801 - reads as a verb
    """Raise psycopg's errors as `StorageUnavailable` or `StorageDamaged`."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, _UNDONE):
            raise Undone(message_of(error)) from error
        if isinstance(error, _AWAY):
            raise StorageUnavailable(message_of(error)) from error
        if isinstance(error, _DAMAGED):
            raise StorageDamaged(message_of(error)) from error


def message_of(error: BaseException) -> str:
    """Return an error in one line: the server's main message alone, since the details may hold personal data."""
    diag = getattr(error, "diag", None)
    return " ".join((getattr(diag, "message_primary", None) or str(error)).split()) or type(error).__name__


def conninfo(locator: str) -> str:
    """Return an address for libpq, with our defaults. libpq reads the rest from `PGHOST` and the like."""
    return make_conninfo(**{**_DEFAULT_PARAMETERS, **conninfo_to_dict(locator), "client_encoding": "UTF8"})


# Plans are made once and hold for any amount of data: each list has one index that gives its order. Citus alone, which
# has that table, plans a statement with a sub-query or a join only when it sees the value of `service_sid`.
_PLAN_ONCE = """
    set_config('plan_cache_mode', CASE WHEN to_regclass('pg_catalog.pg_dist_partition') IS NULL
               THEN 'force_generic_plan' ELSE 'force_custom_plan' END, false)"""

# Acknowledged means on disk; whatever waits for more than that is left as it is.
_LASTING = """
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END"""


def _set(settings: Mapping[str, str], *others: str) -> str:
    parts = [f"set_config('{name}', '{value}', false)" for name, value in settings.items()]
    return f"SELECT {', '.join([*parts, *others, _LASTING])}"


class Connection(psycopg.AsyncConnection[tuple[Any, ...]]):
    """A connection that is closed when the server does not answer, or when the caller is cancelled."""

    async def wait(self, gen: PQGen[RV], interval: float = TIMEOUT, timeout: float | None = None) -> RV:  # noqa: ARG002, ASYNC109 - psycopg's
        # psycopg itself would ask a server that does not answer to stop, and wait for that
        try:
            async with asyncio.timeout(TIMEOUT):
                return await waiting.wait_async(gen, self.pgconn.socket, interval=TIMEOUT)
        except TimeoutError:
            self.pgconn.finish()
            raise NoAnswerError(f"no answer within {TIMEOUT:g} seconds") from None
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise

    @property
    def hung_up(self) -> bool:
        """Whether the server closed the connection while it was idle: the server sends nothing else unasked."""
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))


class Pool(AsyncConnectionPool[Connection]):
    """The connections of a process that serves. They are made when they are needed, and again when they were lost."""

    def __init__(self, address: str) -> None:
        super().__init__(
            address,
            connection_class=Connection,
            kwargs={"autocommit": True, "prepare_threshold": 0},
            configure=_configure,
            min_size=1,
            max_size=10,
            timeout=TIMEOUT,
            reconnect_timeout=TIMEOUT,
            open=False,
        )

    async def getconn(self, timeout: float | None = None) -> Connection:  # noqa: ASYNC109 - psycopg's
        while True:
            connection = await super().getconn(timeout)
            if connection.closed or not connection.hung_up:
                return connection
            connection.pgconn.finish()
            await self.putconn(connection)


async def _configure(connection: Connection) -> None:
    await connection.execute(_set(_SERVER_SETTINGS, _PLAN_ONCE), prepare=False)


def connect(address: str) -> SyncConnection:
    """Connect for a command. Each statement commits by itself, unless it is in a transaction."""
    connection = psycopg.connect(address, autocommit=True)
    connection.execute(_set(_COMMAND_SETTINGS))
    return connection
