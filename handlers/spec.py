"""What the specs say beyond routing and validation: errors, headers, patterns, paths."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

Json = Any
"""What YAML and JSON hold: dicts, lists, strings, numbers, booleans and None."""

CONTRACT = "bindings.yaml"
REGISTRATION = "registration.yaml"
CONTROL = "control.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_PACKAGE = f"{__package__}.openapi"


def directory() -> Path:
    """The folder of the specs, in the source tree or in the installed package."""
    return Path(str(files(_PACKAGE)))


@cache
def document(name: str) -> Json:
    """A spec as it is written, references and all."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((directory() / name).read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe


def component(kind: str, name: str, spec: str = CONTRACT) -> Json:
    """An entry of a spec's components, such as `component("schemas", "BindingType")`."""
    return document(spec)["components"][kind][name]


def binding_types() -> tuple[str, ...]:
    """The push technologies that there are."""
    return tuple(component("schemas", "BindingType")["enum"])


class Operation(NamedTuple):
    """An operation of a spec; `path` is its template with its base, such as `/v2/Services/{ServiceSid}/Bindings`."""

    method: str
    path: str
    operation_id: str


def operations(spec: str = CONTRACT) -> Iterator[Operation]:
    """All operations of a spec."""
    base = urlsplit(document(spec)["servers"][0]["url"]).path.rstrip("/")
    for path, item in document(spec)["paths"].items():
        for method in METHODS:
            if method in item:
                yield Operation(method.upper(), f"{base}{path}", item[method]["operationId"])


@cache
def path_template(operation_id: str, spec: str = CONTRACT) -> str:
    """The path of an operation, with its base."""
    for operation in operations(spec):
        if operation.operation_id == operation_id:
            return operation.path
    raise LookupError(f"{spec} has no operation {operation_id}")


@cache
def sentences() -> dict[str, str]:
    """For each `pattern` of the specs that has an `x-rule`, the rule as a sentence."""
    return {
        schema["pattern"]: schema["x-rule"]
        for spec in (CONTRACT, REGISTRATION, CONTROL, "faults.yaml", "world.yaml")
        for schema in _dicts(document(spec))
        if "pattern" in schema and "x-rule" in schema
    }


def resolved(node: Json, spec: str) -> Json:
    """A part of a document with each reference, to other documents too, replaced by what it refers to.

    What stands beside a reference is added to that, as in JSON Schema 2020-12.
    """
    if isinstance(node, list):
        return [resolved(value, spec) for value in node]
    if not isinstance(node, dict):
        return node
    own = {name: resolved(value, spec) for name, value in node.items() if name not in ("$defs", "$ref")}
    if "$ref" not in node:
        return own
    other, _, pointer = node["$ref"].partition("#/")
    target = document(other or spec)
    for name in pointer.split("/"):
        target = target[name]
    return resolved(target, other or spec) | own


def _dicts(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _dicts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _dicts(value)
