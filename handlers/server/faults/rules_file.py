"""Files of fault rules: YAML by `openapi/faults.yaml`. An error has its line, JSON pointer and rule."""

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import jsonschema_rs
import orjson
import yaml

from ...schema_messages import first_error, keyword, rule
from ...spec import CONTRACT, REGISTRATION, operations
from .errors import check_injection
from .rules import Rule
from .schemas import schema

Steps = tuple[str | int, ...]

_LONGEST = 1 << 20
"""The greatest size of a file in bytes."""

_MOST = 20_000
"""Values in a file at most, with aliases expanded; the largest valid file has 12,000."""

_DEEPEST = 20
"""Levels of nesting at most; a rule has four."""

_LONGEST_NUMBER = 40
"""Characters of a number at most: the time of parsing grows by their square."""


class FaultRulesError(Exception):
    """The file breaks a rule of its schema, or names what the specs do not have."""

    def __init__(self, line: int, path: Steps, broken: str) -> None:
        pointer = "".join(f"/{step}" for step in path)
        super().__init__(f"line {line}, {pointer or 'the document'}: {broken}")


_Fastest: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Fastest):  # type: ignore[misc]  # it is a class
    """YAML restricted to JSON: timestamps are texts, and numbers have a greatest length."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        if len(node.value) > _LONGEST_NUMBER and node.tag.endswith((":int", ":float")):
            problem = f"a number has at most {_LONGEST_NUMBER} characters"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return str(super().construct_scalar(node))


def read(file: Path, *, registration: bool) -> tuple[int, tuple[Rule, ...]]:
    """Read the seed and the rules of a file; `registration` allows rules for registration.

    Raises `FaultRulesError` for the first broken rule, and `OSError` for a file that cannot be read.
    """
    with file.open("rb") as opened:
        return parse(opened.read(_LONGEST + 1), registration=registration)


def parse(content: bytes, *, registration: bool, is_json: bool = False) -> tuple[int, tuple[Rule, ...]]:
    """Parse the content of a file; see `read`. With `is_json` YAML that is no JSON is an error."""
    if len(content) > _LONGEST:
        raise FaultRulesError(1, (), f"must have at most {_LONGEST} bytes")
    root, value = _parse_json(content) if is_json else _parse_yaml(content)
    error = first_error(jsonschema_rs.Draft202012Validator(schema()), schema(), value)
    if error is not None:
        path = tuple(error.instance_path)
        raise FaultRulesError(_line(root, path), path, _rule(error))
    served = [one.operation_id for spec in _specs(registration=registration) for one in operations(spec)]
    rules = tuple(map(Rule.of, value["rules"]))
    for index, each in enumerate(rules):
        for name, broken in _misfits(each, served):
            path = ("rules", index, name)
            raise FaultRulesError(_line(root, path), path, broken)
    return value.get("seed", schema()["properties"]["seed"]["default"]), rules


def _specs(*, registration: bool) -> tuple[str, ...]:
    return (CONTRACT, REGISTRATION) if registration else (CONTRACT,)


def _misfits(each: Rule, served: Sequence[str]) -> Iterator[tuple[str, str]]:
    if each.operation is not None and each.operation not in served:
        yield "operation", _explain_unknown(each.operation, served)
    for operation_id in [each.operation] if each.operation else served:
        if wrong := check_injection(each.injection, operation_id):
            yield wrong


def _explain_unknown(operation: str, served: Sequence[str]) -> str:
    for name in served:
        if name.lower() == operation.replace("_", "").lower():  # list_bindings, until 2.0
            return f"must be {name}, as the contract spells it"
    return f"must be one of {', '.join(served)}, or be left out for all of them"


def _rule(error: jsonschema_rs.ValidationError) -> str:
    if keyword(error) != "anyOf":
        return rule(error)
    choices = [name for choice in schema()["properties"]["rules"]["items"]["anyOf"] for name in choice["required"]]
    return f"must hold one of {', '.join(choices)}"


def _parse_yaml(content: bytes) -> tuple[yaml.Node, Any]:
    """Parse a document to its nodes, which have lines, and to its value."""
    try:
        text = content.decode()
        _check_size(text)
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise FaultRulesError(1, (), "must hold rules")
        _check_names(root, (), (), count())
        return root, loader.construct_document(root)
    except UnicodeDecodeError:
        raise FaultRulesError(1, (), "must be UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FaultRulesError(line, (), f"must be YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise FaultRulesError(1, (), "must be YAML: it holds a character that is not allowed there") from None


def _parse_json(content: bytes) -> tuple[yaml.Node, Any]:
    """Parse a JSON document to YAML's nodes, which have lines, and to its value: YAML reads some numbers otherwise."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise FaultRulesError(error.lineno, (), f"must be JSON: {error.msg}") from None
    return _parse_yaml(content)[0], value


def _check_size(text: str) -> None:
    """Raise `FaultRulesError` for too many values or too deep nesting, before nodes are built."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, _Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise FaultRulesError(_line_of(event), (), f"must not be nested deeper than {_DEEPEST} levels")
        if number > _MOST:
            raise _too_many(event)


def _line_of(place: yaml.Event | yaml.Node) -> int:
    return place.start_mark.line + 1 if place.start_mark else 1


def _too_many(place: yaml.Event | yaml.Node) -> FaultRulesError:
    return FaultRulesError(_line_of(place), (), f"must hold at most {_MOST} values, aliases written out")


def _check_names(node: yaml.Node, path: Steps, around: tuple[yaml.Node, ...], visited: Iterator[int]) -> None:
    """Raise `FaultRulesError` for YAML that JSON does not have: duplicate names, names that are no text, and cycles.

    `visited` counts values with aliases expanded: aliases of aliases can expand beyond any memory.
    """
    if next(visited) > _MOST:
        raise _too_many(node)
    if node in around:
        raise FaultRulesError(node.start_mark.line + 1, path, "must not hold itself")
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _check_names(item, (*path, index), (*around, node), visited)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not key.tag.endswith(":str"):
                raise FaultRulesError(line, path, "must have names that are texts")
            if key.value in seen:
                raise FaultRulesError(line, (*path, key.value), "must not be there twice")
            seen.add(key.value)
            _check_names(item, (*path, key.value), (*around, node), visited)


def _line(node: yaml.Node, path: Steps) -> int:
    """Find the line of the value at a path, or of its nearest existing parent."""
    line: int = node.start_mark.line + 1
    for step in path:
        found = [place for name, place in _items(node) if name == step]
        if not found:
            break
        line, node = found[0]
    return line


def _items(node: yaml.Node) -> Iterator[tuple[str | int, tuple[int, yaml.Node]]]:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield index, (item.start_mark.line + 1, item)
    if isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            yield key.value, (key.start_mark.line + 1, item)
