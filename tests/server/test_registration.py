"""Registration: devices register by form or JSON, once for each key, within the bounds of the spec."""

import json
import shutil
import time
from urllib.parse import quote, urlencode

import httpx
import pytest

from ..conftest import load
from ..support.answers import REGISTRATION, check_documented, check_error, document, operations, response_of
from ..support.lists import get, list_url, sids, walk
from ..support.running import Service

OPERATION = "registerBinding"
SCHEMA = operations()[OPERATION].spec["requestBody"]["content"]["application/json"]["schema"]
PROPERTIES = SCHEMA["properties"]
FORM, JSON = list(operations()[OPERATION].spec["requestBody"]["content"])
EXAMPLE = document(REGISTRATION)["components"]["examples"]["registration"]["value"]
CREDENTIAL = f"CR{'0' * 32}"
ASTRAL = "\N{GRINNING FACE}"


@pytest.fixture
def register(client, world):
    """Registers at account A's empty service, with a form by default."""

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


def registered(response, status: int):
    body = check_documented(response, OPERATION)
    assert response.status == status, body
    return body


@pytest.mark.parametrize("as_json", [False, True])
def test_a_device_registers_and_registers_again(register, client, as_json):
    """The first time is a 201 with the new Binding, the second a 200 with the same; what it says is what is kept."""
    fields = device(f"again, {as_json}")
    first = registered(register(fields, as_json=as_json), 201)
    shown = {"identity": "Identity", "endpoint": "Endpoint", "binding_type": "BindingType",
             "credential_sid": "CredentialSid", "message_types": "MessageTypes"}  # fmt: skip
    assert {name: first[name] for name in shown} == {name: fields[field] for name, field in shown.items()}
    assert first["date_created"] == first["date_updated"]
    assert (
        abs(time.mktime(time.strptime(first["date_created"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - time.time()) < 20
    )
    assert check_documented(response_of(client.get(first["url"])), "fetchBinding") == first
    second = registered(register(fields, as_json=not as_json), 200)
    assert second | {"date_updated": first["date_updated"]} == first


def test_an_update_replaces_and_keeps(register):
    """Again, `sid` and `date_created` stay, the credential and the types are replaced, and `date_updated` moves on."""
    first = registered(register(device("update")), 201)
    time.sleep(1.1)
    credential = f"CR{'f' * 32}"
    changed = device("update", CredentialSid=credential, MessageTypes=["new_message"])
    second = registered(register(changed), 200)
    assert second["date_updated"] > first["date_updated"]
    assert second == first | {"credential_sid": credential, "message_types": ["new_message"],
                              "date_updated": second["date_updated"]}  # fmt: skip
    without = {name: value for name, value in changed.items() if name != "MessageTypes"}
    assert registered(register(without), 200)["message_types"] == []


def test_date_updated_never_moves_back(register, world_file, tmp_path, world):
    """A Binding that was updated in the future (by a server whose clock is ahead) keeps that date."""
    document_ = json.loads(world_file.read_text(encoding="utf-8"))
    binding = document_["accounts"][0]["services"][0]["bindings"][0]
    binding["date_updated"] = "2999-01-01T00:00:00Z"
    (tmp_path / "world.json").write_text(json.dumps(document_))
    fields = {"Identity": binding["identity"], "Endpoint": binding["endpoint"], "BindingType": binding["binding_type"],
              "CredentialSid": CREDENTIAL}  # fmt: skip
    service_sid = document_["accounts"][0]["services"][0]["sid"]
    with Service(load(tmp_path / "ahead.db", tmp_path / "world.json")) as ahead:
        url = ahead.url + operations()[OPERATION].path(ServiceSid=service_sid)
        body = registered(response_of(httpx.post(url, data=fields, auth=world.auth, timeout=60)), 200)
    assert (body["sid"], body["date_updated"]) == (binding["sid"], "2999-01-01T00:00:00Z")
    assert (body["date_created"], body["credential_sid"]) == (binding["date_created"], CREDENTIAL)


def test_the_unique_key_of_a_binding(register, world):
    """Another identity, device, type or service is another Binding; another credential or message type is not."""
    base = device("key")
    known = {registered(register(base), 201)["sid"]}
    for other in ({"Identity": "testuser"}, {"Endpoint": "Key"}, {"Endpoint": "key "}, {"BindingType": "fcm"}):
        known.add(registered(register(base | other), 201)["sid"])
    known.add(registered(register(base, service_sid=world.hundred["sid"]), 201)["sid"])
    assert len(known) == 6
    for same in ({"CredentialSid": CREDENTIAL}, {"MessageTypes": []}, {}):
        assert registered(register(base | same), 200)["sid"] in known


def test_new_bindings_come_last(register, client, world):
    """A list is in the order of creation: what registers later stands behind."""
    made = [registered(register(device(f"order {n}"), service_sid=world.full["sid"]), 201)["sid"] for n in range(20)]
    listed = sids(walk(client, list_url(client, world.full["sid"], ("PageSize", 40))))
    assert [sid for sid in listed if sid in set(made)] == made


@pytest.mark.parametrize("as_json", [False, True])
def test_identities_are_kept_code_point_by_code_point(register, client, world, as_json):
    """Every odd identity of the world registers, is kept as it was sent, and is found by it alone."""
    made = {}
    for identity in {binding["identity"] for binding in world.full["bindings"]}:
        fields = device(f"{identity}, {as_json}", Identity=identity)
        body = registered(register(fields, as_json=as_json), 201)
        assert (body["identity"], body["endpoint"]) == (identity, fields["Endpoint"])
        made[identity] = body["sid"]
    for identity, sid in made.items():
        page = get(client, list_url(client, world.empty["sid"], ("Identity", identity), ("PageSize", 1000)))
        found = {binding["sid"] for binding in page["bindings"] if binding["endpoint"].endswith(str(as_json))}
        assert found & set(made.values()) == {sid}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("filler", ["a", "é", "e\u0301"[1], "界", ASTRAL, "\x01", "\ufeff", "\U0010ffff", " ", "%"])
@pytest.mark.parametrize(("name", "column"), [("Identity", "identity"), ("Endpoint", "endpoint")])
def test_bounds_in_code_points(register, name, column, filler, as_json):
    """As many code points as the spec says are kept, however many bytes they are; one more is a 400 that says so."""
    most = PROPERTIES[name]["maxLength"]
    marked = f"{int(as_json)}{filler * (most - 1)}"
    assert registered(register(device("bounds") | {name: marked}, as_json=as_json), 201)[column] == marked
    response = register(device("bounds") | {name: f"{marked}{filler}"}, as_json=as_json)
    message = check_error(response, "invalid_parameter", OPERATION, parameter=name)
    assert str(most) in message
    assert filler * 5 not in message


@pytest.mark.parametrize("as_json", [False, True])
def test_bounds_of_message_types(register, as_json):
    """`MessageTypes` is empty by default, takes as many as the spec says, and each as long as it says."""
    schema = PROPERTIES["MessageTypes"]
    most, longest = schema["maxItems"], schema["items"]["maxLength"]
    base = device("types", BindingType="fcm" if as_json else "apn")
    base.pop("MessageTypes")
    assert registered(register(base, as_json=as_json), 201)["message_types"] == []
    for types in (["one"], ["one", "two", "one"], [ASTRAL * longest], [f"t{number}" for number in range(most)]):
        body = registered(register(base | {"MessageTypes": types}, as_json=as_json), 200)
        assert sorted(set(body["message_types"])) == sorted(set(types))
    for types in ([""], ["x", ""], [ASTRAL * (longest + 1)], [f"t{number}" for number in range(most + 1)], ["a\0b"]):
        response = register(base | {"MessageTypes": types}, as_json=as_json)
        check_error(response, "invalid_parameter", OPERATION, parameter="MessageTypes")


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("name", SCHEMA["required"])
def test_a_missing_property(register, name, as_json):
    """Each required property that is missing, or empty, is a 400 that names it."""
    fields = {key: value for key, value in EXAMPLE.items() if key != name}
    message = check_error(register(fields, as_json=as_json), "invalid_parameter", OPERATION, parameter=name)
    assert "required" in message
    response = register(fields | {name: ""}, as_json=as_json)
    check_error(response, "invalid_parameter", OPERATION, parameter=name)


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("name", "value"),
    [("BindingType", "sms"), ("BindingType", "apn,gcm"), ("BindingType", "APN"), ("BindingType", "apn "),
     ("CredentialSid", "CR"), ("CredentialSid", f"CR{'0' * 31}"), ("CredentialSid", f"CR{'0' * 33}"),
     ("CredentialSid", f"CR{'G' * 32}"), ("CredentialSid", f"AC{'0' * 32}"), ("CredentialSid", f"{CREDENTIAL}\n"),
     ("CredentialSid", f" {CREDENTIAL}"), ("CredentialSid", f"CR{'١' * 32}"),
     ("Identity", "\0"), ("Identity", "a\0"), ("Identity", "\0a"), ("Endpoint", "\0"), ("Endpoint", "a\0b")],
)  # fmt: skip
def test_a_malformed_property(register, name, value, as_json):
    """Each property that breaks its rule is a 400 that names it and does not repeat the value."""
    response = register(EXAMPLE | {name: value}, as_json=as_json)
    message = check_error(response, "invalid_parameter", OPERATION, parameter=name)
    assert "\0" not in message


WRONG_TYPES = [None, True, 0, 1.5, [], ["TestUser"], {}, {"a": 1}]


@pytest.mark.parametrize("name", SCHEMA["required"])
@pytest.mark.parametrize("wrong", WRONG_TYPES, ids=lambda value: repr(value)[:20])
def test_a_property_of_another_type(register, name, wrong):
    """In JSON a property of another type is a 400 that names it; nothing is made a string of."""
    response = register(EXAMPLE | {name: wrong}, as_json=True)
    check_error(response, "invalid_parameter", OPERATION, parameter=name)


def test_a_number_that_is_too_large(register):
    """A number that no computer holds is a 400, from the parser or from the schema."""
    response = register(content=b'{"Identity": 1e999999}', content_type=JSON)
    assert check_documented(response, OPERATION)["status"] == 400


@pytest.mark.parametrize("value", [[None], [1], [["a"]], [{}], "new_message", [True]])
def test_message_types_of_another_type(register, value):
    """`MessageTypes` is a list of strings and nothing else."""
    response = register(EXAMPLE | {"MessageTypes": value}, as_json=True)
    check_error(response, "invalid_parameter", OPERATION, parameter="MessageTypes")


NO_JSON = {
    "nothing": b"",
    "white space": b"  \n",
    "a brace": b"{",
    "a form": b"Identity=a",
    "two documents": b"{}{}",
    "a comma too many": b'{"Identity": "a",}',
    "single quotes": b"{'Identity': 'a'}",
    "a comment": b'{"Identity": "a"} // x',
    "not a number": b'{"Identity": NaN}',
    "invalid UTF-8": b'{"Identity": "\xff"}',
    "UTF-16": '{"Identity": "a"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"Identity": "a"}',
    "a lone high surrogate": rb'{"Identity": "\ud800"}',
    "a lone low surrogate": rb'{"Identity": "a\udc00b"}',
    "surrogates the wrong way": rb'{"Identity": "\udc00\ud800"}',
    "a surrogate in UTF-8": b'{"Identity": "\xed\xa0\x80"}',
    "a lone surrogate in a name": rb'{"\ud800": 1}',
    "a NUL": b'{"Identity": "a\0b"}',
    "a line feed": b'{"Identity": "a\nb"}',
    "an escape that there is not": rb'{"Identity": "\x41"}',
    "deep nesting": b"[" * 40_000,
    "deep objects": b'{"a":' * 40_000,
}


@pytest.mark.parametrize("content", NO_JSON)
def test_malformed_json(register, content):
    """What is no JSON, lone surrogates included, is a 400 that says where it ends to be."""
    message = check_error(
        register(content=NO_JSON[content], content_type=JSON), "invalid_body", OPERATION, format="JSON"
    )
    assert "line" in message


@pytest.mark.parametrize("content", ["null", "[]", '"text"', "1", "true", "[{}]"])
def test_json_that_is_no_object(register, content):
    """JSON of another type than an object is a 400."""
    check_error(register(content=content, content_type=JSON), "invalid_parameter", OPERATION, parameter="The body")


def form(**others: str) -> str:
    """The example as a form, with values given as they stand on the wire."""
    fields = {name: quote(value, safe="") for name, value in EXAMPLE.items() if isinstance(value, str)} | others
    return "&".join(f"{name}={value}" for name, value in fields.items())


@pytest.mark.parametrize("value", ["%", "%zz", "%4", "%FF", "%ED%A0%80", "%C0%80", "a%F0%9F%98"])
@pytest.mark.parametrize("name", ["Identity", "Endpoint", "BindingType"])
def test_a_form_that_is_broken(register, name, value):
    """Broken percent-encoding, surrogates and what else is not UTF-8 are a 400 that names the property."""
    response = register(content=form(**{name: value}), content_type=FORM)
    check_error(response, "invalid_parameter", OPERATION, parameter=name)


@pytest.mark.parametrize("content", ["%zz=1&", "%FF=1&"])
def test_a_form_with_a_broken_name(register, content):
    """A name that cannot be read is a 400."""
    check_error(register(content=content + form(), content_type=FORM), "invalid_parameter", OPERATION)


@pytest.mark.parametrize("content", [b"\xff=\xfe", b"Identity=\xff", b"\0", b"{}", b"[]", b"&&&", b"=", b""])
def test_a_form_that_is_none(register, content):
    """Bytes that are no form are a 400."""
    check_error(register(content=content, content_type=FORM), "invalid_parameter", OPERATION)


def test_forms_are_parsed(register):
    """A `+` is a space, bytes that need no encoding may go without, a scalar counts as sent last, a list collects."""
    content = form(Identity="first&Identity=a+b%2Bc") + "&MessageTypes=one&MessageTypes=t+wo&MessageTypes=one"
    body = registered(register(content=content, content_type=FORM), 201)
    assert body["identity"] == "a b+c"
    assert body["message_types"] == ["one", "t wo", "one"]
    raw = form(Identity="a;b=c?/").encode() + "&Endpoint=é\u2028".encode()
    body = registered(register(content=raw, content_type=FORM), 201)
    assert (body["identity"], body["endpoint"]) == ("a;b=c?/", "é\u2028")


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("name", ["Tag", "sid", "date_created", "Identity ", "MessageTypes[]", "x" * 100_000])
def test_an_unknown_property(register, name, as_json):
    """A property that the API does not know is a 400 that names it, and those that there are."""
    response = register(device("never") | {name: "x"}, as_json=as_json)
    message = check_error(response, "unknown_property", OPERATION)
    assert message.startswith(name[:50])
    assert all(each in message for each in EXAMPLE)
    assert len(message) < 1000


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(("name", "meant"), [("identity", "Identity"), ("messageTypes", "MessageTypes")])
def test_a_property_in_another_case(register, name, meant, as_json):
    """A name that differs in the case of its letters alone is a 400 that says how it is written."""
    response = register(device("never") | {name: "x"}, as_json=as_json)
    message = check_error(response, "unknown_property", OPERATION, property=name)
    assert message.endswith(f"it is written {meant}.")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, identity"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_compressed_body(ask, encoding, as_json):
    """A body with a `Content-Encoding` is a 400 that says so, whatever it holds; `identity` is none."""
    kind = ("Content-Type", JSON if as_json else FORM)
    answer = ask(OPERATION, headers=[kind, ("Content-Encoding", encoding)], body=b"\x1f\x8b")
    check_error(answer, "unsupported_content_encoding", OPERATION)
    assert ask(OPERATION, headers=[("Content-Encoding", "identity")]).status in (200, 201)


def test_text_that_is_large(register):
    """A megabyte of text is refused with the bound that it breaks."""
    for as_json in (False, True):
        response = register(device("x" * 1_000_000), as_json=as_json)
        assert "4096" in check_error(response, "invalid_parameter", OPERATION, parameter="Endpoint")


def test_bodies_of_many_values(register):
    """Counts are bounded before values are validated: of the fields of a form, and of the parts of JSON."""
    fields = register(content="&".join(["Identity=x"] * 1001), content_type=FORM)
    assert "at most 1000 fields" in check_error(fields, "invalid_parameter", OPERATION, parameter="The form")
    for content in (b"[" + b"[]," * 60_000 + b"1]", b'{"MessageTypes":[' + b"1," * 60_000 + b"1]}"):
        response = register(content=content, content_type=JSON)
        assert "brackets" in check_error(response, "invalid_parameter", OPERATION, parameter="The body")
    texts = [",[{" * 85 + "x"] * 100
    registered(register(device(",[{" * 1365, Identity=",[{" * 170) | {"MessageTypes": texts}, as_json=True), 201)


@pytest.mark.parametrize("zeros", [1, 5000, 50_000])
def test_a_length_with_zeros(ask, zeros):
    """A `Content-Length` may begin with any number of zeros: HTTP has no bound for them."""
    body = b"Identity=x"
    answer = ask(OPERATION, headers=[("Content-Length", "0" * zeros + str(len(body)))], body=None, method="POST")
    assert answer.status == 400


def test_json_escapes(register):
    """Escapes of JSON, surrogate pairs among them, mean the characters that they stand for."""
    content = json.dumps(device("escapes", Identity=f"é{ASTRAL}\u2028\x7f")).encode()
    assert rb"\ud83d\ude00" in content
    assert registered(register(content=content, content_type=JSON), 201)["identity"] == f"é{ASTRAL}\u2028\x7f"
    assert registered(register(device("escapes", Identity=f"é{ASTRAL}\u2028\x7f")), 200)


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", FORM.upper(), f"{FORM} ;x=y", f"{FORM};", ""])
def test_content_types_of_forms(register, content_type):
    """A form is one in any case of letters, with any parameter, and without a `Content-Type` as well."""
    registered(register(device(f"form {content_type}"), content_type=content_type), 201)


@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=utf-8", "Application/JSON", f"{JSON} ; x=y"])
def test_content_types_of_json(register, content_type):
    """JSON is JSON in any case of letters and with any parameter."""
    registered(register(device(f"json {content_type}"), as_json=True, content_type=content_type), 201)


WRONG = ["text/plain", "multipart/form-data; boundary=x", "application/xml", "application/jsonp",
         "application/vnd.api+json", "application/problem+json", "json", "*/*", "application/*", "a",
         f"{JSON}, {FORM}", "application/json/",
         "application", b"\xff\xfe", "text/json"]  # fmt: skip


@pytest.mark.parametrize("content_type", WRONG)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_body_of_another_type(register, content_type, as_json):
    """Another `Content-Type` is a 400 that names those that there are, and nothing is registered."""
    response = register(device("never"), as_json=as_json, content_type=content_type)
    message = check_error(response, "unsupported_content_type", OPERATION)
    assert FORM in message
    assert JSON in message


def test_nothing_was_registered_by_what_was_refused(client, world):
    """No device of the refused registrations is in a list."""
    page = get(client, list_url(client, world.empty["sid"], ("PageSize", 1000)))
    assert not [binding for binding in page["bindings"] if binding["endpoint"] in ("never", "")]


def test_credentials_of_registration(register, world):
    """An API key registers like its account; another account's service is not there."""
    key = (world.key["sid"], world.key["secret"])
    assert registered(register(device("by key"), auth=key), 201)["account_sid"] == world.a["sid"]
    check_error(register(service_sid=world.foreign["sid"]), "not_found", OPERATION)
    check_error(register(auth=world.foreign_auth), "not_found", OPERATION)
    assert registered(register(service_sid=world.foreign["sid"], auth=world.foreign_auth), 201)


def test_without_registration(world, world_file, tmp_path):
    """`--no-registration` leaves the path out: it is not in the specs then, and everything else is as before."""
    with (
        Service(load(tmp_path / "closed.db", world_file), "--no-registration") as closed,
        httpx.Client(base_url=closed.url, auth=world.auth, timeout=60) as client,
    ):
        path = operations()[OPERATION].path(ServiceSid=world.empty["sid"])
        for method in ("POST", "GET", "OPTIONS"):
            answer = client.request(method, path, data=EXAMPLE, headers={"Access-Control-Request-Method": "POST"})
            check_error(response_of(answer), "not_found")
        assert get(client, list_url(client, world.empty["sid"]))["bindings"] == []
        assert REGISTRATION not in closed.log
    shutil.rmtree(tmp_path)
