"""Use the generated client in the usual way, and print its results, a JSON document on each line."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from chat_bindings_client import ApiClient, Binding, BindingList, BindingsApi, BindingType, Configuration, Error
from chat_bindings_client.exceptions import ApiException, NotFoundException, UnauthorizedException

SERVICE = os.environ["SERVICE_SID"]


def tell(step: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"step": step, **facts}) + "\n")


def sids(found: BindingList) -> list[str | None]:
    return [binding.sid for binding in found.bindings]


def pages(api: BindingsApi, size: int) -> Iterator[BindingList]:
    token: str | None = None
    while True:
        page = api.list_bindings(SERVICE, page_size=size, page_token=token)
        yield page
        if page.meta.next_page_url is None:
            return
        token = parse_qs(urlsplit(page.meta.next_page_url).query)["PageToken"][0]


def iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def properties(binding: Binding) -> dict[str, object]:
    return {
        "sid": binding.sid,
        "account_sid": binding.account_sid,
        "service_sid": binding.service_sid,
        "date_created": iso(binding.date_created),
        "date_updated": iso(binding.date_updated),
        "endpoint": binding.endpoint,
        "identity": binding.identity,
        "binding_type": binding.binding_type,
        "credential_sid": binding.credential_sid,
        "message_types": binding.message_types,
        "url": binding.url,
        "user": binding.links and binding.links.user,
    }


def tell_error(step: str, raised: ApiException) -> None:
    error = raised.data
    assert isinstance(error, Error)
    tell(step, http=raised.status, code=error.code, message=error.message, info=error.more_info, status=error.status)


def tell_case(api: BindingsApi, case: dict[str, str], types: list[str] | None, identities: list[str] | None) -> None:
    named = None if types is None else [BindingType(each) for each in types]
    try:
        page = api.list_bindings(case["service"], named, identities)
    except ApiException as error:
        tell("case", case=case["case"], http=error.status, text=error.body)
    else:
        tell("case", case=case["case"], bindings=[properties(each) for each in page.bindings])


def use(api: BindingsApi, sid: str) -> None:
    for case in json.loads(Path(os.environ["CASES"]).read_text(encoding="utf-8")):
        tell_case(api, case, case["types"], case["identities"])
    walk = list(pages(api, int(os.environ["PAGE_SIZE"])))
    tell("walked", pages=[sids(page) for page in walk])
    meta = walk[0].meta
    tell("meta", page=meta.page, page_size=meta.page_size, first=meta.previous_page_url is None, key=meta.key)

    tell("fetched", binding=properties(api.fetch_binding(SERVICE, sid)))
    api.delete_binding(SERVICE, sid)
    try:
        api.fetch_binding(SERVICE, sid)
    except NotFoundException as error:
        tell_error("fetched again", error)
    try:
        api.delete_binding(SERVICE, sid)
    except NotFoundException as error:
        tell_error("deleted again", error)
    try:
        api.list_bindings(SERVICE, page_size=1001)
    except ApiException as error:
        tell_error("too large", error)


def main() -> None:
    host, account = os.environ["BASE_URL"], os.environ["ACCOUNT_SID"]
    with ApiClient(Configuration(host=host, username=account, password=os.environ["AUTH_TOKEN"])) as client:
        use(BindingsApi(client), os.environ["BINDING_SID"])
    with ApiClient(Configuration(host=host, username=account, password="0" * 32)) as stranger:
        try:
            BindingsApi(stranger).list_bindings(SERVICE)
        except UnauthorizedException as error:
            tell_error("unauthorized", error)


main()
