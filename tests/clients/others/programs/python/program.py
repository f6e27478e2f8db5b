"""Call each operation by the client of openapi-python-client, and print the results as one line of JSON."""

import json
import os
import sys
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import httpx
from client.api.bindings import delete_binding, fetch_binding, list_bindings
from client.client import AuthenticatedClient
from client.models import Binding, BindingList, BindingType, Error
from client.types import UNSET, Response, Unset

SERVICE, SID = os.environ["SERVICE_SID"], os.environ["SID"]


def sids(response: Response[BindingList | Error]) -> list[str]:
    """Name the Bindings of a page."""
    assert isinstance(response.parsed, BindingList), response
    return [binding.sid for binding in response.parsed.bindings]


def failure(
    response: Response[BindingList | Error] | Response[Binding | Error],
) -> list[int]:
    """Name an error by its status and its code."""
    assert isinstance(response.parsed, Error), response
    return [response.status_code, response.parsed.code]


def walk(client: AuthenticatedClient) -> list[list[str]]:
    """List all pages."""
    pages: list[list[str]] = []
    token: str | Unset = UNSET
    while True:
        page = list_bindings.sync(SERVICE, client=client, page_size=20, page_token=token)
        assert isinstance(page, BindingList)
        pages.append([binding.sid for binding in page.bindings])
        if page.meta.next_page_url is None:
            return pages
        (token,) = parse_qs(urlsplit(page.meta.next_page_url).query)["PageToken"]


def main() -> None:
    """Call each operation."""
    auth = httpx.BasicAuth(os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"])
    with AuthenticatedClient(os.environ["BASE_URL"], token="", httpx_args={"auth": auth}) as client:
        fetched = fetch_binding.sync(SERVICE, SID, client=client)
        assert isinstance(fetched, Binding)
        result = {
            "fetched": fetched.endpoint,
            "identities": sids(list_bindings.sync_detailed(SERVICE, client=client, identity=["alice", "a,b"])),
            "types": sids(
                list_bindings.sync_detailed(
                    SERVICE,
                    client=client,
                    binding_type=[BindingType.APN, BindingType.FCM],
                )
            ),
            "walked": walk(client),
            "refused": failure(list_bindings.sync_detailed(SERVICE, client=client, page_size=1001)),
            "removed": delete_binding.sync_detailed(SERVICE, SID, client=client).status_code == HTTPStatus.NO_CONTENT,
            "gone": failure(fetch_binding.sync_detailed(SERVICE, SID, client=client)),
        }
    sys.stdout.write(json.dumps(result))


main()
