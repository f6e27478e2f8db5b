"""The operations of `openapi/bindings.yaml`.

Arguments from the spec are parsed and validated. `account_sid` is the authenticated account, `storage` the database,
and `origin` the scheme and host of the request. Errors are `ApiError`.
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
    """List one page of a service's Bindings: `{"meta": ..., "bindings": [...]}`, in order of their SIDs."""
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
    """Fetch one Binding as JSON bytes; 404 for one that the account does not have."""
    binding = await storage.fetch(account_sid, service_sid, sid)
    if binding is None:
        raise ApiError("not_found")
    return represent(binding, account_sid, service_sid, origin)


async def delete_binding(service_sid: str, sid: str, *, account_sid: str, storage: Storage) -> None:
    """Delete one Binding; 404 for one that the account does not have."""
    if not await storage.delete(account_sid, service_sid, sid):
        raise ApiError("not_found")
