"""Facts of an OpenAPI 3.0 file, each under the name of its place, for comparing two files.

All but wording is a fact: descriptions and summaries are left out, and so are defaults that are written down.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chat_bindings.spec import METHODS, follow

Json = Any
Facts = Iterator[tuple[str, Json]]

_WORDING = ("description", "summary")
_SCHEMA_PARTS = ("properties", "items", "required")
_DEFAULTS = {"style": "form", "explode": True, "required": False, "nullable": False}


def facts(spec: Json, names: Mapping[tuple[str, str], str]) -> dict[str, Json]:
    """Return each fact by the name of its place. Operations have the names that `names` gives for method and path."""
    plain = _plain(spec, spec)
    return dict(_document(plain)) | dict(_operations(plain, names))


def _plain(node: Json, spec: Json) -> Json:
    """Follow all references, and leave wording out."""
    if isinstance(node, list):
        return [_plain(each, spec) for each in node]
    if not isinstance(node, Mapping):
        return node
    return {key: _plain(value, spec) for key, value in follow(node, spec).items() if key not in _WORDING}


def _document(spec: Json) -> Facts:
    yield "document openapi", spec["openapi"]
    yield from _leaves("document info", spec["info"])
    for key, value in spec.items():
        if key not in ("openapi", "info", "paths", "components"):
            yield f"document {key}", value
    yield "document schemas", sorted(spec["components"]["schemas"])
    yield "document securitySchemes", sorted(spec["components"]["securitySchemes"])


def _leaves(place: str, node: Json) -> Facts:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _leaves(f"{place} {key}", value)
        else:
            yield f"{place} {key}", value


def _operations(spec: Json, names: Mapping[tuple[str, str], str]) -> Facts:
    for path, item in spec["paths"].items():
        shared = {key: value for key, value in item.items() if key not in (*METHODS, "parameters")}
        yield from ((f"path {path} {key}", value) for key, value in shared.items())
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
                yield from _operation(names[method, path], {**item[method], "parameters": parameters}, spec)


def _operation(name: str, operation: Json, spec: Json) -> Facts:
    for key, value in operation.items():
        if key not in ("parameters", "responses", "security"):
            yield f"{name} {key}", value
    schemes = spec["components"]["securitySchemes"]
    wanted = operation.get("security", spec.get("security", []))
    yield f"{name} security", [[schemes[scheme] for scheme in either] for either in wanted]
    for parameter in operation["parameters"]:
        yield from _described(f"{name} {parameter['in']} {parameter['name']}", parameter)
    for status, response in operation["responses"].items():
        yield from _response(f"{name} {status}", response)


def _response(place: str, response: Json) -> Facts:
    yield place, "there"
    for name, header in response.get("headers", {}).items():
        yield from _described(f"{place} header {name}", header)
    for name, link in response.get("links", {}).items():
        yield f"{place} link {name}", link
    for media_type, media in response.get("content", {}).items():
        yield f"{place} body {media_type}", "there"
        yield from _schema(f"{place} body {media_type}", media["schema"])
        for name, example in media.get("examples", {}).items():
            yield f"{place} example {name}", example["value"]


def _described(place: str, node: Json) -> Facts:
    """Return the facts of a parameter or a header."""
    yield place, "there"
    for key, value in node.items():
        if key not in ("name", "in", "schema") and _DEFAULTS.get(key) != value:
            yield f"{place} {key}", value
    yield from _schema(place, node["schema"])


def _schema(place: str, schema: Json) -> Facts:
    for key, value in schema.items():
        if key not in _SCHEMA_PARTS and _DEFAULTS.get(key) != value:
            yield f"{place} {key}", sorted(value) if key == "enum" else value
    for name, own in schema.get("properties", {}).items():
        yield f"{place} .{name}", "there"
        yield f"{place} .{name} required", name in schema.get("required", ())
        yield from _schema(f"{place} .{name}", own)
    if "items" in schema:
        yield from _schema(f"{place} []", schema["items"])


def differences(theirs: dict[str, Json], ours: dict[str, Json]) -> dict[str, tuple[Json, Json]]:
    """Return the places where two files differ, with what either states, None for nothing.

    A place that only one of them has at all, such as a response, is named as a whole and not by each fact in it.
    """
    found = {
        place: (theirs.get(place), ours.get(place))
        for place in sorted(theirs.keys() | ours.keys())
        if theirs.get(place) != ours.get(place)
    }
    whole = tuple(f"{place} " for place, sides in found.items() if "there" in sides and None in sides)
    return {place: sides for place, sides in found.items() if not place.startswith(whole)}
