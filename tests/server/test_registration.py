"""Registration: devices register by form or JSON, once for each key, within the bounds of the spec."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import quote, urlencode

import httpx
import pytest

from ..support.answers import REGISTRATION, check_documented, check_error, document, operations, response_of
from ..support.lists import get, list_url

OPERATION = "registerBinding"
SCHEMA = operations()[OPERATION].spec["requestBody"]["content"]["application/json"]["schema"]
PROPERTIES = SCHEMA["properties"]
FORM, JSON = list(operations()[OPERATION].spec["requestBody"]["content"])
EXAMPLE = document(REGISTRATION)["components"]["examples"]["registration"]["value"]
CREDENTIAL = f"CR{'0' * 32}"
ASTRAL = "\N{GRINNING FACE}"
MISSING = "left out"

in_both_forms = pytest.mark.parametrize("as_json", [False, True], ids=["form", "JSON"])


@pytest.fixture
def register(client, world):
    """Return a function that registers at account A's empty service, with a form by default."""

    def post(fields=EXAMPLE, *, as_json=False, content=None, content_type=None, service_sid=None, auth=None):
        if content is None:
            content = json.dumps(fields) if as_json else urlencode(fields, doseq=True)
        if content_type is None:
            content_type = JSON if as_json else FORM
        path = operations()[OPERATION].path(ServiceSid=service_sid or world.empty["sid"])
        headers = {"Content-Type": content_type} if content_type else {}
        return response_of(client.post(path, content=content, headers=headers, auth=auth or world.auth))

    return post


def device(name: str, **others) -> dict[str, object]:
    return EXAMPLE | {"Endpoint": name} | others


def binding_of(response, status: int):
    """Return the Binding of a response of a status."""
    body = check_documented(response, OPERATION)
    assert response.status == status, body
    return body


@in_both_forms
def test_a_device_registers_and_registers_again(register, client, as_json):
    """The first time is a 201 with the new Binding, the second a 200 with the same."""
    fields = device(f"again, {as_json}")
    first = binding_of(register(fields, as_json=as_json), 201)
    names = {"identity": "Identity", "endpoint": "Endpoint", "binding_type": "BindingType",
             "credential_sid": "CredentialSid", "message_types": "MessageTypes"}  # fmt: skip
    assert {name: first[name] for name in names} == {name: fields[field] for name, field in names.items()}
    assert first["date_created"] == first["date_updated"]
    assert abs(datetime.fromisoformat(first["date_created"]) - datetime.now(UTC)) < timedelta(seconds=60)
    assert check_documented(response_of(client.get(first["url"])), "fetchBinding") == first
    second = binding_of(register(fields, as_json=not as_json), 200)
    assert second | {"date_updated": first["date_updated"]} == first


def test_an_update_replaces_and_keeps(register, world):
    """`sid` and `date_created` stay, the credential and the types are replaced, and `date_updated` moves on."""
    old = world.hundred["bindings"][0]
    key = {"Identity": old["identity"], "Endpoint": old["endpoint"], "BindingType": old["binding_type"]}
    credential = f"CR{'f' * 32}"
    fields = key | {"CredentialSid": credential, "MessageTypes": ["one"]}
    new = binding_of(register(fields, service_sid=world.hundred["sid"]), 200)
    assert (new["sid"], new["date_created"]) == (old["sid"], old["date_created"])
    assert (new["credential_sid"], new["message_types"]) == (credential, ["one"])
    assert new["date_updated"] > old["date_updated"]
    without = key | {"CredentialSid": credential}
    assert binding_of(register(without, service_sid=world.hundred["sid"]), 200)["message_types"] == []


def test_the_unique_key_of_a_binding(register, world):
    """Another identity, device, type or service is another Binding; another credential or message type is not."""
    base = device("key")
    known = {binding_of(register(base), 201)["sid"]}
    for other in ({"Identity": "testuser"}, {"Endpoint": "Key"}, {"Endpoint": "key "}, {"BindingType": "fcm"}):
        known.add(binding_of(register(base | other), 201)["sid"])
    known.add(binding_of(register(base, service_sid=world.hundred["sid"]), 201)["sid"])
    assert len(known) == 6
    for same in ({"CredentialSid": CREDENTIAL}, {"MessageTypes": []}, {}):
        assert binding_of(register(base | same), 200)["sid"] in known


@in_both_forms
def test_identities_are_kept_code_point_by_code_point(register, world, as_json):
    """Every odd identity of the world registers as it was sent, in JSON with escapes and surrogate pairs."""
    for identity in {binding["identity"] for binding in world.full["bindings"]}:
        fields = device(f"{identity}, {as_json}", Identity=identity)
        body = binding_of(register(fields, as_json=as_json), 201)
        assert (body["identity"], body["endpoint"]) == (identity, fields["Endpoint"])


@in_both_forms
@pytest.mark.parametrize("filler", ["é", "\u0301", "\U0010ffff", "\x01", "%"])
@pytest.mark.parametrize(("name", "column"), [("Identity", "identity"), ("Endpoint", "endpoint")])
def test_bounds_in_code_points(register, name, column, filler, as_json):
    """The bound on code points holds, however many bytes they are; one more is a 400 with the bound."""
    most = PROPERTIES[name]["maxLength"]
    marked = f"{int(as_json)}{filler * (most - 1)}"
    assert binding_of(register(device("bounds") | {name: marked}, as_json=as_json), 201)[column] == marked
    response = register(device("bounds") | {name: f"{marked}{filler}"}, as_json=as_json)
    message = check_error(response, "invalid_parameter", OPERATION, parameter=name)
    assert str(most) in message
    assert filler * 5 not in message


MOST_TYPES, LONGEST_TYPE = PROPERTIES["MessageTypes"]["maxItems"], PROPERTIES["MessageTypes"]["items"]["maxLength"]


@in_both_forms
def test_message_types(register, as_json):
    """`MessageTypes` is empty by default, a set, and has the spec's bounds on the number and length of its values."""
    base = device("types", BindingType="fcm" if as_json else "apn")
    base.pop("MessageTypes")
    assert binding_of(register(base, as_json=as_json), 201)["message_types"] == []
    for types in (["one"], ["one", "two", "one"], [ASTRAL * LONGEST_TYPE], [f"t{n}" for n in range(MOST_TYPES)]):
        body = binding_of(register(base | {"MessageTypes": types}, as_json=as_json), 200)
        assert set(body["message_types"]) == set(types)


@in_both_forms
@pytest.mark.parametrize(
    ("name", "value"),
    [*((name, "") for name in SCHEMA["required"]), *((name, MISSING) for name in SCHEMA["required"]),
     ("BindingType", "apn,gcm"), ("BindingType", "APN"), ("CredentialSid", f"CR{'0' * 33}"),
     ("CredentialSid", f"{CREDENTIAL}\n"), ("CredentialSid", f"CR{'١' * 32}"), ("Identity", "\0a"),
     ("Endpoint", "a\0b"), ("Endpoint", "x" * 1_000_000), ("MessageTypes", ["x", ""]), ("MessageTypes", ["a\0b"]),
     ("MessageTypes", [ASTRAL * (LONGEST_TYPE + 1)]), ("MessageTypes", [f"t{n}" for n in range(MOST_TYPES + 1)])],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_invalid_properties(register, name, value, as_json):
    """A property that breaks its rule, or is missing, is a 400 that names it and does not repeat the value."""
    fields = {key: each for key, each in (device("never") | {name: value}).items() if each != MISSING}
    message = check_error(register(fields, as_json=as_json), "invalid_parameter", OPERATION, parameter=name)
    assert "\0" not in message
    assert ("required" in message) == (value == MISSING)


OF_ANOTHER_TYPE = [
    *product(SCHEMA["required"], [None, 0, ["TestUser"], {"a": 1}]),
    *product(["MessageTypes"], [[None], [["a"]], "new_message"]),
]


@pytest.mark.parametrize(("name", "value"), OF_ANOTHER_TYPE, ids=repr)
def test_properties_of_another_type(register, name, value):
    """In JSON a property of another type is a 400 that names it; nothing is converted to a string."""
    response = register(device("never") | {name: value}, as_json=True)
    check_error(response, "invalid_parameter", OPERATION, parameter=name)


NO_JSON = {
    "nothing": b"",
    "two documents": b"{}{}",
    "not a number": b'{"Identity": NaN}',
    "invalid UTF-8": b'{"Identity": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"Identity": "a"}',
    "a lone high surrogate": rb'{"Identity": "\ud800"}',
    "a lone surrogate in a name": rb'{"\ud800": 1}',
    "deep nesting": b"[" * 40_000,
}


@pytest.mark.parametrize("content", NO_JSON.values(), ids=NO_JSON)
def test_malformed_json(register, content):
    """Invalid JSON, lone surrogates included, is a 400 with the line of the error."""
    assert "line" in check_error(register(content=content, content_type=JSON), "invalid_body", OPERATION, format="JSON")


def form(**others: str) -> str:
    """Return the example as a form, with values given as they stand on the wire."""
    fields = {name: quote(value, safe="") for name, value in EXAMPLE.items() if isinstance(value, str)} | others
    return "&".join(f"{name}={value}" for name, value in fields.items())


BROKEN = ["%zz", "%4", "%FF", "%ED%A0%80"]
"""Broken percent-encoding, surrogates and other bytes that are no UTF-8."""
INVALID_BODIES = [
    *((JSON, content, "The body") for content in ("null", "[{}]", '"text"')),
    (JSON, b"[" + b"[]," * 60_000 + b"1]", "The body"),
    (JSON, b'{"MessageTypes":[' + b"1," * 60_000 + b"1]}", "The body"),
    (JSON, b'{"Identity": 1e999999}', None),
    *((FORM, form(**{name: value}), name) for name in ("Identity", "Endpoint", "BindingType") for value in BROKEN),
    (FORM, "&".join(["Identity=x"] * 1001), "The form"),
    *((FORM, content + form().encode(), None) for content in (b"%zz=1&", b"%FF=1&")),
    *((FORM, content, None) for content in (b"Identity=\xff", b"\0", b"{}", b"&&&", b"")),
]


@pytest.mark.parametrize(("content_type", "content", "named"), INVALID_BODIES, ids=lambda value: repr(value)[:40])
def test_invalid_bodies(register, content_type, content, named):
    """JSON that is no object, what is no form, and too many values are a 400 that names the property or the body."""
    response = register(content=content, content_type=content_type)
    check_error(response, "invalid_parameter", OPERATION, **({"parameter": named} if named else {}))


def test_brackets_in_texts_are_not_counted(register):
    """The bound of the parts of JSON counts none that stands in a text."""
    texts = [",[{" * 85 + "x"] * 100
    binding_of(register(device(",[{" * 1365, Identity=",[{" * 170) | {"MessageTypes": texts}, as_json=True), 201)


def test_forms_are_parsed(register):
    """A `+` is a space, bytes that need no encoding may go without, a scalar counts as sent last, a list collects."""
    content = form(Identity="first&Identity=a+b%2Bc") + "&MessageTypes=one&MessageTypes=t+wo&MessageTypes=one"
    body = binding_of(register(content=content, content_type=FORM), 201)
    assert body["identity"] == "a b+c"
    assert body["message_types"] == ["one", "t wo", "one"]
    raw = form(Identity="a;b=c?/").encode() + "&Endpoint=é\u2028".encode()
    body = binding_of(register(content=raw, content_type=FORM), 201)
    assert (body["identity"], body["endpoint"]) == ("a;b=c?/", "é\u2028")


@in_both_forms
@pytest.mark.parametrize("name", ["Tag", "Identity ", "x" * 100_000])
def test_unknown_properties(register, name, as_json):
    """A property that the API does not know is a 400 that names it, and those that there are."""
    message = check_error(register(device("never") | {name: "x"}, as_json=as_json), "unknown_property", OPERATION)
    assert message.startswith(name[:50])
    assert all(each in message for each in EXAMPLE)


@in_both_forms
@pytest.mark.parametrize(("name", "meant"), [("identity", "Identity"), ("messageTypes", "MessageTypes")])
def test_properties_in_another_case(register, name, meant, as_json):
    """A name that differs in the case of its letters alone is a 400 with the right spelling."""
    response = register(device("never") | {name: "x"}, as_json=as_json)
    message = check_error(response, "unknown_property", OPERATION, property=name)
    assert message.endswith(f"it is written {meant}.")


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "gzip, identity"])
@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_compressed_bodies(ask, encoding, content_type):
    """A body with a `Content-Encoding` is a 400, whatever it holds; `identity` is none."""
    headers = [("Content-Type", content_type), ("Content-Encoding", encoding)]
    check_error(ask(OPERATION, headers=headers, body=b"\x1f\x8b"), "unsupported_content_encoding", OPERATION)
    assert ask(OPERATION, headers=[("Content-Encoding", "identity")]).status in (200, 201)


def test_a_length_with_zeros(ask):
    """A `Content-Length` may begin with any number of zeros: HTTP has no bound for them."""
    assert ask(OPERATION, headers=[("Content-Length", f"{'0' * 50_000}10")], body=None).status == 400


@pytest.mark.parametrize(
    ("content_type", "as_json"),
    [*((each, False) for each in (FORM, f"{FORM}; charset=utf-8", FORM.upper(), f"{FORM} ;x=y", f"{FORM};", "")),
     *((each, True) for each in (JSON, f"{JSON}; charset=utf-8", "Application/JSON", f"{JSON} ; x=y"))],
)  # fmt: skip
def test_content_types(register, content_type, as_json):
    """A media type is read in any case of letters and with any parameter; without one a body is a form."""
    binding_of(register(device(f"of type {content_type}"), content_type=content_type, as_json=as_json), 201)


OTHER_TYPES = ["multipart/form-data; boundary=x", "application/jsonp", "application/problem+json", "application/*", "a",
               f"{JSON}, {FORM}", b"\xff\xfe"]  # fmt: skip


@pytest.mark.parametrize("content_type", OTHER_TYPES)
@in_both_forms
def test_bodies_of_another_type(register, content_type, as_json):
    """Another `Content-Type` is a 400 that names those that there are."""
    response = register(device("never"), as_json=as_json, content_type=content_type)
    message = check_error(response, "unsupported_content_type", OPERATION)
    assert FORM in message
    assert JSON in message


def test_nothing_was_registered_by_what_was_refused(client, world):
    """No device of the refused registrations is in a list."""
    page = get(client, list_url(client, world.empty["sid"], ("PageSize", 1000)))
    assert not [binding for binding in page["bindings"] if binding["endpoint"] in ("never", "")]


def test_credentials_of_registration(register, ask, world):
    """An API key registers like its account, another account at its own service; credentials are checked first."""
    key = (world.key["sid"], world.key["secret"])
    assert binding_of(register(device("by key"), auth=key), 201)["account_sid"] == world.a["sid"]
    assert binding_of(register(service_sid=world.foreign["sid"], auth=world.foreign_auth), 201)
    broken = {"body": b"{", "headers": [("Content-Type", JSON)]}
    for options in (broken, {"query": "nonsense=1"}, {"service_sid": "IS1"}):
        check_error(ask(OPERATION, auth=None, **options), "unauthorized", OPERATION)


def test_without_registration_and_docs(world, serve):
    """`--no-registration` and `--no-docs` leave their paths out, and everything else is as before."""
    closed = serve("--no-registration", "--no-docs")
    with httpx.Client(base_url=closed.url, auth=world.auth, timeout=60) as client:
        path = operations()[OPERATION].path(ServiceSid=world.empty["sid"])
        for method in ("POST", "GET", "OPTIONS"):
            answer = client.request(method, path, data=EXAMPLE, headers={"Access-Control-Request-Method": "POST"})
            check_error(response_of(answer), "not_found")
        check_error(response_of(client.get("/docs/")), "not_found")
        assert get(client, list_url(client, world.empty["sid"]))["bindings"] == []
        assert REGISTRATION not in closed.log
