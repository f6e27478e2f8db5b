"""The examples of the specs are true: the demo gives each response for the request that its example names."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest

from ..support import raw
from ..support.answers import ALL, CONTRACT, CONTROL, REGISTRATION, Operation, document, errors, operations
from .control.conftest import Controlled, serving

PUBLIC_URL = "https://chat.twilio.com"
SECRET = "a-token-of-some-length"
BY_FAULTS_ALONE = {"429", "500", "503"}
"""Statuses that no request alone brings about."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
OF_EACH_REQUEST = {"number", "id", "time", "duration_ms"}
NEW = {
    ("registerBinding", "200"): {"date_updated"},
    ("registerBinding", "201"): {"sid", "url", "date_created", "date_updated"},
}
"""Values that no example can know: the time, and a SID that is made up."""

LAST = [("registerBinding", "200"), ("deleteBinding", "204"), ("registerBinding", "201")]
"""Operations that change the world, run after all that read it, and in this order."""


class Example(NamedTuple):
    """An example of a response, and where it stands; its `x-request` is how the request differs from the plain one."""

    operation: Operation
    status: str
    name: str
    response: Any
    example: Any

    @property
    def place(self) -> tuple[str, str]:
        return self.operation.operation_id, self.status

    def __str__(self) -> str:
        return f"{self.operation.operation_id}-{self.status}-{self.name}"


def all_examples() -> Iterator[Example]:
    """List every example of a response, but those of success of the control API, which are tested below."""
    for operation_id, operation in operations(*ALL).items():
        for status, response in operation.spec["responses"].items():
            if operation_id not in operations(CONTROL) or status >= "400":
                (content,) = response.get("content", {"": {"examples": {"": {"value": None}}}}).values()
                for name, example in content["examples"].items():
                    yield Example(operation, status, name, response, example)


def target(operation: Operation, asked: Any) -> str:
    """Return the path with the examples of its parameters, or with the changes of the example, and its query."""
    changed = asked.get("path", {})
    if isinstance(changed, str):
        path = f"/control{changed}"
    else:
        path = operation.path(**{each["name"]: each["example"] for each in PATH_PARAMETERS} | changed)
    query = asked.get("query", "")
    query = query if isinstance(query, str) else urlencode(query, doseq=True)
    return f"{path}?{query}" if query else path


def body_of(operation: Operation, asked: Any) -> tuple[dict[str, str], bytes]:
    """Return headers and a body: JSON for the control API, else a form, its example or the changes of the example."""
    body, kind = asked.get("body", {}), JSON
    if operation.operation_id not in operations(CONTROL):
        if "requestBody" not in operation.spec:
            return {}, b""
        (example,) = operation.spec["requestBody"]["content"][FORM]["examples"].values()
        body, kind = body if isinstance(body, str) else urlencode(example["value"] | body, doseq=True), FORM
    text = body if isinstance(body, str) else json.dumps(body)
    return {"Content-Type": kind, "Content-Length": str(len(text))}, text.encode()


PATH_PARAMETERS = [each for each in document(CONTROL)["components"]["parameters"].values() if each["in"] == "path"]
PATH_PARAMETERS += [each for each in document()["components"]["parameters"].values() if each["in"] == "path"]
EXAMPLES = sorted(all_examples(), key=lambda it: LAST.index(it.place) if it.place in LAST else -1)
REPLAYED = [it for it in EXAMPLES if it.status not in BY_FAULTS_ALONE]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controlled]:
    options = ("--demo", "--no-docs", "--public-url", PUBLIC_URL)
    with serving(tmp_path_factory.mktemp("demo"), *options, CHAT_BINDINGS_CONTROL_TOKEN=SECRET) as running:
        running.control.headers["Authorization"] = f"Bearer {SECRET}"
        yield running


@pytest.mark.parametrize("example", REPLAYED, ids=str)
def test_the_demo_gives_the_answer_of_the_example(demo, example):
    """The request that an example names, or else the plain one, gets its status, its body and its headers."""
    operation, asked = example.operation, example.example.get("x-request", {})
    usual = f"Bearer {SECRET}" if operation.operation_id in operations(CONTROL) else raw.basic(*demo.auth)
    given, body = body_of(operation, asked)
    headers: dict[str, str | None] = {"Authorization": usual} | given | asked.get("headers", {})
    sent = [(name, value) for name, value in headers.items() if value is not None]
    answer = raw.ask(demo.url, asked.get("method", operation.method), target(operation, asked), sent, body)
    assert answer.status == int(example.status), answer
    new, value = NEW.get(example.place, set()), example.example["value"]
    assert without(new, json.loads(answer.content) if answer.content else None) == without(new, value)
    for name, header in example.response["headers"].items():
        if header.get("required") and name != "Twilio-Request-Id":
            assert answer.header(name) == str(header["example"])


def without(names: set[str], value: Any) -> Any:
    return {name: it for name, it in value.items() if name not in names} if names else value


def test_every_example_is_replayed_but_those_of_faults():
    """Of all examples only those of 429, 500 and 503 are left out, and nothing else has these statuses."""
    examples = document(CONTRACT)["components"]["examples"] | document(REGISTRATION)["components"]["examples"]
    left = {it.name for it in EXAMPLES} - {it.name for it in REPLAYED}
    assert left == {"too_many_requests", "too_many_streams", "internal_server_error", "service_unavailable"}
    assert examples.keys() - {it.name for it in EXAMPLES} == {"registration"}  # which is a request
    assert "x-request" not in json.dumps([errors()[name] for name in left])


def test_examples_of_worlds_and_faults_are_true(demo):
    """Requests in the spec of the control API are accepted, and its responses come back."""
    examples = {name: example["value"] for name, example in document(CONTROL)["components"]["examples"].items()}
    http = demo.control
    (account,) = examples["world"]["accounts"]
    service = account["services"][0]["sid"]
    assert http.post("reset").status_code == 204
    page = http.get(f"accounts/{account['sid']}/services/{service}/bindings").json()
    assert page == examples["browsed_bindings"]
    put = http.put("world", json=examples["world"])
    assert (put.status_code, put.json()) == (200, examples["world_counts"])
    assert http.get("world").json() == examples["world"]
    assert http.get("summary").json() == examples["summary"]
    assert http.put("faults", json=examples["faults"]).status_code == 200
    path = f"/v2/Services/{service}/Bindings?Identity=TestUser"
    assert httpx.get(f"{demo.url}{path}", auth=(account["sid"], "a1" * 16), timeout=60).status_code == 429
    assert http.get("faults").json() == examples["faults_in_force"]
    expected, listed = examples["request_list"]["requests"][0], http.get("requests").json()["requests"][-1]
    assert without(OF_EACH_REQUEST, listed) == without(OF_EACH_REQUEST, expected)
