"""The specs as data: unchanged, and parts of them with all references resolved."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from chat_bindings.spec import CONTRACT, CONTROL, REGISTRATION

from .answers import Operation, document, operations

Json = Any

FOLDER = Path(__file__).parents[2] / "openapi"
WORLD = "world.yaml"
SPECS = (CONTRACT, REGISTRATION, CONTROL)

_DATA = {"example", "examples", "value", "default", "enum"}
"""Keys whose values are data: a `pattern` in them would mean nothing."""


class Response(NamedTuple):
    """A response of an operation."""

    operation: Operation
    status: str
    spec: Json

    def __str__(self) -> str:
        return f"{self.operation.operation_id}-{self.status}"

    @property
    def content(self) -> dict[str, Json]:
        """Its media types; none where it has no body."""
        return self.spec.get("content", {})


def read(path: Path) -> Json:
    """Read a YAML file, by libyaml where PyYAML has it: all processes of a run read the specs."""
    return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def load(file: str) -> Json:
    """Return a file as it is written."""
    return read(FOLDER / file)


def change(spec: Json, changes: Mapping[str, Json]) -> Json:
    """Return a copy with other values at JSON pointers. None removes a value, and `-` adds to a list."""
    copy = json.loads(json.dumps(spec))  # in which nothing is shared any more that aliases share in the file
    for pointer, value in changes.items():
        node = copy
        *parents, last = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
        for key in parents:
            node = node[int(key) if isinstance(node, list) else key]
        if last == "-":
            node.append(value)
        elif value is None:
            del node[int(last) if isinstance(node, list) else last]
        else:
            node[last] = value
    return copy


def walk(node: Json, pointer: str = "") -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield each mapping in a node that describes something, itself included, with its place; data is left out."""
    if isinstance(node, dict):
        yield pointer, node
        names = pointer.endswith("/properties")
        children = [(key, child) for key, child in node.items() if names or key not in _DATA]
    else:
        children = list(enumerate(node)) if isinstance(node, list) else []
    for key, child in children:
        yield from walk(child, f"{pointer}/{key}")


def components(kind: str, *files: str) -> dict[str, Json]:
    """Return the components of a kind, such as `schemas`, by their names."""
    return {name: part for file in files for name, part in document(file)["components"].get(kind, {}).items()}


def responses(*files: str) -> list[Response]:
    """Return the responses of all operations of the specs."""
    return [
        Response(operation, status, spec)
        for operation in operations(*files).values()
        for status, spec in operation.spec["responses"].items()
    ]
