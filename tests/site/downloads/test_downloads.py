"""The downloads are the same bytes everywhere, and the renditions mean the same as the contract."""

import json
import subprocess

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from chat_bindings.site.downloads import downloads
from chat_bindings.site.renditions import as_json_schema, as_openapi_31, for_tools, without_references

from ...support import specs

FILES = downloads()
SPEC = specs.load(specs.CONTRACT)
IN_OPENAPI = ["bindings.yaml", "registration.yaml", "report.yaml", "workflows.arazzo.yaml", "world.yaml"]
IN_OPENAPI += ["control.yaml", "faults.yaml"]
VALIDATORS = {
    "bindings.bundled.json": OpenAPIV30SpecValidator,
    "bindings.dereferenced.json": OpenAPIV30SpecValidator,
    "bindings.3.1.json": OpenAPIV31SpecValidator,
}


def loaded(name):
    return json.loads(FILES[name])


def everywhere(node):
    """Yield each mapping in a document that describes something, the document included."""
    return [each for _, each in specs.walk(node)]


def test_the_sums_are_those_of_all_files(tmp_path):
    """`sha256sum --check` finds each file but the sums themselves, and finds it right."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    finished = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines() == [f"{name}: OK" for name in sorted(FILES.keys() - {"SHA256SUMS"})]


@pytest.mark.parametrize("name", IN_OPENAPI)
def test_handwritten_files_are_published_unchanged(name):
    """The hand-written files are not touched, so their references to each other lead to the files beside them."""
    assert FILES[name] == (specs.FOLDER / name).read_bytes()


@pytest.mark.parametrize(("name", "validator"), VALIDATORS.items())
def test_the_renditions_are_valid(name, validator):
    """openapi-spec-validator accepts each, as OpenAPI of its version."""
    assert [fault.message for fault in validator(loaded(name)).iter_errors()] == []


def schemas(node, *, inside=False):
    """Return each Schema Object of a document, by those of its keys that a strict JSON Schema validator refuses."""
    if isinstance(node, list):
        for value in node:
            yield from schemas(value, inside=inside)
    if isinstance(node, dict):
        if inside:
            yield {key for key in node if key.startswith("x-") or key == "example"}
        for key, value in node.items():
            if key in ("schemas", "properties"):
                for each in value.values():
                    yield from schemas(each, inside=True)
            elif key not in ("example", "examples", "enum", "default", "value"):
                yield from schemas(value, inside=inside or key == "schema")


@pytest.mark.parametrize("name", VALIDATORS)
def test_the_renditions_have_no_unknown_keyword_in_a_schema(name):
    """Ajv refuses to start with one. The contract as it is written has some, elsewhere they stay."""
    assert set().union(*schemas(SPEC)) == {"x-rule", "x-pii", "example"}
    assert [found for found in schemas(loaded(name)) if found] == []
    assert loaded(name)["components"]["examples"] == SPEC["components"]["examples"]


def test_the_bundle_is_the_contract():
    """Bundled, the contract is the same document but for annotations of schemas, and refers to no other file."""
    bundled = loaded("bindings.bundled.json")
    assert bundled == for_tools(SPEC)
    assert all(node["$ref"].startswith("#/") for node in everywhere(bundled) if "$ref" in node)


def test_the_dereferenced_contract_has_no_reference_and_says_the_same():
    """Nothing refers to anything, and what was referred to stands in its place."""
    spec = loaded("bindings.dereferenced.json")
    assert [node for node in everywhere(spec) if "$ref" in node] == []
    listed = spec["paths"]["/v2/Services/{ServiceSid}/Bindings"]["get"]["responses"]["200"]["content"]
    items = listed["application/json"]["schema"]["properties"]["bindings"]["items"]
    assert items["properties"]["sid"] == for_tools(SPEC)["components"]["schemas"]["BindingSid"]
    assert items == spec["components"]["schemas"]["Binding"]


def test_the_rendition_in_openapi_31_has_nothing_of_30():
    """Its schemas know no `nullable`, and their examples are lists."""
    spec = loaded("bindings.3.1.json")
    assert spec["openapi"] == "3.1.1"
    schemas = everywhere(spec["components"]["schemas"])
    assert [node for node in schemas if "nullable" in node or "example" in node] == []
    assert spec["components"]["schemas"]["PageMeta"]["properties"]["next_page_url"]["type"] == ["string", "null"]
    assert spec["components"]["schemas"]["BindingSid"]["examples"] == ["BS" + "a" * 32]
    assert spec["components"]["examples"] == SPEC["components"]["examples"]


def bodies(spec):
    """Return the schema and the examples of each response of a spec, references followed."""
    for item in without_references(spec)["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "responses" in operation:
                for response in operation["responses"].values():
                    yield from response.get("content", {}).values()


def test_the_examples_are_what_the_schemas_of_openapi_31_describe():
    """Each example is valid, and no longer is when a property is missing or null that must not be."""
    checked = 0
    for media in bodies(loaded("bindings.3.1.json")):
        validator = OAS31Validator(media["schema"])
        for example in media["examples"].values():
            assert [error.message for error in validator.iter_errors(example["value"])] == []
            for name in example["value"]:
                assert not validator.is_valid({**example["value"], name: None})
                assert not validator.is_valid({key: it for key, it in example["value"].items() if key != name})
            checked += 1
    assert checked > 20


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 1}),
        ({"type": "integer", "maximum": 1, "exclusiveMaximum": False}, {"type": "integer", "maximum": 1}),
        ({"type": "string", "example": "x"}, {"type": "string", "examples": ["x"]}),
        ({"allOf": [{"type": "string", "nullable": True}]}, {"allOf": [{"type": ["string", "null"]}]}),
        (
            {"properties": {"example": {"type": "string", "nullable": True}}, "x-note": {"nullable": True}},
            {"properties": {"example": {"type": ["string", "null"]}}, "x-note": {"nullable": True}},
        ),
    ],
)
def test_schemas_of_openapi_30_become_those_of_31(before, after):
    """Schemas of 3.0 are rewritten where the two versions differ, and data and names are left alone."""
    converted = as_openapi_31({"components": {"schemas": {"nullable": before}}})
    assert converted["components"]["schemas"]["nullable"] == after


def test_a_schema_for_tests_is_without_what_describes_it():
    """The Postman collection's schemas have rules alone, and a property named `description` is still one."""
    schema = {"type": "object", "description": "x", "properties": {"description": {"type": "string", "x-rule": "y"}}}
    assert as_json_schema(schema) == {"type": "object", "properties": {"description": {"type": "string"}}}
