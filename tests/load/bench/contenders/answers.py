"""The contenders' bodies: dicts of Bindings and pages, and the errors of the spec's examples."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import yaml

from .lookup import LOOKUP

SPECS = Path(__file__).parents[4] / "openapi"

Json = dict[str, Any]


def represent(row: Sequence[Any], account_sid: str, origin: str) -> Json:
    """Represent a Binding; `origin` is the scheme and host of the request."""
    sid, service_sid, created, updated, endpoint, identity, binding_type, credential_sid, message_types = row
    service = f"{origin}/v2/Services/{service_sid}"
    return {
        "sid": sid,
        "account_sid": account_sid,
        "service_sid": service_sid,
        "date_created": created,
        "date_updated": updated,
        "endpoint": endpoint,
        "identity": identity,
        "binding_type": binding_type,
        "credential_sid": credential_sid,
        "message_types": orjson.loads(message_types),
        "url": f"{service}/Bindings/{sid}",
        "links": {"user": f"{service}/Users/{quote(identity, safe='')}"},
    }


def page(
    account_sid: str,
    service_sid: str,
    origin: str,
    types: Sequence[str],
    identities: Sequence[str],
    size: int,
    number: int,
    token: str | None,
) -> Json:
    """Look a page up and represent it."""
    rows, has_previous, has_next = LOOKUP.page(service_sid, types, identities, token, size)
    filters = [("BindingType", value) for value in types] + [("Identity", value) for value in identities]
    query = "".join(f"{name}={quote(value, safe='')}&" for name, value in filters)
    base = f"{origin}/v2/Services/{service_sid}/Bindings?{query}PageSize={size}&Page="
    meta = {
        "page": number,
        "page_size": size,
        "first_page_url": f"{base}0",
        "previous_page_url": f"{base}{max(number - 1, 0)}&PageToken=PB{rows[0][0]}" if has_previous else None,
        "url": f"{base}{number}" + (f"&PageToken={token}" if token is not None else ""),
        "next_page_url": f"{base}{number + 1}&PageToken=PA{rows[-1][0]}" if has_next else None,
        "key": "bindings",
    }
    return {"meta": meta, "bindings": [represent(row, account_sid, origin) for row in rows]}


@cache
def _examples() -> Json:
    document = yaml.safe_load((SPECS / "bindings.yaml").read_text(encoding="utf-8"))
    return document["components"]["examples"]


def error(name: str, **facts: str) -> Json:
    """Return the error of an example's name, its sentence filled in."""
    example = _examples()[name]
    return {**example["value"], "message": example["x-message"].format(**facts)}
