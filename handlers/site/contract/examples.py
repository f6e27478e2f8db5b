"""The contract's examples: values, the requests that are answered so, and their curl lines."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from urllib.parse import quote, urlencode

from ...spec import CONTRACT, METHODS, Json, document, reference_name
from .schemas import resolved

_USER, _PASSWORD = "$ACCOUNT_SID", "$AUTH_TOKEN"
_NOTHING: Mapping[str, Json] = MappingProxyType({})

Request = tuple[str, str, Sequence[Json]]
"""The path, the method and the parameters of an operation."""


@dataclass(frozen=True)
class Example:
    """An answer as it is sent, and the curl line of a request that is answered so; empty when no client can ask so."""

    name: str
    summary: str
    body: str
    curl: str


def as_json(value: Json) -> str:
    """A value as JSON, for people."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def examples(media: Json, request: Request) -> list[Example]:
    """The examples of an answer's body."""
    found = {name: resolved(each) for name, each in media.get("examples", {}).items()}
    return [
        Example(name, each["summary"], as_json(each["value"]), _curl_of(each, request)) for name, each in found.items()
    ]


def example_of_parameter(parameter: Json) -> str:
    """A parameter as it stands in a URL; empty when it has no example."""
    if "example" not in parameter:
        return ""
    if parameter["in"] == "query":
        return urlencode({parameter["name"]: parameter["example"]}, doseq=True)
    return str(parameter["example"])


def curl(
    path: str, method: str, parameters: Sequence[Json], asked: Mapping[str, Json] = _NOTHING, *, whole: bool = False
) -> str:
    """The curl line of a request: of an operation with its required parameters (`whole`: all), or as an example asks.

    The credentials are shell variables, and the host is the one that the official SDKs address.
    """
    known = [resolved(each) for each in parameters]
    values = {each["name"]: each["example"] for each in known if each["in"] == "path"} | asked.get("path", {})
    query = {each["name"]: each["example"] for each in known if whole and each["in"] == "query" and "example" in each}
    url = document(CONTRACT)["servers"][0]["url"]
    url += path.format_map({name: quote(value, safe="") for name, value in values.items()})
    if query := query | asked.get("query", {}):
        url += f"?{urlencode(query, doseq=True)}"
    return " ".join(_words(asked.get("method", method.upper()), url, asked.get("headers", {})))


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
    asked = example.get("x-request", {})
    if any(" " in name for name in asked.get("headers", ())):
        return ""
    status = example["value"].get("status", 0) if isinstance(example["value"], dict) else 0
    return "" if status and not asked else curl(*request, asked)


@cache
def samples() -> dict[str, Json]:
    """For each schema that has a name, a value of it out of the examples."""
    found: dict[str, Json] = {}
    spec = document(CONTRACT)
    operations = [item[method] for item in spec["paths"].values() for method in METHODS if method in item]
    for operation in operations:
        for node in operation["responses"].values():
            for media in resolved(node).get("content", {}).values():
                for each in media.get("examples", {}).values():
                    _learn(media["schema"], resolved(each)["value"], found)
    return found


def _learn(schema: Json, value: Json, found: dict[str, Json]) -> None:
    whole = resolved(schema)
    if reference_name(schema):
        found.setdefault(reference_name(schema), value)
    for name, node in whole.get("properties", {}).items():
        _learn(node, value[name], found)
    if "items" in whole and value:
        _learn(whole["items"], value[0], found)
