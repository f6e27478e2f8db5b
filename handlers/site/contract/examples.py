"""The contract's examples: values, and curl lines of the requests that give them."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from urllib.parse import quote, urlencode

from ...spec import CONTRACT, Json, definitions, document, reference_name
from .schemas import follow_reference

_USER, _PASSWORD = "$ACCOUNT_SID", "$AUTH_TOKEN"
_NOTHING: Mapping[str, Json] = MappingProxyType({})

Request = tuple[str, str, Sequence[Json]]
"""The path, the method and the parameters of an operation."""


@dataclass(frozen=True)
class Example:
    """The body of a response, and the curl line of a request that gives it; empty where curl cannot send that."""

    name: str
    summary: str
    body: str
    curl: str


def as_json(value: Json) -> str:
    """Format a value as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def examples(media: Json, request: Request) -> list[Example]:
    """Convert the examples of a response's media type."""
    found = {name: follow_reference(each) for name, each in media.get("examples", {}).items()}
    return [
        Example(name, each["summary"], as_json(each["value"]), _curl_of(each, request)) for name, each in found.items()
    ]


def example_of_parameter(parameter: Json) -> str:
    """Format a parameter's example as in a URL; empty without an example."""
    if "example" not in parameter:
        return ""
    if parameter["in"] == "query":
        return urlencode({parameter["name"]: parameter["example"]}, doseq=True)
    return str(parameter["example"])


def curl(
    path: str, method: str, parameters: Sequence[Json], changes: Mapping[str, Json] = _NOTHING, *, whole: bool = False
) -> str:
    """Build the curl line of a request with the required parameters (`whole`: all), or with an example's `x-request`.

    The credentials are shell variables, and the host is the one that the official SDKs address.
    """
    known = [follow_reference(each) for each in parameters]
    values = {each["name"]: each["example"] for each in known if each["in"] == "path"} | changes.get("path", {})
    query = {each["name"]: each["example"] for each in known if whole and each["in"] == "query" and "example" in each}
    url = document(CONTRACT)["servers"][0]["url"]
    url += path.format_map({name: quote(value, safe="") for name, value in values.items()})
    if query := query | changes.get("query", {}):
        url += f"?{urlencode(query, doseq=True)}"
    return " ".join(_words(changes.get("method", method.upper()), url, changes.get("headers", {})))


def _words(method: str, url: str, headers: Mapping[str, str | None]) -> Iterator[str]:
    yield "curl"
    if method != "GET":
        yield f"-X {method}"
    if "Authorization" not in headers:
        yield f'-u "{_USER}:{_PASSWORD}"'
    for name, value in headers.items():
        if value is not None:
            yield f"-H {shlex.quote(f'{name}: {value}')}"
    yield shlex.quote(url) if set(url) & set("?&") else url


def _curl_of(example: Json, request: Request) -> str:
    changes = example.get("x-request", {})
    if any(" " in name for name in changes.get("headers", ())):
        return ""
    status = example["value"].get("status", 0) if isinstance(example["value"], dict) else 0
    return "" if status and not changes else curl(*request, changes)


@cache
def samples() -> dict[str, Json]:
    """Collect a value of each named schema from the examples."""
    found: dict[str, Json] = {}
    for operation in definitions(document(CONTRACT)):
        for node in operation["responses"].values():
            for media in follow_reference(node).get("content", {}).values():
                for each in media.get("examples", {}).values():
                    _learn(media["schema"], follow_reference(each)["value"], found)
    return found


def _learn(schema: Json, value: Json, found: dict[str, Json]) -> None:
    whole = follow_reference(schema)
    if reference_name(schema):
        found.setdefault(reference_name(schema), value)
    for name, node in whole.get("properties", {}).items():
        _learn(node, value[name], found)
    if "items" in whole and value:
        _learn(whole["items"], value[0], found)
