"""The specs: documents, components, operations and references."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

Json = Any
"""A value of JSON or YAML: dicts, lists, strings, numbers, booleans and None."""

CONTRACT = "bindings.yaml"
REGISTRATION = "registration.yaml"
CONTROL = "control.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_PACKAGE = f"{__package__}.openapi"


def directory() -> Path:
    """Return the folder of the specs, in the source tree or in the installed package."""
    return Path(str(files(_PACKAGE)))


@cache
def document(name: str) -> Json:
    """Read a spec as it is written, with its references."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((directory() / name).read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe


def component(kind: str, name: str, spec: str = CONTRACT) -> Json:
    """Return an entry of a spec's components, such as `component("schemas", "BindingType")`."""
    return document(spec)["components"][kind][name]


def binding_types() -> tuple[str, ...]:
    """Return the push technologies of the contract."""
    return tuple(component("schemas", "BindingType")["enum"])


class Operation(NamedTuple):
    """An operation of a spec; `path` is its template with its base, such as `/v2/Services/{ServiceSid}/Bindings`."""

    method: str
    path: str
    operation_id: str


def operations(spec: str = CONTRACT) -> Iterator[Operation]:
    """Walk the operations of a spec."""
    base = urlsplit(document(spec)["servers"][0]["url"]).path.rstrip("/")
    for path, item in document(spec)["paths"].items():
        for method in METHODS:
            if method in item:
                yield Operation(method.upper(), f"{base}{path}", item[method]["operationId"])


@cache
def path_template(operation_id: str, spec: str = CONTRACT) -> str:
    """Return the path template of an operation, with its base. Raises `LookupError`."""
    for operation in operations(spec):
        if operation.operation_id == operation_id:
            return operation.path
    raise LookupError(f"{spec} has no operation {operation_id}")


@cache
def sentences() -> dict[str, str]:
    """Return the `x-rule` of each `pattern` of the specs that has one: the rule as a sentence."""
    return {
        schema["pattern"]: schema["x-rule"]
        for spec in (CONTRACT, REGISTRATION, CONTROL, "faults.yaml", "world.yaml")
        for schema in _dicts(document(spec))
        if "pattern" in schema and "x-rule" in schema
    }


def resolve(node: Json, spec: str) -> Json:
    """Replace each reference in a part of a document by its target, which may stand in another document.

    Siblings of a `$ref` are added to its target, as in JSON Schema 2020-12.
    """
    if isinstance(node, list):
        return [resolve(value, spec) for value in node]
    if not isinstance(node, dict):
        return node
    own = {name: resolve(value, spec) for name, value in node.items() if name not in ("$defs", "$ref")}
    if "$ref" not in node:
        return own
    other, _, pointer = node["$ref"].partition("#")
    return resolve(target(document(other or spec), pointer), other or spec) | own


def target(whole: Json, reference: str) -> Json:
    """Return the target of a reference within a document, such as `#/components/schemas/Error`."""
    node = whole
    for key in reference.removeprefix("#").removeprefix("/").split("/"):
        node = node[key.replace("~1", "/").replace("~0", "~")]
    return node


def reference_of(node: Json) -> str:
    """Return the JSON pointer of a reference; empty for a part that is no reference."""
    return str(node.get("$ref", "")).removeprefix("#")


def reference_name(node: Json) -> str:
    """Return the last step of a reference, such as `Error`; empty for a part that is no reference."""
    return reference_of(node).rpartition("/")[2]


def follow(node: Json, whole: Json) -> Json:
    """Follow a reference within a document to its target; a part that is no reference is its own."""
    while "$ref" in node:
        node = target(whole, node["$ref"])
    return node


def dereference(node: Json, whole: Json) -> Json:
    """Replace each reference in a part of a document by its target, without siblings of `$ref`, as in OpenAPI 3.0."""
    if isinstance(node, list):
        return [dereference(value, whole) for value in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        return dereference(target(whole, reference), whole)
    return {key: dereference(value, whole) for key, value in node.items()}


def definitions(whole: Json) -> Iterator[Json]:
    """Walk the definitions of all operations of a document."""
    for item in whole["paths"].values():
        yield from (item[method] for method in METHODS if method in item)


def _dicts(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _dicts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _dicts(value)
