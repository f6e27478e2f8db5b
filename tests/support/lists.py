"""Lists, walked by the URLs of `meta`, unchanged."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import httpx

from .answers import check_documented, operations, response_of

Page = dict[str, Any]


def list_url(client: httpx.Client, service_sid: str, *parameters: tuple[str, object]) -> str:
    """Return the URL of a list, every value percent-encoded."""
    path = operations()["listBindings"].path(ServiceSid=service_sid)
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parameters)
    return f"{str(client.base_url).rstrip('/')}{path}" + (f"?{query}" if query else "")


def get(client: httpx.Client, url: str) -> Page:
    """Get a page, which the spec must document."""
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.text)
    page: Page = check_documented(response_of(answer), "listBindings")
    return page


def walk(client: httpx.Client, url: str | None, link: str = "next_page_url") -> Iterator[Page]:
    """Walk the pages from a URL on, until the link is null."""
    while url is not None:
        page = get(client, url)
        yield page
        url = page["meta"][link]


def sids(pages: Iterable[Page]) -> list[str]:
    """Return the SIDs of the Bindings on some pages, in their order."""
    return [binding["sid"] for page in pages for binding in page["bindings"]]
