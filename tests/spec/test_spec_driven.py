"""Signatures, media types, statuses and names: what stands in the spec and in Python as well agrees."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import orjson
import pytest
from connexion.decorators.parameter import pythonic

import chat_bindings
from chat_bindings import bindings, registration
from chat_bindings.server import envelope, errors, paging, representation
from chat_bindings.server.operations import bodies
from chat_bindings.storage.interface import Binding, Filters, Page, Registration

from ..support.answers import CONTRACT, REGISTRATION, document, operations

FOLDER = Path(chat_bindings.__file__).parent
GIVEN = {"account_sid", "storage", "origin", "body"}
"""What a handler is given beside the spec's parameters."""


def literals(path: Path) -> Iterator[object]:
    """The literals of a file, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings and not isinstance(node.value, bool):
            yield node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value


@pytest.mark.parametrize("operation_id", sorted(operations()))
def test_handlers_take_what_the_spec_gives(operation_id):
    """A handler's arguments are its operation's parameters, under Python's names, and what every handler is given."""
    operation = operations()[operation_id]
    module = registration if operation_id == "registerBinding" else bindings
    path = re.findall(r"\{(\w+)\}", operation.template)
    query = [parameter["name"] for parameter in operation.spec.get("parameters", ()) if parameter["in"] == "query"]
    taken = set(inspect.signature(getattr(module, pythonic(operation_id))).parameters)
    assert taken - GIVEN == {pythonic(name) for name in [*path, *query]}
    assert ("body" in taken) == ("requestBody" in operation.spec)


def test_registration_takes_the_body_apart_as_the_spec_puts_it_together():
    """The handler reads each property of the schema, once, and keeps each."""
    properties = document(REGISTRATION)["components"]["schemas"]["Registration"]["properties"]
    read = [literal for literal in literals(FOLDER / "registration.py") if literal in properties]
    assert sorted(read) == sorted(properties)
    kept = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in properties}
    assert set(Registration._fields) == kept


def test_registration_answers_with_the_statuses_of_the_spec():
    """The statuses in the handler are those of its operation's successes."""
    documented = {int(status) for status in operations()["registerBinding"].spec["responses"] if status < "300"}
    assert {
        each for each in literals(FOLDER / "registration.py") if isinstance(each, int) and each >= 100
    } == documented


def test_other_operations_answer_with_what_their_body_implies():
    """Where a handler names no status, the spec has one success: 204 without a body, 200 with one."""
    for name, operation in operations().items():
        (*others, (status, response)) = [each for each in operation.spec["responses"].items() if each[0] < "300"]
        if name != "registerBinding":
            assert not others
            assert status == ("200" if "content" in response else "204")


def test_page_urls_are_made_of_the_parameters_of_a_list():
    """The parameters in the URLs of pages are those of the list, all of them."""
    url = paging.Links("", Filters(["a"], ["b"]), 1).to(0, "t")
    query = [p["name"] for p in operations()["listBindings"].spec["parameters"] if p["in"] == "query"]
    assert re.findall(r"[?&](\w+)=", url) == query


def test_representations_have_the_properties_of_the_spec():
    """A Binding, and the `meta` of a page, have the properties that the spec requires, in its order."""
    schemas = document()["components"]["schemas"]
    example = document()["components"]["examples"]["binding"]["value"]
    kept = {name: example[name] for name in Binding._fields}
    binding = Binding(**kept | {"message_types": json.dumps(kept["message_types"])})
    owners = (example["account_sid"], example["service_sid"])
    shown = json.loads(orjson.dumps(representation.represent(binding, *owners, "https://chat.twilio.com")))
    assert list(shown) == schemas["Binding"]["required"] == list(schemas["Binding"]["properties"])
    assert shown == example
    links = paging.Links("https://chat.twilio.com", Filters(), 50)
    meta = paging.meta(links, Page([binding], has_previous=False, has_next=False), page=0, size=50, token=None)
    assert list(meta) == schemas["PageMeta"]["required"] == list(schemas["PageMeta"]["properties"])
    assert meta["key"] in schemas["PageMeta"]["properties"]["key"]["enum"]
    assert meta["key"] in schemas["BindingList"]["properties"]
    derived = set(schemas["Binding"]["properties"]) - set(Binding._fields)
    assert derived == {"account_sid", "service_sid", "url", "links"}


def test_bodies_are_read_as_the_spec_lists_them():
    """There is a reader for each media type of the spec's bodies, and the first is the one that goes without a name."""
    content = operations()["registerBinding"].spec["requestBody"]["content"]
    assert list(content) == [bodies.FORM, bodies.JSON]


def test_headers_are_those_of_the_spec():
    """The headers that Python names are headers of the spec."""
    headers = {name.lower() for name in document()["components"]["headers"]}
    assert errors.REQUEST_ID.lower() in headers
    sent = dict(envelope.SHARED)
    assert {"allow", "access-control-allow-origin"} <= headers
    exposed = sent[b"access-control-expose-headers"].decode().lower().split(", ")
    # every page may read Cache-Control: it is on the list of Fetch
    assert set(exposed) == headers - {"access-control-allow-origin", "cache-control"}


def test_sids_begin_as_the_spec_says():
    """New SIDs and request ids match the spec's patterns, and the log knows every SID of the specs for one."""
    schemas, headers = document()["components"]["schemas"], document()["components"]["headers"]
    digits = "0123456789abcdef" * 2
    assert re.fullmatch(schemas["BindingSid"]["pattern"], f"BS{digits}")
    assert re.fullmatch(headers["Twilio-Request-Id"]["schema"]["pattern"], f"RQ{digits}")
    folder = files("chat_bindings.openapi")
    texts = [(folder / name).read_text(encoding="utf-8") for name in (CONTRACT, REGISTRATION, "world.yaml")]
    prefixes = {prefix for text in texts for prefix in re.findall(r"\^([A-Z]{2})\[", text)}
    assert len(prefixes) == 6
    for prefix in prefixes:
        assert envelope._SID.fullmatch(f"{prefix}{digits}")  # noqa: SLF001 - what it takes for a SID
