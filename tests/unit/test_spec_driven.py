"""The spec is the only source: what can be derived from it stands nowhere in Python; what must stand twice agrees."""

import ast
import inspect
import json
import re
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

import chat_bindings

from ..support.answers import CONTRACT, REGISTRATION, document, operations
from ..support.answers import errors as examples

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Connexion's own
    from connexion.decorators.parameter import pythonic

    from chat_bindings import bindings, registration
    from chat_bindings.service import bodies, envelope, errors, paging, representation
    from chat_bindings.storage.interface import Binding, Filters, Page, Registration

FOLDER = Path(chat_bindings.__file__).parent
BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "default")
GIVEN = {"account_sid", "storage", "origin", "body"}
"""What a handler is given beside the spec's parameters."""

TWICE: dict[tuple[str, object], str] = {
    ("registration.py", 200): "only the handler knows whether the Binding is new; held to the spec below",
    ("registration.py", 201): "as above",
    ("registration.py", "Identity"): "names that the handler takes the body apart by; held to the spec below",
    ("registration.py", "Endpoint"): "as above",
    ("registration.py", "BindingType"): "as above",
    ("registration.py", "CredentialSid"): "as above",
    ("registration.py", "MessageTypes"): "as above",
    ("service/paging.py", "BindingType"): "names that the URLs of pages are put together by; held to the spec below",
    ("service/paging.py", "Identity"): "as above",
    ("service/paging.py", "PageSize"): "as above",
    ("service/paging.py", "Page"): "as above, and the schema of that name",
    ("service/paging.py", "PageToken"): "as above",
    ("service/specification.py", "BindingType"): "the name of the schema that is read",
    ("service/operations.py", 200): "what a handler answers with that says nothing else; held to the spec below",
    ("service/operations.py", 204): "as above, where there is no body",
    ("service/operations.py", "application/json"): "what orjson writes; held to the spec below",
    ("service/errors.py", "application/json"): "as above",
    ("service/refusals.py", "application/json"): "as above",
    ("service/bodies.py", "application/json"): "what there are readers for; held to the spec below",
    ("service/bodies.py", "application/x-www-form-urlencoded"): "as above",
    ("service/errors.py", "Twilio-Request-Id"): "a header that every answer has; held to the spec below",
    ("service/envelope.py", "access-control-allow-origin"): "as above",
    ("service/quotas.py", "Retry-After"): "a header whose value a limit knows; tests/security holds it to the spec",
    ("service/routing.py", "Allow"): "a header whose value the router knows; held to the spec below",
    ("service/routing.py", 204): "a preflight's, which is no operation of the spec",
    ("service/envelope.py", "[0-9a-f]{32}"): "what any SID looks like, to tell it from personal data; held below",
    ("service/envelope.py", "RQ"): "how a request id begins; held to the spec below",
    ("storage/rows.py", "BS"): "how a new SID begins; held to the spec below",
    (
        "commands/verify_fuzz_plan.py",
        "BS",
    ): "names that fuzzing reads requests by; a wrong one is a finding on the reference",
    ("commands/verify_fuzz_plan.py", "IS"): "as above",
    ("commands/verify_fuzz_plan.py", "Identity"): "as above",
    ("commands/verify_fuzz_plan.py", "PageToken"): "as above",
    ("commands/verify_fuzz_plan.py", "ServiceSid"): "as above",
    ("commands/verify_fuzz_plan.py", "Sid"): "as above",
    ("commands/verify_fuzz_plan.py", "[0-9a-f]{32}"): "as above",
    ("commands/verify_fuzz_reading.py", "BS"): "as above",
    ("commands/verify_fuzz_reading.py", "IS"): "as above",
    ("commands/verify_fuzz_reading.py", "BindingType"): "as above",
    ("commands/verify_fuzz_reading.py", "Bindings"): "as above",
    ("commands/verify_fuzz_reading.py", "Identity"): "as above",
    ("commands/verify_fuzz_reading.py", "Page"): "as above",
    ("commands/verify_fuzz_reading.py", "PageSize"): "as above",
    ("commands/verify_fuzz_reading.py", "PageToken"): "as above",
    ("commands/verify_fuzz_reading.py", "Services"): "as above",
    ("commands/verify_fuzz_reading.py", "v2"): "as above",
    ("commands/verify_fuzz_reading.py", "[0-9a-f]{32}"): "as above",
    ("commands/verify_fuzz_reading.py", 1000): "as above",
}
"""What stands in the spec and in Python as well, and why: the file and the literal."""

ANOTHER_THING: set[tuple[str, object]] = {
    ("commands/export.py", 1000),  # milliseconds, or rows at a time
    ("commands/publish_postman.py", "v2"),  # the version of Postman's format
    ("commands/serve.py", 256),  # workers
    ("commands/world.py", 200),  # characters of a message
    ("commands/world_reader.py", 100),  # levels of nesting
    ("commands/world_reader.py", 200),  # characters of a message
    ("commands/world_schema.py", 1000),  # Bindings checked at a time
    ("commands/fixture_identities.py", "Bindings"),  # an identity that looks like a segment of a path
    ("commands/fixture_world.py", 100),  # the service of a hundred
    ("commands/fixture_world.py", "AC"),  # SIDs of a made-up world
    ("commands/fixture_world.py", "BS"),
    ("commands/fixture_world.py", "CR"),
    ("commands/fixture_world.py", "IS"),
    ("commands/fixture_world.py", "SK"),
    ("commands/fixture_world.py", "Endpoint"),  # the name of the schema that is read
    ("commands/fixture_world.py", "Identity"),
    ("commands/publish_pages.py", 1000),  # bytes of a kilobyte
    ("commands/verify.py", "v2"),  # a word of the help
    ("commands/verify.py", "Services"),
    ("commands/verify_fuzz_hooks.py", "retry-after"),  # a header of the target's, which clients wait by
    ("commands/verify_fuzz_plan.py", 50),
    ("commands/verify_fuzz_plan.py", 100),
    ("service/credentials.py", 4096),  # credentials remembered
    ("service/envelope.py", 1000),  # milliseconds of a second
    ("service/errors.py", 200),  # characters of a message
    ("service/limits.py", 200),  # headers
    ("service/limits.py", 4096),  # connections
    ("storage/sqlite/connection.py", 512),  # statements kept
    ("storage/sqlite/connection.py", 1000),  # milliseconds of a second
    ("storage/sqlite/erasure.py", 100),  # bytes of a file's header
}
"""What is the same number or word as one of the spec's, and has nothing to do with it."""


@cache
def texts() -> dict[str, Any]:
    """The specs and the world's schema as they are written."""
    folder = files("chat_bindings.openapi")
    return {
        name: yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for name in (CONTRACT, REGISTRATION, "world.yaml")
    }


def parts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value)


def everything() -> list[dict[str, Any]]:
    return list(parts(list(texts().values())))


def strings(*keys: str) -> set[str]:
    return {part[key] for part in everything() for key in keys if isinstance(part.get(key), str)}


@cache
def numbers() -> set[int]:
    """The specs' bounds, defaults, statuses and codes, but for 0 and 1, which are everybody's."""
    bounds = {part[key] for part in everything() for key in BOUNDS if isinstance(part.get(key), int)}
    statuses = {int(status) for operation in operations().values() for status in operation.spec["responses"]}
    codes = {example["value"]["code"] for example in examples().values()}
    return {number for number in bounds | statuses | codes if number > 1}


@cache
def words() -> set[str]:
    """What must not be a literal as a whole: names of parameters, properties and headers, types, prefixes of SIDs."""
    names = {part["name"] for part in everything() if "in" in part and "name" in part}
    names |= set(document(REGISTRATION)["components"]["schemas"]["Registration"]["properties"])
    names |= set(document()["components"]["headers"]) | set(document()["components"]["schemas"]["BindingType"]["enum"])
    names |= {media for part in everything() for media in part.get("content", ()) if "/" in str(media)}
    return names | {match[1] for pattern in strings("pattern") if (match := re.match(r"\^([A-Z]{2})\[", pattern))}


@cache
def fragments() -> set[str]:
    """What must not be part of a literal: sentences between their gaps, patterns, places of errors' documentation."""
    sentences = {piece.strip() for text in strings("x-message", "x-rule") for piece in re.split(r"\{\w+\}", text)}
    patterns = {re.sub(r"^\^([A-Z]{2})?|\$$", "", pattern) for pattern in strings("pattern")}
    return {text for text in sentences | patterns | {"twilio.com/docs/errors"} if len(text) > 8}


@cache
def segments() -> set[str]:
    """The words of the specs' paths."""
    paths = [path for text in texts().values() for path in text.get("paths", ())]
    return {word for path in paths for word in path.split("/") if word and "{" not in word}


def literals(path: Path) -> Iterator[object]:
    """The literals of a file, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings and not isinstance(node.value, bool):
            yield node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value


def repeated(literal: object) -> Iterator[object]:
    """What of the specs a literal repeats."""
    if isinstance(literal, int | float) and literal in numbers():
        yield literal
    if isinstance(literal, str):
        yield from (literal for word in words() if literal == word or ("-" in word and literal == word.lower()))
        yield from (fragment for fragment in fragments() if fragment.lower() in literal.lower())
        yield from (segment for segment in segments() if literal == segment or re.search(rf"/{segment}\b", literal))
        yield from (number for number in numbers() if number > 9999 and str(number) in literal)


def test_nothing_of_the_spec_is_repeated():
    """No literal of the code is a path, parameter, bound, status, pattern or text of the specs, but those above."""
    found = {
        (path.relative_to(FOLDER).as_posix(), repetition)
        for path in FOLDER.rglob("*.py")
        for literal in literals(path)
        for repetition in repeated(literal)
    }
    assert found - set(TWICE) - ANOTHER_THING == set()
    assert (set(TWICE) | ANOTHER_THING) - found == set(), "what is allowed above is no longer there"


def test_the_search_finds_what_it_is_for():
    """Each kind of repetition is found where there is one."""
    for literal in (20404, 20003, 404, 1000, 2147483646, "PageSize", "apn", "/v2/Services/x/Bindings", "Bindings", "BS",
                    "see error 20007", "WWW-Authenticate", "retry-after", "application/json", "^BS[0-9a-f]{32}$",
                    "The requested resource", "https://www.twilio.com/docs/errors/1"):  # fmt: skip
        assert list(repeated(literal)), literal
    for literal in (0, 1, 7, "sid", "bindings", "a page", ""):
        assert not list(repeated(literal)), literal


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
    read = [literal for literal in literals(FOLDER / "registration.py") if literal in words()]
    assert sorted(read) == sorted(properties)
    kept = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in properties}
    assert set(Registration._fields) == kept


def test_registration_answers_with_the_statuses_of_the_spec():
    """The statuses in the handler are those of its operation's successes."""
    documented = {int(status) for status in operations()["registerBinding"].spec["responses"] if status < "300"}
    assert {number for number in literals(FOLDER / "registration.py") if number in numbers()} == documented


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


def test_what_is_shown_has_the_properties_of_the_spec():
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


def test_answers_are_of_the_media_type_of_the_spec():
    """Every answer with a body is JSON in the specs too."""
    media = {
        name
        for operation in operations().values()
        for response in operation.spec["responses"].values()
        for name in response.get("content", ())
    }
    assert media == {bodies.JSON}


def test_headers_are_those_of_the_spec():
    """The headers that Python names are headers of the spec."""
    headers = {name.lower() for name in document()["components"]["headers"]}
    assert errors.REQUEST_ID.lower() in headers
    sent = dict(envelope.SHARED)
    assert {"allow", "access-control-allow-origin"} <= headers
    exposed = sent[b"access-control-expose-headers"].decode().lower().split(", ")
    assert set(exposed) == headers - {"access-control-allow-origin"}


def test_sids_begin_as_the_spec_says():
    """New SIDs and request ids match the spec's patterns, and the log knows every SID of the specs for one."""
    schemas, headers = document()["components"]["schemas"], document()["components"]["headers"]
    digits = "0123456789abcdef" * 2
    assert re.fullmatch(schemas["BindingSid"]["pattern"], f"BS{digits}")
    assert re.fullmatch(headers["Twilio-Request-Id"]["schema"]["pattern"], f"RQ{digits}")
    prefixes = {word for word in words() if re.fullmatch("[A-Z]{2}", word)}
    assert len(prefixes) == 6
    for prefix in prefixes:
        assert envelope._SID.fullmatch(f"{prefix}{digits}")  # noqa: SLF001 - what it takes for a SID
