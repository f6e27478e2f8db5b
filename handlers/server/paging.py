"""Paging: tokens, and the URLs of pages."""

import re
from functools import cache
from typing import Any
from urllib.parse import quote

from ..spec import component
from ..storage.interface import Filters, Page, Position
from .errors import ApiError

_PREFIXES = {"PA": "after", "PB": "before"}


@cache
def _token() -> re.Pattern[str]:
    sid = component("schemas", "BindingSid")["pattern"].strip("^$")
    return re.compile(f"({'|'.join(_PREFIXES)})({sid})")


def position(token: str | None) -> Position | None:
    """Parse a token: `PA` and a SID is the page after that Binding, `PB` and a SID the one before.

    Raises `ApiError("invalid_parameter")` for any other text.
    """
    if token is None:
        return None
    match = _token().fullmatch(token)
    if match is None:
        raise ApiError("invalid_parameter", parameter="PageToken", rule="must be a token that this API gave, unchanged")
    return Position("after" if match[1] == "PA" else "before", match[2])


def next_token(found: Page) -> str | None:
    """Return the token of the page after another one; None where there is none."""
    return f"PA{found.bindings[-1].sid}" if found.has_next else None


@cache
def _highest() -> int:
    return int(component("schemas", "Page")["maximum"])


class Links:
    """The URLs of a list's pages: the same filters and page size, in the order of parameters that Twilio has."""

    def __init__(self, url: str, filters: Filters, size: int) -> None:
        query = [("BindingType", value) for value in filters.binding_types]
        query += [("Identity", value) for value in filters.identities]
        query.append(("PageSize", str(size)))
        self._url = url + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query)

    def to(self, page: int, token: str | None = None) -> str:
        """Build the URL of a page. `page` is the client's counter, clamped to the bounds of the spec."""
        suffix = "" if token is None else f"&PageToken={quote(token, safe='')}"
        return f"{self._url}&Page={min(max(page, 0), _highest())}{suffix}"


def meta(links: Links, found: Page, *, page: int, size: int, token: str | None) -> dict[str, Any]:
    """Build the JSON object of the spec's schema `PageMeta`."""
    previous_url = next_url = None
    if found.has_previous:
        previous_url = links.to(page - 1, f"PB{found.bindings[0].sid}")
    if found.has_next:
        next_url = links.to(page + 1, next_token(found))
    return {
        "page": page,
        "page_size": size,
        "first_page_url": links.to(0),
        "previous_page_url": previous_url,
        "url": links.to(page, token),
        "next_page_url": next_url,
        "key": "bindings",
    }
