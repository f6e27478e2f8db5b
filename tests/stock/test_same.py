"""Asked the same, at the same moment, of the same database, both compositions answer the same."""

import json
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..conftest import load
from ..service.conftest import Asker
from ..support.answers import operations
from ..support.running import Service

HOST = ("Host", "same.example")  # so that absolute URLs are the same too
SID = "0123456789abcdef" * 2
LISTED = [each["name"] for each in operations()["listBindings"].spec["parameters"]]
BODY = operations()["registerBinding"].spec["requestBody"]["content"]["application/json"]["schema"]
FIELDS = list(BODY["properties"])


class Compiled(Service):
    stages = "compiled"


class Stock(Service):
    stages = "stock"


@pytest.fixture(scope="module")
def both(tmp_path_factory, world_file, world):
    """Asks the one and the other."""
    database = load(tmp_path_factory.mktemp("same") / "same.db", world_file)
    with ExitStack() as opened:
        yield [Asker(opened.enter_context(stages(database)), world) for stages in (Compiled, Stock)]


def shown(response):
    """An answer without what differs from each to the next, or is free: spaces of JSON, words, the order of `Allow`."""
    body = json.loads(response.content) if response.content else None
    for name in ("message", "date_created", "date_updated"):
        if body:
            body.pop(name, None)
    headers = {name: response.header(name) for name in ("Content-Type", "WWW-Authenticate", "Location", "Retry-After")}
    names = {name for name, _ in response.headers} - {"content-length"}
    return response.status, body, headers, sorted((response.header("Allow") or "").split(", ")), names


def asked_both(both, *arguments, several=False, **options):
    """The status of both; `several` when more than one thing may be wrong, of which either may be told."""
    options["headers"] = [HOST, *options.get("headers", [])]
    one, other = (shown(ask(*arguments, **options)) for ask in both)
    if several and one[0] == other[0] == 400:
        return 400
    assert one == other
    return one[0]


same = settings(max_examples=150, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck))  # fmt: skip

pieces = st.sampled_from(["1", "05", "1000", "1001", "9" * 30, "-", "_", "+", "%20", ",", "%2C", "a", "a%2Cb", "apn",
                          "gcm", "APN", "%00", "%0A", "%FF", "%", "%C3%A9", "%F0%9F%98%80", "%ED%A0%80", ";", "=", "/",
                          f"PABS{SID}", f"PBBS{SID}", "%D9%A1", "[]", ".", "e"])  # fmt: skip
values = st.lists(pieces, max_size=3).map("".join)
names = st.sampled_from([*LISTED, *LISTED, *LISTED, "identity", "Page%53ize", "Identity[]", "", "%FF", "%", "a.b"])


@given(sent=st.lists(st.tuples(names, st.sampled_from(["=", "=", "=", ""]), values), max_size=4))
@same
def test_queries(both, sent):
    """Whatever stands in a query of a list, both read the same, or both refuse it."""
    asked_both(both, "listBindings", "&".join(map("".join, sent)), several=len(sent) > 1)


@given(
    types=st.lists(st.sampled_from(["apn", "gcm", "fcm"]), max_size=3),
    number=st.integers(0, 10**6),
    size=st.integers(1, 60),
    page=st.integers(0, 2**31 - 2),
    token=st.none() | st.sampled_from(["PA", "PB"]),
)
@same
def test_lists(both, world, types, number, size, page, token):
    """A list with any filters, at any position, is the same to the last character."""
    there = world.full["bindings"]
    query = [("BindingType", each) for each in types] + [("PageSize", size), ("Page", page)]
    query += [("Identity", there[number * step % len(there)]["identity"]) for step in range(number % 4)]
    query += [("PageToken", f"{token}{there[number % len(there)]['sid']}")] if token else []
    encoded = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query)
    assert asked_both(both, "listBindings", encoded) == 200


segments = st.sampled_from(["v2", "V2", "Services", f"IS{SID}", "IS1", "Bindings", f"BS{SID}", "BS1", "", ".", "..",
                            "%2F", "registration", "v1", "a%00", "%FF", "ui", "openapi.json"])  # fmt: skip


@given(
    path=st.lists(segments, max_size=6).map(lambda parts: "/" + "/".join(parts)),
    known=st.booleans(),
    method=st.sampled_from(["GET", "HEAD", "DELETE", "POST", "PUT", "OPTIONS"]),
    auth=st.sampled_from(["", None]),
)
@same
def test_paths(both, path, known, method, auth):
    """Any path, with any method and with or without credentials, is the same status and the same error."""
    path = f"{both[0].path('listBindings')}{path}" if known else path
    asked_both(both, "listBindings", path=path, method=method, auth=auth)


@given(fields=st.lists(st.tuples(st.sampled_from([*FIELDS, *FIELDS, "Tag", "%FF", ""]), values), max_size=7))
@same
def test_forms(both, fields):
    """Whatever stands in a form, both register the same, or both refuse it."""
    known = [("Identity", "form"), ("Endpoint", "form"), ("BindingType", "apn"), ("CredentialSid", f"CR{SID}")]
    register(both, "&".join(map("=".join, known + fields)).encode(), "application/x-www-form-urlencoded")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["apn", "", "a,b", "é", "\0", f"CR{SID}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "Tag"]), inner, max_size=3),
    max_leaves=5,
)


@given(body=st.dictionaries(st.sampled_from([*FIELDS, "Tag"]), json_values, max_size=3), whole=st.booleans())
@same
def test_json(both, body, whole):
    """Whatever stands in JSON, both register the same, or both refuse it."""
    known = {"Identity": "json", "Endpoint": "json", "BindingType": "gcm", "CredentialSid": f"CR{SID}"}
    register(both, json.dumps((known if whole else {}) | body).encode(), "application/json")


def register(both, body: bytes, media_type: str) -> None:
    headers = [HOST, ("Content-Type", media_type)]
    (one, *rest), (other, *others) = (shown(ask("registerBinding", body=body, headers=headers)) for ask in both)
    assert (one == 201, 200 if one == 201 else one) in {(True, other), (False, other)}
    assert rest == others


@pytest.mark.parametrize("operation", sorted(operations()))
@pytest.mark.parametrize("auth", [None, "Basic", "Basic QUM6eA==", "Bearer QUM6eA==", "Basic \xff"])
def test_credentials(both, operation, auth):
    """Wrong credentials are told alike, and before anything else."""
    sent = auth.encode("latin-1") if auth else auth
    assert asked_both(both, operation, "Unknown=1", auth=sent, service_sid="IS1") == 401
