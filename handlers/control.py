"""The operations of `openapi/control.yaml`. `control` is the state that they read and change."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, BinaryIO

import orjson

from .server.control.journal import RequestFilter
from .server.control.state import ControlState
from .server.errors import ApiError
from .server.faults.rules_file import FaultRulesError
from .server.paging import next_token, position
from .server.representation import represent_all
from .storage.interface import Filters, Storage
from .world.reader import WorldError


async def get_world(*, control: ControlState) -> orjson.Fragment:
    """Read the world that the service holds, as JSON bytes."""
    return orjson.Fragment(await control.world())


async def put_world(body: BinaryIO, *, control: ControlState) -> dict[str, int]:
    """Replace the world that the service holds, whole or not at all; return its numbers of records."""
    try:
        counts = await control.replace(body)
    except WorldError as error:
        raise ApiError("invalid_world", reason=error) from None
    return counts._asdict()


async def get_summary(*, control: ControlState) -> dict[str, Any]:
    """Count the service's records, and list its services with their numbers of Bindings."""
    counts, services = await control.summary()
    return {
        "counts": counts._asdict(),
        "services": [
            {"account_sid": row.account_sid, "sid": row.sid, "bindings": bindings} for row, bindings in services
        ],
    }


async def browse_bindings(  # noqa: PLR0913 - the spec's parameters, by name
    account_sid: str,
    service_sid: str,
    *,
    binding_type: Sequence[str] = (),
    identity: Sequence[str] = (),
    page_size: int,
    page_token: str | None = None,
    control: ControlState,
    storage: Storage,
    origin: str,
) -> dict[str, Any]:
    """List one page of a service's Bindings, of any account; 404 for an unknown service."""
    filters = Filters(binding_type, identity)
    async with control.gate.shared():
        found = await storage.page(account_sid, service_sid, filters, position(page_token), page_size)
    if found is None:
        raise ApiError("not_found")
    return {
        "bindings": represent_all(found.bindings, account_sid, service_sid, origin),
        "next": next_token(found),
    }


async def remove_binding(
    account_sid: str, service_sid: str, sid: str, *, control: ControlState, storage: Storage
) -> None:
    """Delete one Binding, of any account; 404 for an unknown one."""
    async with control.gate.shared():
        if not await storage.delete(account_sid, service_sid, sid):
            raise ApiError("not_found")


async def reset(*, control: ControlState) -> None:
    """Return to the state of start-up: world, rules and journal."""
    await control.reset()


async def list_requests(  # noqa: PLR0913 - the spec's parameters, by name
    *,
    operation: str | None = None,
    status: int | None = None,
    identity: str | None = None,
    account: str | None = None,
    since: int,
    wait: int,
    control: ControlState,
) -> dict[str, Any]:
    """List the journal's requests that match, waiting up to `wait` seconds for the first."""
    found = await control.journal.wait(since, RequestFilter(operation, status, identity, account), wait)
    return {"last": control.journal.last, "requests": found}


async def stream_requests(  # noqa: PLR0913 - the spec's parameters, by name
    *,
    operation: str | None = None,
    status: int | None = None,
    identity: str | None = None,
    account: str | None = None,
    since: int,
    duration: int,
    control: ControlState,
) -> AsyncGenerator[bytes]:
    """Stream the requests that match as server-sent events, for `duration` seconds."""
    return control.journal.stream(since, RequestFilter(operation, status, identity, account), duration)


async def clear_requests(*, control: ControlState) -> None:
    """Clear the journal."""
    control.journal.clear()


async def get_faults(*, control: ControlState) -> dict[str, Any]:
    """Read the rules in force and their counts."""
    return control.injector.in_force()


async def put_faults(body: BinaryIO, *, control: ControlState) -> dict[str, Any]:
    """Replace all rules, or none where one is invalid; return those in force."""
    try:
        control.injector.replace(body.read())
    except FaultRulesError as error:
        raise ApiError("invalid_faults", reason=error) from None
    return control.injector.in_force()


async def add_faults(body: BinaryIO, *, control: ControlState) -> dict[str, Any]:
    """Add rules, or none of them."""
    try:
        control.injector.add(body.read())
    except FaultRulesError as error:
        raise ApiError("invalid_faults", reason=error) from None
    return control.injector.in_force()


async def clear_faults(*, account: str | None = None, control: ControlState) -> None:
    """Remove all rules, or those of an account."""
    control.injector.clear(account)
