"""The specs agree wherever they state a thing twice, in prose, a link or a world.

The demo gives each example, to the letter (tests/server/test_examples_true.py), so examples agree with the rest.
"""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ..support import specs
from ..support.answers import Operation, document, operations
from ..support.specs import CONTRACT, SPECS, WORLD

OPERATIONS = operations(*SPECS)
PARAMETERS = specs.components("parameters", *SPECS)
SCHEMAS = specs.components("schemas", *SPECS)
LINKS = [
    (response, name, link)
    for response in specs.responses(*SPECS)
    for name, link in response.spec.get("links", {}).items()
]
INPUTS = [
    *(parameter for operation in OPERATIONS.values() for parameter in operation.spec["parameters"]),
    *(operation.spec["requestBody"] for operation in OPERATIONS.values() if "requestBody" in operation.spec),
    document(WORLD),
]


def numbers(text: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"\b[\d,]*\d\b", text)]


def parameters(operation: Operation) -> dict[str, Any]:
    return {each["name"]: each for each in operation.spec["parameters"]}


def at(body: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer of a body; None where there is no such place."""
    for key in pointer.split("/")[1:]:
        try:
            body = body[int(key) if isinstance(body, list) else key]
        except LookupError:
            return None
    return body


def check_expression(expression: str, response: specs.Response, wanted: Any) -> None:
    """Prove that a link's expression gives what the parameter it is for takes."""
    if found := re.fullmatch(r"\$request\.path\.(\w+)", expression):
        given = parameters(response.operation)[found[1]]
        assert (given["in"], given["schema"]) == ("path", wanted["schema"])
        return
    (pointer,) = re.fullmatch(r"\$response\.body#(/.+)", expression).groups()
    shown = [it["value"] for media in response.content.values() for it in media["examples"].values()]
    values = [value for body in shown if (value := at(body, pointer)) is not None]
    assert values, f"{expression} is in no example"
    pattern = wanted["schema"].get("pattern", "")
    assert [value for value in values if not re.match(pattern, str(value))] == []


@pytest.mark.parametrize(
    ("response", "name", "link"), LINKS, ids=[f"{it.operation.operation_id}-{name}" for it, name, _ in LINKS]
)
def test_links_lead_where_they_say(response, name, link):
    """A link names an operation that there is, fills in all that it needs, and each value fits."""
    target = OPERATIONS[link["operationId"]]
    given = link["parameters"]
    needed = {name for name, parameter in parameters(target).items() if parameter.get("required")}
    assert needed <= set(given) <= set(parameters(target))
    for parameter, expression in given.items():
        check_expression(expression, response, parameters(target)[parameter])
    if "requestBody" in target.spec:
        assert link["requestBody"] == "$request.body"
        assert "requestBody" in response.operation.spec


def test_links_lead_from_the_list_to_fetch_and_delete():
    """A client that has a page can go on to each Binding: fetch it, delete it."""
    targets = {link["operationId"] for response, _, link in LINKS if response.operation.operation_id == "listBindings"}
    assert {"fetchBinding", "deleteBinding"} <= targets


def test_every_pattern_that_input_meets_has_a_sentence():
    """Each pattern for input has its rule in words, the same everywhere."""
    parts = [part for node in INPUTS for _, part in specs.walk(node) if "pattern" in part]
    assert parts
    assert [part["pattern"] for part in parts if "x-rule" not in part] == []
    assert len({(part["pattern"], part["x-rule"]) for part in parts}) == len({part["pattern"] for part in parts})


def test_sentences_say_what_their_patterns_say():
    """The letters and the length of a SID, and the example of a time, are those of the pattern."""
    rules = {part["x-rule"]: part["pattern"] for node in INPUTS for _, part in specs.walk(node) if "x-rule" in part}
    for rule, pattern in rules.items():
        if sid := re.fullmatch(r"\^([A-Z]{2})\[0-9a-fA-F\]\{(\d+)\}\$", pattern):
            assert rule == f"be {sid[1]} and {sid[2]} hexadecimal digits"
        if " such as " in rule:
            assert re.fullmatch(pattern, rule.partition(" such as ")[2])


def test_the_description_names_every_kind_of_sid():
    """The section on identifiers has the two letters of every SID in the specs and in worlds."""
    paragraph = specs.load(CONTRACT)["info"]["description"].partition("## Identifiers")[2].partition("##")[0]
    texts = [(specs.FOLDER / file).read_text(encoding="utf-8") for file in (*SPECS, WORLD)]
    used = {found for text in texts for found in re.findall(r"\^([A-Z]{2})\[0-9a-fA-F\]", text)} - {"RQ"}
    assert set(re.findall(r"`([A-Z]{2})`", paragraph)) == used


def test_a_broken_bound_names_an_error_that_there_is():
    """`x-errors` gives a bound of the parameter an error of its own, which its operations show."""
    for operation in OPERATIONS.values():
        (media,) = operation.spec["responses"]["400"]["content"].values()
        for parameter in operation.spec["parameters"]:
            for keyword, error in parameter.get("x-errors", {}).items():
                assert keyword in parameter["schema"]
                assert error in media["examples"]
    assert any("x-errors" in parameter for parameter in PARAMETERS.values())


def test_bounds_in_words_are_the_bounds_of_the_schemas():
    """Bounds in descriptions are the bounds of the schemas."""
    filters = specs.load(CONTRACT)["info"]["description"].partition("## Filters")[2].partition("##")[0]
    limits = {PARAMETERS[name]["schema"]["maxItems"] for name in ("BindingTypeParameter", "IdentityParameter")}
    assert set(numbers(filters)) == limits
    for name in ("Identity", "Endpoint"):
        bounds = SCHEMAS[name]
        assert numbers(bounds["description"])[:2] == [bounds["minLength"], bounds["maxLength"]]
    assert SCHEMAS["BindingList"]["properties"]["bindings"]["maxItems"] == SCHEMAS["PageSize"]["maximum"]


def test_choices_in_words_are_the_choices_of_the_specs():
    """The push technologies that the description lists are those of the schema."""
    types = SCHEMAS["BindingType"]
    assert re.findall(r"`(\w+)`", types["description"]) == types["enum"]


def test_the_schema_of_worlds_is_valid():
    """`world.yaml` is a JSON Schema of the draft that it names."""
    assert specs.load(WORLD)["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(specs.load(WORLD))


def test_a_world_takes_a_binding_as_it_is_served():
    """Its Bindings have the properties of the resource, and may lack those that follow from where they stand."""
    binding = specs.load(WORLD)["$defs"]["Binding"]
    properties = SCHEMAS["Binding"]["properties"]
    assert set(binding["properties"]) == set(properties)
    assert set(properties) - set(binding["required"]) == {"account_sid", "service_sid", "url", "links"}
