"""The specs by themselves: whole, and of the forms that generators and Connexion can read.

The linters of `make check` hold examples and defaults to their schemas, and every component to a use.
"""

import re
from collections import Counter
from string import Formatter
from typing import Any

import pytest
import yaml

from chat_bindings.spec import METHODS, resolve

from ..support import specs
from ..support.answers import Operation, document, errors, operations
from ..support.specs import CONTRACT, REGISTRATION, SPECS

OPERATIONS = list(operations(*SPECS).values())
RESPONSES = specs.responses(*SPECS)
ERRORS = errors()
SCHEMAS = document()["components"]["schemas"]

each_spec = pytest.mark.parametrize("file", SPECS)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda it: it.operation_id)
each_response = pytest.mark.parametrize("response", RESPONSES, ids=str)
each_error = pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)


def error_table() -> set[tuple[int, int]]:
    """Return the statuses and codes in the table that the contract's description has."""
    rows = re.findall(r"^\| (\d+) \| (\d+) \|", specs.load(CONTRACT)["info"]["description"], re.MULTILINE)
    return {(int(status), int(code)) for status, code in rows}


@each_spec
def test_connexion_reads_the_spec_as_it_stands(file):
    """Connexion passes the YAML through Jinja, so nothing in it may mean something to Jinja."""
    assert re.findall(r"\{[{%#]", (specs.FOLDER / file).read_text(encoding="utf-8")) == []


def test_no_component_of_the_registration_hides_one_of_the_contract():
    """Connexion looks every `#/...` up in the first file, so one name in both must mean one thing."""
    ours, theirs = specs.load(REGISTRATION)["components"], specs.load(CONTRACT)["components"]
    twice = [(kind, name) for kind in ours for name in ours[kind] if name in theirs.get(kind, {})]
    assert twice == [("securitySchemes", name) for name in ours["securitySchemes"]]
    assert ours["securitySchemes"] == theirs["securitySchemes"]


def openapi_documents():
    """Load every OpenAPI document of the folder."""
    documents = {path.name: specs.load(path.name) for path in specs.FOLDER.glob("*.yaml")}
    return {name: document for name, document in documents.items() if "openapi" in document}


def test_operations_are_named_in_camel_case():
    """An operationId is camelCase: NSwag splits a name at its underscores into a class and a method."""
    documents = openapi_documents().values()
    items = [item for document in documents for item in document["paths"].values()]
    names = [item[method]["operationId"] for item in items for method in METHODS if method in item]
    assert len(names) >= len(OPERATIONS)
    assert [name for name in names if not re.fullmatch("[a-z]+([A-Z][a-z]+)*", name)] == []


def test_one_name_is_one_component():
    """No name stands in two of the kinds that become types, whatever its case: many generators have one name space."""
    kinds = ("schemas", "parameters", "headers", "responses", "requestBodies")
    entries = {
        (kind, name)
        for document in openapi_documents().values()
        for kind in kinds
        for name in document.get("components", {}).get(kind, {})
    }
    names = Counter(re.sub("[^a-z0-9]", "", name.lower()) for _, name in entries)
    assert len(names) > len(kinds)
    assert {name for name, count in names.items() if count > 1} == set()


def is_stream(response: specs.Response) -> bool:
    return "x-max-streams" in response.operation.spec and response.status == "200"


@each_response
def test_every_response_is_described_in_full(response):
    """A response has its request identifier, and with a body a schema and a named example."""
    headers = response.spec["headers"]
    assert headers["Twilio-Request-Id"]["required"] is True
    known = document()["components"]["headers"]
    assert all({**header, "example": 0} == {**known[name], "example": 0} for name, header in headers.items())
    assert bool(response.content) == (response.status != "204")
    for media_type, body in response.content.items():
        assert media_type == ("text/event-stream" if is_stream(response) else "application/json")
        assert body["schema"]
        assert body["examples"]
        if response.status >= "400":
            assert {example["value"]["status"] for example in body["examples"].values()} == {int(response.status)}


@each_operation
def test_every_operation_has_every_general_error(operation):
    """Whatever the operation, each status of the error table can be its answer."""
    documented = set(operation.spec["responses"])
    general = {str(status) for status, _ in error_table()} - (set() if has_database(operation) else {"503"})
    assert general <= documented


def has_database(operation: Operation) -> bool:
    """Tell whether an operation reads the database: all but those on the journal and the faults of the control API."""
    return not {"Journal", "Faults"} & {*operation.spec["tags"]}


@pytest.mark.parametrize(
    ("status", "header"),
    [("401", "WWW-Authenticate"), ("405", "Allow"), ("429", "Retry-After"), ("503", "Retry-After")],
)
def test_errors_have_the_headers_that_http_asks_for(status, header):
    """401 has the way to authenticate, 405 the allowed methods, 429 and 503 the seconds to wait."""
    found = [response.spec["headers"][header] for response in RESPONSES if response.status == status]
    assert len(found) == len(OPERATIONS if status != "503" else [*filter(has_database, OPERATIONS)])
    assert all(node["required"] for node in found)


def test_the_contract_has_no_anchors():
    """Some readers convert a part of a document by itself (ogen does), where an anchor elsewhere is unknown."""
    tokens = yaml.scan((specs.FOLDER / specs.CONTRACT).read_text(encoding="utf-8"))
    assert [it.start_mark.line + 1 for it in tokens if isinstance(it, yaml.AnchorToken | yaml.AliasToken)] == []


@each_error
def test_error_examples_agree_with_themselves(error):
    """The page that an error names is the one of its code, and its message follows its sentence."""
    shown, sentence = error["value"], error["x-message"]
    assert shown["more_info"].rpartition("/")[2] == str(shown["code"])
    assert sentence.endswith(".")
    pieces = list(Formatter().parse(sentence))
    assert all(name is None or name.isidentifier() for _, name, _, _ in pieces)
    pattern = "".join(re.escape(text) + ("(.+)" if name else "") for text, name, _, _ in pieces)
    assert re.fullmatch(pattern, shown["message"])


def test_table_examples_and_schema_name_the_same_errors():
    """The table of the description, the schema's codes and the examples tell of the same errors."""
    shown = {(it["value"]["status"], it["value"]["code"]) for it in ERRORS.values()}
    assert shown == error_table()
    codes = SCHEMAS["Error"]["properties"]["code"]["enum"]
    assert codes == sorted({code for _, code in error_table()})
    contract = document()["components"]["examples"].keys() & ERRORS.keys()
    assert {ERRORS[name]["value"]["code"] for name in contract} == set(codes)


@pytest.mark.parametrize("name", ["Binding", "BindingList", "PageMeta", "Error"])
def test_every_property_of_an_answer_is_required(name):
    """A property of a response is always there: at every depth."""
    objects = [part for _, part in specs.walk(SCHEMAS[name]) if part.get("type") == "object"]
    assert objects
    assert all(sorted(found["required"]) == sorted(found["properties"]) for found in objects)


@each_spec
def test_clients_may_meet_what_they_do_not_know(file):
    """Clients must accept unknown properties: no schema of a response closes them, so that some may be added."""
    parts = specs.walk(specs.load(file))
    closed = {pointer for pointer, part in parts if part.get("additionalProperties") is False}
    assert closed <= {"/components/schemas/Registration", "/components/schemas/Faults"}  # of requests alone


IMPERSONAL = {"/components/schemas/Binding/properties/url", "/components/schemas/Error/properties/more_info"}
"""URLs of SIDs or codes alone."""

JOURNAL = {f"/components/schemas/Request/properties/{name}" for name in ("path", "query", "body")}


def holds_personal_data(name: str, pointer: str, part: Any) -> bool:
    """Tell whether it may hold personal data: by its name, as a part of the journal, or as a URL with an identity."""
    is_url = part.get("format") == "uri" and pointer not in IMPERSONAL
    return name.lower() in {"identity", "endpoint"} or is_url or pointer in JOURNAL


@each_spec
def test_personal_data_is_marked_and_nothing_else_is(file):
    """Identities, endpoints and the URLs that hold them say how long they are kept; at most 30 days."""
    parts = list(specs.walk(specs.load(file)))
    named = [(each["name"], "", each) for each in specs.components("parameters", file).values()]
    for pointer, table in [(pointer, part) for pointer, part in parts if pointer.endswith("/properties")]:
        named += [(name, f"{pointer}/{name}", resolve(part, file)) for name, part in table.items()]
    for name, pointer, part in named:
        assert ("x-pii" in part) == holds_personal_data(name, pointer, part), (name, pointer)
    marks = [part["x-pii"] for _, part in parts if "x-pii" in part]
    assert marks
    for mark in marks:
        (days,) = re.fullmatch(r"P(\d+)D", mark["retention"]).groups()
        assert 0 < int(days) <= 30
