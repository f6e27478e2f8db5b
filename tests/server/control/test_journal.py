"""The journal of requests."""

import base64
import json
import threading
import time
from datetime import datetime

import httpx
from openapi_schema_validator import OAS30Validator

from ...support.answers import document
from .conftest import OTHER, OTHER_TOKEN, TOKEN, A, B, S, serving, world


def test_a_request_is_shown_with_all_that_came_of_it(served):
    """A request has number, id, time, method, path, query, operation, account, status, duration, fault and body."""
    answer = served.bindings(Identity="a b", PageSize=5)
    registered = served.register("joe")
    listed, other = served.requests()
    assert listed["id"] == answer.headers["Twilio-Request-Id"]
    assert (listed["method"], listed["path"], listed["query"]) == ("GET", served.path, "Identity=a+b&PageSize=5")
    assert (listed["operation"], listed["account"], listed["status"]) == ("listBindings", A, 200)
    assert listed["fault"] is listed["body"] is None
    assert 0 < listed["duration_ms"] < 60_000
    assert abs(time.time() - _seconds(listed["time"])) < 120
    assert (other["operation"], other["status"], other["id"]) == (
        "registerBinding", 201, registered.headers["Twilio-Request-Id"],
    )  # fmt: skip
    assert (other["body"]["Identity"], other["body"]["Endpoint"]) == ("joe", "phone")
    assert other["number"] == listed["number"] + 1


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_filters_narrow_one_another(served):
    """By operation, status, identity and account."""
    served.bindings(Identity=["x", "joe"])
    served.register("joe")
    httpx.get(f"{served.url}/v2/Services/{OTHER}/Bindings", auth=(B, OTHER_TOKEN), timeout=60)
    served.http.get("/nowhere")
    served.bindings(Identitty="joe")
    assert [one["operation"] for one in served.requests(operation="listBindings")] == ["listBindings"] * 3
    assert [one["operation"] for one in served.requests(identity="joe")] == ["listBindings", "registerBinding"]
    assert [one["path"] for one in served.requests(status=404)] == ["/nowhere"]
    assert [one["path"] for one in served.requests(account=B)] == [f"/v2/Services/{OTHER}/Bindings"]
    assert [one["query"] for one in served.requests(account=A, status=400)] == ["Identitty=joe"]
    assert served.requests(account=B, identity="joe") == []


def test_no_credential_is_in_it_in_any_form(served):
    """Not in headers, which it has none of, and masked where a client puts one into a path or a query."""
    basic = base64.b64encode(f"{A}:{TOKEN}".encode()).decode()
    served.http.get(f"/v2/Services/{TOKEN}/Bindings", params={"AuthToken": TOKEN})
    httpx.get(f"{served.url}/{TOKEN.upper()}", auth=("x", TOKEN), timeout=60)
    served.bindings()
    text = served.control.get("requests").text
    for secret in (TOKEN, TOKEN.upper(), basic, "uthorization"):
        assert secret not in text
    assert A in text  # SIDs are none
    assert S in text


def test_a_reset_and_a_delete_clear_it(served):
    """Numbers go on, so that whoever waits misses nothing."""
    served.register("personal data")
    before = served.control.get("requests").json()
    assert served.control.delete("requests").status_code == 204
    after = served.control.get("requests")
    assert after.json() == {"last": before["last"], "requests": []}
    served.register("personal data")
    served.control.post("reset")
    assert "personal" not in served.control.get("requests").text


def test_a_wait_ends_with_the_next_request_that_matches(served):
    """Long poll: no test has to sleep. Requests that do not match do not end it."""
    last = served.control.get("requests").json()["last"]
    found: list[object] = []
    waiting = threading.Thread(
        target=lambda: found.extend(served.requests(since=last, wait=60, operation="registerBinding"))
    )
    waiting.start()
    served.bindings()
    served.register("awaited")
    waiting.join(50)
    assert [one["body"]["Identity"] for one in found] == ["awaited"]
    started = time.monotonic()
    assert served.requests(since=last + 2, wait=1) == []
    assert 0.9 < time.monotonic() - started < 60


def test_it_keeps_so_many_and_no_more(tmp_path):
    """`--journal N`, the oldest go first."""
    with serving(tmp_path, "--world", "-", "--no-docs", "--journal", 3, stdin=json.dumps(world())) as served:
        for size in range(1, 6):
            served.bindings(PageSize=size)
        assert [one["query"] for one in served.requests()] == ["PageSize=3", "PageSize=4", "PageSize=5"]


def test_it_is_bounded_in_bytes(monkeypatch):
    """The journal is bounded in bytes, however long paths, queries and bodies are."""
    from chat_bindings.server.control import journal as journals
    from chat_bindings.server.request import Request

    monkeypatch.setattr(journals, "_MOST_BYTES", 10_000)
    journal = journals.Journal(1000)
    for _ in range(50):
        scope = {"path": "/x", "raw_path": b"/x", "query_string": b"y" * 1000, "headers": [], "method": "GET"}
        journal.record(scope, Request.of(scope), 200, 0.1, b"RQ")
    assert [one["number"] for one in journal.since(0, journals.RequestFilter())] == [*range(45, 51)]


def test_requests_for_the_control_api_and_the_site_are_not_in_it(served):
    """Only those of the clients that are tested."""
    served.control.get("world")
    served.http.get("/docs/")
    assert served.requests() == []


def test_entries_keep_their_schema(served):
    """Each property of the spec, and no other."""
    served.bindings()
    schema = document("control.yaml")["components"]["schemas"]["RequestList"]
    shown = served.control.get("requests").json()
    OAS30Validator(schema).validate(shown)
    assert list(shown["requests"][0]) == schema["properties"]["requests"]["items"]["required"]
