"""Facts of an OpenAPI 3.0 file, each under the name of its place, for comparing two files.

All but wording is a fact: descriptions and summaries are left out, and so are defaults that are written down.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Any
Facts = Iterator[tuple[str, Json]]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_WORDING = ("description", "summary")
_SCHEMA_PARTS = ("properties", "items", "required")
_DEFAULTS = {"style": "form", "explode": True, "required": False, "nullable": False}


class Reader:
    """Reads one file. Operations have the names that `names` gives for their method and path."""

    def __init__(self, spec: Json, names: Mapping[tuple[str, str], str]) -> None:
        self._spec = spec
        self._names = names

    def facts(self) -> dict[str, Json]:
        """Each fact under the name of its place."""
        return dict(self._document()) | dict(self._operations())

    def _document(self) -> Facts:
        yield "document openapi", self._spec["openapi"]
        yield from self._leaves("document info", self._spec["info"])
        for key, value in self._spec.items():
            if key not in ("openapi", "info", "paths", "components"):
                yield f"document {key}", [self._bare(each) for each in value] if isinstance(value, list) else value
        yield "document schemas", sorted(self._spec["components"]["schemas"])
        yield "document securitySchemes", sorted(self._spec["components"]["securitySchemes"])

    def _leaves(self, place: str, node: Json) -> Facts:
        for key, value in node.items():
            if isinstance(value, Mapping):
                yield from self._leaves(f"{place} {key}", value)
            elif key not in _WORDING:
                yield f"{place} {key}", value

    def _operations(self) -> Facts:
        for path, item in self._spec["paths"].items():
            shared = {key: value for key, value in item.items() if key not in (*METHODS, *_WORDING, "parameters")}
            yield from ((f"path {path} {key}", value) for key, value in shared.items())
            for method in METHODS:
                if method in item:
                    parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
                    yield from self._operation(self._names[method, path], {**item[method], "parameters": parameters})

    def _operation(self, name: str, operation: Json) -> Facts:
        for key, value in operation.items():
            if key not in (*_WORDING, "parameters", "responses", "security"):
                yield f"{name} {key}", value
        schemes = self._spec["components"]["securitySchemes"]
        wanted = operation.get("security", self._spec.get("security", []))
        yield f"{name} security", [[self._bare(schemes[scheme]) for scheme in either] for either in wanted]
        for parameter in map(self._resolved, operation["parameters"]):
            yield from self._described(f"{name} {parameter['in']} {parameter['name']}", parameter)
        for status, response in operation["responses"].items():
            yield from self._response(f"{name} {status}", self._resolved(response))

    def _response(self, place: str, response: Json) -> Facts:
        yield place, "there"
        for name, header in response.get("headers", {}).items():
            yield from self._described(f"{place} header {name}", self._resolved(header))
        for name, link in response.get("links", {}).items():
            yield f"{place} link {name}", self._bare(self._resolved(link))
        for media_type, media in response.get("content", {}).items():
            yield f"{place} body {media_type}", "there"
            yield from self._schema(f"{place} body {media_type}", media["schema"])
            for name, example in media.get("examples", {}).items():
                yield f"{place} example {name}", self._resolved(example)["value"]

    def _described(self, place: str, node: Json) -> Facts:
        """A parameter or a header."""
        yield place, "there"
        for key, value in node.items():
            if key not in (*_WORDING, "name", "in", "schema") and _DEFAULTS.get(key) != value:
                yield f"{place} {key}", value
        yield from self._schema(place, node["schema"])

    def _schema(self, place: str, schema: Json) -> Facts:
        schema = self._resolved(schema)
        for key, value in schema.items():
            if key not in (*_WORDING, *_SCHEMA_PARTS) and _DEFAULTS.get(key) != value:
                yield f"{place} {key}", sorted(value) if key == "enum" else value
        for name, own in schema.get("properties", {}).items():
            yield f"{place} .{name}", "there"
            yield f"{place} .{name} required", name in schema.get("required", ())
            yield from self._schema(f"{place} .{name}", own)
        if "items" in schema:
            yield from self._schema(f"{place} []", schema["items"])

    def _bare(self, node: Json) -> Json:
        wording = isinstance(node, Mapping)
        return {key: value for key, value in node.items() if key not in _WORDING} if wording else node

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            target = self._spec
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            node = target
        return node


def differences(theirs: dict[str, Json], ours: dict[str, Json]) -> dict[str, tuple[Json, Json]]:
    """The places where two files say different things: what either says, None for nothing.

    Of what only one of them has at all, such as a response, the place as a whole is named and not each in it.
    """
    found = {
        place: (theirs.get(place), ours.get(place))
        for place in sorted(theirs.keys() | ours.keys())
        if theirs.get(place) != ours.get(place)
    }
    whole = tuple(f"{place} " for place, sides in found.items() if "there" in sides and None in sides)
    return {place: sides for place, sides in found.items() if not place.startswith(whole)}
