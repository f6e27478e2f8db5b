"""Seeds for Schemathesis, taken from the running service over HTTP: credentials, SIDs and page tokens."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from chat_bindings.spec import CONTROL, path_template

from ..support.raw import basic
from .world import IDENTITIES

SEEDS = "CHAT_BINDINGS_FUZZ_SEEDS"
"""The environment variable that names the file of existing SIDs and tokens."""

AUTH = "CHAT_BINDINGS_FUZZ_AUTH"
"""The environment variable that names the file with the credentials, in the format of Web Fuzzing Commons."""

CREDENTIALS = ("token", "key")

CONTROL_TOKEN = "fuzzed-with-this-token"

_PAGES = 20
_WITH_TOKENS = 14
"""The pages of a service whose tokens are taken: enough is left after them that no filter runs dry."""

Json = dict[str, Any]


def write(folder: Path, url: str, world: Json, credentials: str, spec: str) -> dict[str, str]:
    """Write both files for a run as account A with its token or its key, or with the control API's token.

    Returns the environment that names them.
    """
    a, b = world["accounts"]
    key = a["keys"][0]
    pair = (a["sid"], a["auth_token"]) if credentials == "token" else (key["sid"], key["secret"])
    with httpx.Client(base_url=url, auth=pair, timeout=60) as client:
        walks = [_walk(client, service) for service in a["services"]]
    tokens = sorted({token for _, found in walks for token in found})
    services = [service for service, _ in walks]
    seeds: Json = {"credentials": credentials, "services": services, "tokens": tokens, "identities": IDENTITIES,
        "account": a["sid"]}  # fmt: skip
    users = {"account": basic(*pair), "foreign": basic(b["sid"], b["auth_token"])}
    if spec == CONTROL:
        seeds["world"] = world
        users = dict.fromkeys(users, f"Bearer {CONTROL_TOKEN}")
    auth = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": value}]} for name, value in users.items()
    ]
    files = {SEEDS: (folder / "seeds.json", seeds), AUTH: (folder / "auth.json", {"auth": auth})}
    for path, content in files.values():
        path.write_text(json.dumps(content), encoding="utf-8")
    return {variable: str(path) for variable, (path, _) in files.items()}


def _walk(client: httpx.Client, service: Json) -> tuple[Json, list[str]]:
    """Return a service's SIDs as the service lists them, and the tokens of its first pages in both directions."""
    sids: list[str] = []
    tokens: list[str] = []
    size = min(1000, len(service["bindings"]) // _PAGES)
    page_url = f"{path_template('listBindings').format(ServiceSid=service['sid'])}?PageSize={size}"
    pages = 0
    while page_url:
        page = client.get(page_url).raise_for_status().json()
        sids += [binding["sid"] for binding in page["bindings"]]
        if pages < _WITH_TOKENS:
            for name in ("previous_page_url", "next_page_url"):
                tokens += parse_qs(urlsplit(page["meta"][name] or "").query).get("PageToken", [])
        page_url, pages = page["meta"]["next_page_url"], pages + 1
    return {"sid": service["sid"], "bindings": sids}, tokens
