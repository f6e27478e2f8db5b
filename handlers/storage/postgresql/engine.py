"""`Storage` on PostgreSQL."""

import time
from collections.abc import Sequence
from typing import Any

from psycopg import errors

from ..interface import Binding, Credential, Filters, Page, Position, Registration, StorageUnavailable
from ..rows import ERASED_AT, REGISTERED, registered
from .connection import TIMEOUT, Lost, NoAnswerError, Pool, Undone, conninfo, storage_errors
from .statements import CREDENTIAL, DELETE, FETCH, REGISTER, SERVICE, Listing

Row = tuple[Any, ...]
Values = dict[str, Any]


class PostgresStorage:
    """Asks one statement for each question, on a connection of a pool."""

    def __init__(self, locator: str, binding_types: Sequence[str]) -> None:
        self._pool = Pool(conninfo(locator))
        self._binding_types = tuple(binding_types)

    async def open(self) -> None:
        # in the background: a worker that starts while the database is unavailable serves once it is back
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def credential(self, user_name: str) -> Credential | None:
        for account_sid, secret_sha256, is_known in await self._read(CREDENTIAL, {"user_name": user_name}):
            found = Credential(account_sid, secret_sha256)
            return found if is_known else None
        return None  # as no row comes where the name holds a NUL

    async def fetch(self, account_sid: str, service_sid: str, sid: str) -> Binding | None:
        rows = await self._read(FETCH, {"account_sid": account_sid, "service_sid": service_sid, "sid": sid})
        return Binding._make(rows[0]) if rows else None

    async def page(
        self, account_sid: str, service_sid: str, filters: Filters, position: Position | None, size: int
    ) -> Page | None:
        listing = Listing(account_sid, service_sid, filters.runs(self._binding_types))
        if position is not None and position.side == "before":
            rows = await self._read(*listing.rows("before", position.sid, size + 1))
            if len(rows) >= size:
                return _page(rows[size - 1 :: -1], has_previous=len(rows) > size, has_next=rows[0][-1])
            position = None  # one that would not be full is the first page
        rows = await self._read(*listing.rows("after", position.sid if position else "", size + 1))
        if not rows and not await self._owns(account_sid, service_sid):
            return None
        return _page(rows[:size], has_previous=bool(rows) and rows[0][-1], has_next=len(rows) > size)

    async def register(
        self, account_sid: str, service_sid: str, registration: Registration
    ) -> tuple[Binding, bool] | None:
        sid, values = registered(account_sid, service_sid, registration)
        try:
            rows, _ = await self._write(REGISTER, dict(zip(REGISTERED, values, strict=True)))
        except errors.ForeignKeyViolation:  # the service was deleted meanwhile
            return None
        if not rows and not await self._owns(account_sid, service_sid):
            return None
        (row,) = rows
        return Binding._make(row), row[0] == sid

    async def delete(self, account_sid: str, service_sid: str, sid: str) -> bool:
        _, number = await self._write(DELETE, {"account_sid": account_sid, "service_sid": service_sid, "sid": sid})
        return number > 0

    async def erased_at(self) -> str:
        ((erased_at,),) = await self._read(ERASED_AT, {})
        return str(erased_at)

    async def _owns(self, account_sid: str, service_sid: str) -> bool:
        return bool(await self._read(SERVICE, {"account_sid": account_sid, "service_sid": service_sid}))

    async def _read(self, statement: str, values: Values) -> list[Row]:
        # asking twice does no harm, so a connection that was lost meanwhile is not the caller's concern; once, though,
        # since a statement that ends connections would end each of them
        try:
            rows, _ = await self._write(statement, values)
        except Lost:
            rows, _ = await self._write(statement, values)
        return rows

    async def _write(self, statement: str, values: Values) -> tuple[list[Row], int]:
        # what was lost may have been done, so only what certainly was not is done again
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                return await self._ask(statement, values)
            except Undone:
                if time.monotonic() > deadline:
                    raise

    async def _ask(self, statement: str, values: Values) -> tuple[list[Row], int]:
        if any("\0" in value for value in values.values() if isinstance(value, str)):
            return [], 0  # no text here can hold a NUL, so nothing matches it
        with storage_errors():
            connection = await self._pool.getconn()
        try:
            with storage_errors():
                cursor = await connection.execute(statement, values)
                rows = await cursor.fetchall() if cursor.description else []
                return rows, cursor.rowcount
        except StorageUnavailable as error:
            if isinstance(error.__cause__, errors.ReadOnlySqlTransaction):
                connection.pgconn.finish()  # to a standby, or what has become one: another may lead elsewhere
            elif connection.closed and not isinstance(error.__cause__, NoAnswerError):
                raise Lost(str(error)) from error
            raise
        finally:
            await self._pool.putconn(connection)


def _page(rows: Sequence[Row], *, has_previous: bool, has_next: bool) -> Page:
    return Page([Binding._make(row[:-1]) for row in rows], has_previous, has_next)
