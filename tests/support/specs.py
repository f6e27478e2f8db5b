"""The specs as data: references followed, also from one file into the other, and what they say taken out of them.

Nothing of the service is used here: this reads the YAML by itself, so that it can prove something about it.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parents[2] / "openapi"
CONTRACT, REGISTRATION, CONTROL, WORLD = "bindings.yaml", "registration.yaml", "control.yaml", "world.yaml"
SPECS = (CONTRACT, REGISTRATION, CONTROL)
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_DATA = {"example", "value", "default", "enum"}
"""What a spec holds under these keys is data: a `$ref` or a `pattern` in it would mean nothing."""


class Node(NamedTuple):
    """A part of a file: where it stands as a JSON pointer, and what it is."""

    file: str
    pointer: str
    value: Any

    def __truediv__(self, key: object) -> "Node":
        """Give the part under a key, with references followed before and after."""
        here = self.target()
        escaped = str(key).replace("~", "~0").replace("/", "~1")
        return Node(here.file, f"{here.pointer}/{escaped}", here.value[key]).target()

    def __contains__(self, key: object) -> bool:
        return key in self.target().value

    def target(self) -> "Node":
        """Itself, or what it refers to."""
        if not isinstance(self.value, Mapping) or "$ref" not in self.value:
            return self
        file, _, pointer = self.value["$ref"].partition("#")
        node = root(file or self.file)
        for key in pointer.split("/")[1:]:
            node /= key.replace("~1", "/").replace("~0", "~")
        return node

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """Give the keys of a mapping with what stands under them, references followed."""
        return ((key, self / key) for key in self.target().value)


class Operation(NamedTuple):
    """An operation of a spec, with the parameters of its path among its own."""

    path: str
    method: str
    item: Node
    node: Node

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.node.value["operationId"])

    @property
    def parameters(self) -> dict[str, Node]:
        """Its parameters by their names."""
        lists = [holder / "parameters" for holder in (self.item, self.node) if "parameters" in holder]
        nodes = [parameters / index for parameters in lists for index in range(len(parameters.value))]
        return {node.value["name"]: node for node in nodes}


class Response(NamedTuple):
    """A response of an operation."""

    operation: Operation
    status: str
    node: Node


def read(path: Path) -> Any:
    """Read a YAML file, by libyaml where PyYAML has it: all processes of a run read the specs."""
    return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def load(file: str) -> Any:
    """Give a file as it is written."""
    return read(FOLDER / file)


def change(spec: Any, changes: Mapping[str, Any]) -> Any:
    """Return a copy with other values at JSON pointers. None takes away what is there, and `-` adds to a list."""
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


def root(file: str) -> Node:
    """Give a whole file as a node."""
    return Node(file, "", load(file))


def walk(node: Node) -> Iterator[Node]:
    """Each mapping in a node that describes something, itself included, references unfollowed, data left out."""
    if isinstance(node.value, dict):
        yield node
        names = node.pointer.endswith("/properties")
        children = [(key, child) for key, child in node.value.items() if names or key not in _DATA]
    else:
        children = list(enumerate(node.value)) if isinstance(node.value, list) else []
    for key, child in children:
        yield from walk(Node(node.file, f"{node.pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", child))


def reach(node: Node) -> Iterator[Node]:
    """As `walk`, but with references followed."""
    for part in walk(node):
        if "$ref" in part.value:
            yield from reach(part.target())
        else:
            yield part


def components(kind: str, *files: str) -> dict[str, Node]:
    """Give the components of a kind, such as `schemas`, by their names."""
    homes = [root(file) / "components" for file in files]
    return {name: node for home in homes if kind in home for name, node in (home / kind).items()}


def operations(*files: str) -> list[Operation]:
    """Give the operations of the specs."""
    items = [(path, item) for file in files for path, item in (root(file) / "paths").items()]
    return [Operation(path, key, item, node) for path, item in items for key, node in item.items() if key in METHODS]


def responses(*files: str) -> list[Response]:
    """Give the responses of all operations of the specs."""
    return [
        Response(operation, status, node)
        for operation in operations(*files)
        for status, node in (operation.node / "responses").items()
    ]


def media(holder: Node) -> Iterator[tuple[str, Node]]:
    """Give the media types of a request body or response."""
    return (holder / "content").items() if "content" in holder else iter(())


def examples(holder: Node) -> Iterator[tuple[str, Any]]:
    """Give the examples of a parameter, header, media type or schema, each with its name; `example` has none: ''."""
    if "example" in holder:
        yield "", holder.value["example"]
    for name, node in (holder / "examples").items() if "examples" in holder else ():
        yield name, node.value["value"]
