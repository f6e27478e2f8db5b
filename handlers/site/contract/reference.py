"""The reference: operations with their parameters and responses, schemas with their properties."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import NamedTuple

from ...spec import CONTRACT, METHODS, Json, document, reference_name, reference_of
from .examples import Example, as_json, curl, example_of_parameter, examples, samples
from .schemas import SchemaType, choices, follow_reference, is_list, retention, rules, type_of


class Place(NamedTuple):
    """The anchor of a part of the contract in the reference, and an example of the part."""

    anchor: str
    example: str


@dataclass(frozen=True)
class Field:
    """A parameter, a header or a property."""

    name: str
    anchor: str
    place: str
    required: bool
    kind: SchemaType
    rules: list[str]
    description: str
    retention: str
    example: str
    choices: list[str]
    repeatable: bool


@dataclass(frozen=True)
class DocumentedResponse:
    """A response of an operation."""

    status: int
    phrase: str
    anchor: str
    description: str
    headers: list[Field]
    schema: str
    examples: list[Example]


@dataclass(frozen=True)
class DocumentedOperation:
    """An operation; its anchor is its operationId."""

    anchor: str
    tag: str
    method: str
    path: str
    title: str
    description: str
    curl: str
    parameters: list[Field]
    responses: list[DocumentedResponse]


@dataclass(frozen=True)
class Schema:
    """A named schema."""

    name: str
    anchor: str
    kind: SchemaType
    rules: list[str]
    description: str
    properties: list[Field]
    example: str


@cache
def operations() -> list[DocumentedOperation]:
    """List the operations of the contract, in its order."""
    return [
        _operation(path, method, item)
        for path, item in document(CONTRACT)["paths"].items()
        for method in METHODS
        if method in item
    ]


@cache
def schemas() -> list[Schema]:
    """List the schemas of the contract, in its order."""
    return [_schema(name, schema) for name, schema in document(CONTRACT)["components"]["schemas"].items()]


@cache
def headers() -> list[Field]:
    """List the headers of the contract's responses; one that differs between responses is that of the last."""
    found = {field.name: field for each in operations() for response in each.responses for field in response.headers}
    return [replace(field, anchor=f"header-{field.name}") for field in found.values()]


def place_of(pointer: str) -> Place:
    """Find the place of a JSON pointer in the reference, or of the nearest documented part around it."""
    while pointer not in _places():
        pointer = pointer.rpartition("/")[0]
    return _places()[pointer]


def pointer_to(operation: DocumentedOperation) -> str:
    """Return the JSON pointer to an operation."""
    path = operation.path.replace("~", "~0").replace("/", "~1")
    return f"/paths/{path}/{operation.method.lower()}"


def _operation(path: str, method: str, item: Json) -> DocumentedOperation:
    spec, name = item[method], item[method]["operationId"]
    parameters = [*item.get("parameters", ()), *spec.get("parameters", ())]
    return DocumentedOperation(
        anchor=name,
        tag=spec["tags"][0],
        method=method.upper(),
        path=path,
        title=spec["summary"],
        description=spec["description"],
        curl=curl(path, method, parameters, whole=True),
        parameters=[_parameter(each, name) for each in parameters],
        responses=[_response(each, status, name, (path, method, parameters))
                   for status, each in spec["responses"].items()],
    )  # fmt: skip


def _response(node: Json, status: str, operation: str, request: tuple[str, str, list[Json]]) -> DocumentedResponse:
    response = follow_reference(node)
    (media,) = response.get("content", {"": {}}).values()
    anchor = f"{operation}-{status}"
    return DocumentedResponse(
        status=int(status),
        phrase=HTTPStatus(int(status)).phrase,
        anchor=anchor,
        description=response["description"],
        headers=[_field(each, name, f"{anchor}-{name}", "header") for name, each in response["headers"].items()],
        schema=reference_name(media.get("schema", {})),
        examples=examples(media, request),
    )


def _parameter(node: Json, operation: str) -> Field:
    parameter = follow_reference(node)
    return _field(parameter, parameter["name"], f"{operation}-{parameter['name']}", parameter["in"])


def _field(node: Json, name: str, anchor: str, place: str) -> Field:
    """Convert a parameter or a header."""
    whole = follow_reference(node)
    example = f"{name}: {whole['example']}" if place == "header" and "example" in whole else ""
    return Field(
        name=name,
        anchor=anchor,
        place=place,
        required=bool(whole.get("required")),
        kind=type_of(whole["schema"]),
        rules=rules(whole["schema"]),
        description=whole["description"],
        retention=retention(whole),
        example=example or example_of_parameter(whole),
        choices=choices(whole["schema"]),
        repeatable=is_list(whole["schema"]),
    )


def _schema(name: str, schema: Json) -> Schema:
    sample = samples().get(name, schema.get("example"))
    return Schema(
        name=name,
        anchor=f"schema-{name}",
        kind=type_of(schema),
        rules=rules(schema),
        description=schema["description"],
        properties=[_property(schema, each, f"schema-{name}", sample) for each in schema.get("properties", ())],
        example="" if sample is None else as_json(sample),
    )


def _property(schema: Json, name: str, anchor: str, sample: Json) -> Field:
    node = schema["properties"][name]
    whole = follow_reference(node)
    return Field(
        name=name,
        anchor=f"{anchor}-{name}",
        place="property",
        required=name in schema.get("required", ()),
        kind=type_of(node),
        rules=rules(node),
        description=whole.get("description", ""),
        retention=retention(whole),
        example=f"{as_json(name)}: {as_json(sample[name])}" if name in (sample or ()) else "",
        choices=choices(node),
        repeatable=is_list(node),
    )


@cache
def _places() -> dict[str, Place]:
    """Map JSON pointers to places; the first place of a part counts."""
    found: dict[str, Place] = {}
    for pointer, place in (*_of_operations(), *_of_schemas(), *_of_components()):
        found.setdefault(pointer, place)
    return found


def _of_operations() -> Iterator[tuple[str, Place]]:
    routes = "\n".join(f"{each.method} {each.path}" for each in operations())
    yield "/paths", Place("operations", routes)
    for each in operations():
        spec = document(CONTRACT)["paths"][each.path][each.method.lower()]
        yield pointer_to(each), Place(each.anchor, each.curl)
        for response in each.responses:
            place = Place(response.anchor, _example(response))
            node = spec["responses"][str(response.status)]
            yield f"{pointer_to(each)}/responses/{response.status}", place
            if pointer := reference_of(node):
                yield pointer, place
        item = document(CONTRACT)["paths"][each.path]
        for node, field in zip(
            [*item.get("parameters", ()), *spec.get("parameters", ())], each.parameters, strict=True
        ):
            if pointer := reference_of(node):
                yield pointer, Place(field.anchor, field.example or each.curl)


def _of_schemas() -> Iterator[tuple[str, Place]]:
    for each in schemas():
        pointer = f"/components/schemas/{each.name}"
        yield pointer, Place(each.anchor, each.example or "\n".join(each.rules))
        yield from ((f"{pointer}/properties/{field.name}", Place(field.anchor, field.example))
                    for field in each.properties)  # fmt: skip


def _of_components() -> Iterator[tuple[str, Place]]:
    for header in headers():
        yield f"/components/headers/{header.name}", Place(header.anchor, header.example)
    for name in document(CONTRACT)["components"]["securitySchemes"]:
        yield f"/components/securitySchemes/{name}", Place("authentication", operations()[0].curl)
    yield "", Place("guide", "")


def _example(response: DocumentedResponse) -> str:
    line = f"{response.status} {response.phrase}"
    return f"{line}\n\n{response.examples[0].body}" if response.examples else line
