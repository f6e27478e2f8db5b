"""The operations of `openapi/control.yaml`. `control` is the state that they read and change."""

from typing import Any, BinaryIO

import orjson

from .server.control.journal import RequestFilter
from .server.control.state import ControlState
from .server.errors import ApiError
from .server.faults.rules_file import FaultRulesError
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


async def clear_faults(*, control: ControlState) -> None:
    """Remove all rules."""
    control.injector.clear()
