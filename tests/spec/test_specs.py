"""The specs by themselves: whole, and of the forms that generators and Connexion can read.

The linters of `make check` hold examples and defaults to their schemas, and every component to a use.
"""

import re
from collections import Counter
from string import Formatter

import pytest
import yaml

from ..support import specs
from ..support.specs import CONTRACT, CONTROL, REGISTRATION, SPECS, Node, Operation

OPERATIONS = specs.operations(*SPECS)
RESPONSES = specs.responses(*SPECS)
ERRORS = {name: node for name, node in specs.components("examples", *SPECS).items() if "x-message" in node}
PARTS = [part for file in SPECS for part in specs.walk(specs.root(file))]

each_spec = pytest.mark.parametrize("file", SPECS)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda it: it.name)
each_response = pytest.mark.parametrize("response", RESPONSES, ids=lambda it: f"{it.operation.name}-{it.status}")
each_error = pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)


def schema(name: str, file: str = CONTRACT) -> Node:
    return specs.root(file) / "components" / "schemas" / name


def error_table() -> set[tuple[int, int]]:
    """The statuses and codes in the table that the contract's description has."""
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
    """Every OpenAPI document of the folder, those that come later as well."""
    documents = {path.name: specs.load(path.name) for path in specs.FOLDER.glob("*.yaml")}
    return {name: document for name, document in documents.items() if "openapi" in document}


def test_operations_are_named_in_camel_case():
    """An operationId is camelCase: NSwag splits a name at its underscores into a class and a method."""
    documents = openapi_documents().values()
    items = [item for document in documents for item in document["paths"].values()]
    names = [item[method]["operationId"] for item in items for method in specs.METHODS if method in item]
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
    return "x-max-streams" in response.operation.node and response.status == "200"


@each_response
def test_every_response_is_described_in_full(response):
    """A response has its request identifier, and with a body a schema and a named example."""
    headers = dict((response.node / "headers").items())
    assert headers["Twilio-Request-Id"].value["required"] is True
    known = specs.components("headers", CONTRACT)
    assert all(
        {**header.value, "example": 0} == {**known[name].value, "example": 0} for name, header in headers.items()
    )
    bodies = list(specs.media(response.node))
    assert bool(bodies) == (response.status != "204")
    for media_type, body in bodies:
        assert media_type == ("text/event-stream" if is_stream(response) else "application/json")
        assert "schema" in body
        assert all(name for name, _ in specs.examples(body))
        assert list(specs.examples(body))


@each_operation
def test_every_operation_has_every_general_error(operation):
    """Whatever the operation, each status of the error table can be its answer."""
    documented = set((operation.node / "responses").value)
    general = {str(status) for status, _ in error_table()} - (set() if has_database(operation) else {"503"})
    assert general <= documented


def has_database(operation: Operation) -> bool:
    """All operations but those that work on the journal and the faults of the control API."""
    return not {"Journal", "Faults"} & {*operation.node.value["tags"]}


@pytest.mark.parametrize(
    ("status", "header"),
    [("401", "WWW-Authenticate"), ("405", "Allow"), ("429", "Retry-After"), ("503", "Retry-After")],
)
def test_errors_have_the_headers_that_http_asks_for(status, header):
    """401 says how to authenticate, 405 what is allowed, 429 and 503 how long to wait."""
    found = [response.node / "headers" / header for response in RESPONSES if response.status == status]
    assert len(found) == len(OPERATIONS if status != "503" else [*filter(has_database, OPERATIONS)])
    assert all(node.value["required"] for node in found)


@pytest.mark.parametrize(
    "response", [it for it in RESPONSES if it.status >= "400"], ids=lambda it: f"{it.operation.name}-{it.status}"
)
def test_error_examples_stand_under_their_own_status(response):
    """The status in an example is that of the response which shows it."""
    (body,) = [body for _, body in specs.media(response.node)]
    assert body.value["schema"]["$ref"].endswith("/Error")
    assert {value["status"] for _, value in specs.examples(body)} == {int(response.status)}


def test_the_contract_has_no_anchors():
    """Some readers convert a part of a document by itself (ogen does), where an anchor elsewhere is unknown."""
    tokens = yaml.scan((specs.FOLDER / specs.CONTRACT).read_text(encoding="utf-8"))
    assert [it.start_mark.line + 1 for it in tokens if isinstance(it, yaml.AnchorToken | yaml.AliasToken)] == []


def test_the_page_of_the_examples_holds_the_binding():
    """What is written twice, for lack of anchors, is the same."""
    examples = specs.load(specs.CONTRACT)["components"]["examples"]
    assert examples["one_page"]["value"]["bindings"] == [examples["binding"]["value"]]


@each_error
def test_error_examples_agree_with_themselves(error):
    """The page that an error names is the one of its code, and its message follows its sentence."""
    shown, sentence = error.value["value"], error.value["x-message"]
    assert shown["more_info"].rpartition("/")[2] == str(shown["code"])
    assert sentence.endswith(".")
    pieces = list(Formatter().parse(sentence))
    assert all(name is None or name.isidentifier() for _, name, _, _ in pieces)
    pattern = "".join(re.escape(text) + ("(.+)" if name else "") for text, name, _, _ in pieces)
    assert re.fullmatch(pattern, shown["message"])


def test_table_examples_and_schema_name_the_same_errors():
    """The table of the description, the schema's codes and the examples tell of the same errors."""
    shown = {(it.value["value"]["status"], it.value["value"]["code"]) for it in ERRORS.values()}
    assert shown == error_table()
    codes = (schema("Error") / "properties" / "code").value["enum"]
    assert codes == sorted({code for _, code in error_table()})
    contract = specs.components("examples", CONTRACT).keys() & ERRORS.keys()
    assert {ERRORS[name].value["value"]["code"] for name in contract} == set(codes)


@pytest.mark.parametrize("name", ["Binding", "BindingList", "PageMeta", "Error"])
def test_every_property_of_an_answer_is_required(name):
    """What an answer has, it always has: at every depth."""
    objects = [part.value for part in specs.reach(schema(name)) if part.value.get("type") == "object"]
    assert objects
    assert all(sorted(found["required"]) == sorted(found["properties"]) for found in objects)


@each_spec
def test_clients_may_meet_what_they_do_not_know(file):
    """No schema of an answer closes its properties: a client generated today must bear what is added tomorrow."""
    closed = [it.pointer for it in PARTS if it.file == file and it.value.get("additionalProperties") is False]
    assert set(closed) <= {"/components/schemas/Registration", "/components/schemas/Faults"}  # of requests alone


def holds_personal_data(name: str, part: Node) -> bool:
    """By its name, or as a URL that an identity can get into: all but those made of SIDs or codes alone."""
    impersonal = {schema("Binding").pointer + "/properties/url", schema("Error").pointer + "/properties/more_info"}
    is_url = part.target().value.get("format") == "uri" and part.pointer not in impersonal
    journal = {f"{schema('Request', CONTROL).pointer}/properties/{each}" for each in ("path", "query", "body")}
    return name.lower() in {"identity", "endpoint"} or is_url or part.pointer in journal


def named_parts() -> list[tuple[str, Node, Node]]:
    """Properties and parameters: the name, where it is used, and what it refers to."""
    tables = [
        Node(it.file, f"{it.pointer}/properties", it.value["properties"]) for it in PARTS if "properties" in it.value
    ]
    properties = [
        (name, Node(table.file, f"{table.pointer}/{name}", child), table / name)
        for table in tables
        for name, child in table.value.items()
    ]
    return properties + [(it.value["name"], it, it) for it in specs.components("parameters", *SPECS).values()]


def test_personal_data_is_marked_and_nothing_else_is():
    """Identities, endpoints and the URLs that hold them say how long they are kept; at most 30 days."""
    for name, used, target in named_parts():
        assert ("x-pii" in target) == holds_personal_data(name, used), used.pointer
    marks = [it.value["x-pii"] for it in PARTS if "x-pii" in it.value]
    assert marks
    for mark in marks:
        (days,) = re.fullmatch(r"P(\d+)D", mark["retention"]).groups()
        assert 0 < int(days) <= 30
