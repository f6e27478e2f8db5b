"""The operations of `openapi/bindings.yaml`.

Arguments from the spec come parsed and checked. `account_sid` is the account that asks, `storage` the database, and
`origin` the scheme and host that it asked.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from .server.errors import ApiError
from .server.paging import Links, meta, position
from .server.representation import collection_url, represent, represent_all
from .storage.interface import Filters, Storage


async def list_bindings(  # noqa: PLR0913 - the spec's parameters, by name
    service_sid: str,
    *,
    binding_type: Sequence[str] = (),
    identity: Sequence[str] = (),
    page_size: int,
    page: int,
    page_token: str | None = None,
    account_sid: str,
    storage: Storage,
    origin: str,
) -> dict[str, Any]:
    """A page of a service's Bindings."""
    filters = Filters(binding_type, identity)
    found = await storage.page(account_sid, service_sid, filters, position(page_token), page_size)
    if found is None:
        raise ApiError("not_found")
    links = Links(collection_url(origin, service_sid), filters, page_size)
    return {
        "meta": meta(links, found, page=page, size=page_size, token=page_token),
        "bindings": represent_all(found.bindings, account_sid, service_sid, origin),
    }


async def fetch_binding(
    service_sid: str, sid: str, *, account_sid: str, storage: Storage, origin: str
) -> orjson.Fragment:
    """One Binding."""
    binding = await storage.fetch(account_sid, service_sid, sid)
    if binding is None:
        raise ApiError("not_found")
    return represent(binding, account_sid, service_sid, origin)


async def delete_binding(service_sid: str, sid: str, *, account_sid: str, storage: Storage) -> None:
    """Delete one Binding; what is not there is an error."""
    if not await storage.delete(account_sid, service_sid, sid):
        raise ApiError("not_found")
