"""The examples of the specs are true: the demo gives each response for the request that its example names."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from ..support import raw
from ..support.answers import CONTRACT, REGISTRATION, Operation, document, operations
from ..support.running import Service, wait_until

PUBLIC_URL = "https://chat.twilio.com"
BY_FAULTS_ALONE = {"429", "500", "503"}
"""Statuses that no request alone brings about."""

FORM = "application/x-www-form-urlencoded"
NEW = {
    ("registerBinding", "200"): {"date_updated"},
    ("registerBinding", "201"): {"sid", "url", "date_created", "date_updated"},
}
"""What no example can know: the time, and a SID that is made up."""

LAST = [("registerBinding", "200"), ("deleteBinding", "204"), ("registerBinding", "201")]
"""What changes the world, after all that looks at it, and in this order."""


class Shown(NamedTuple):
    """An example of an answer: where it stands, the request that it answers, and the answer."""

    operation_id: str
    status: str
    name: str
    method: str
    target: str
    headers: dict[str, str | None]
    """Those that differ from the usual: None for none of that name."""
    body: bytes
    value: Any
    fixed_headers: dict[str, str]

    @property
    def place(self) -> tuple[str, str]:
        return self.operation_id, self.status

    def __str__(self) -> str:
        return f"{self.operation_id}-{self.status}-{self.name}"


def shown() -> Iterator[Shown]:
    """Every example of an answer of both specs."""
    for operation_id, operation in operations().items():
        for status, response in operation.spec["responses"].items():
            headers = {
                name: str(header["example"])
                for name, header in response["headers"].items()
                if header.get("required") and name != "Twilio-Request-Id"
            }
            (content,) = response.get("content", {"": {"examples": {"": {"value": None}}}}).values()
            for name, example in content["examples"].items():
                asked = example.get("x-request", {})
                sent, body = form(operation, asked)
                yield Shown(
                    operation_id, status, name, asked.get("method", operation.method), target(operation, asked),
                    sent | asked.get("headers", {}), body, example["value"], headers,
                )  # fmt: skip


def target(operation: Operation, asked: Any) -> str:
    """The path with the examples of its parameters, or with the changes of the example, and its query."""
    path = operation.path(**{each["name"]: each["example"] for each in PATH_PARAMETERS} | asked.get("path", {}))
    return path + ("?" + urlencode(asked["query"], doseq=True) if "query" in asked else "")


def form(operation: Operation, asked: Any) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a form, for an operation with one: its example, or the changes of the example."""
    if "requestBody" not in operation.spec:
        return {}, b""
    (example,) = operation.spec["requestBody"]["content"][FORM]["examples"].values()
    body = asked.get("body", {})
    text = body if isinstance(body, str) else urlencode(example["value"] | body, doseq=True)
    return {"Content-Type": FORM, "Content-Length": str(len(text))}, text.encode()


PATH_PARAMETERS = [each for each in document()["components"]["parameters"].values() if each["in"] == "path"]
ALL = sorted(shown(), key=lambda it: LAST.index(it.place) if it.place in LAST else -1)
REPLAYED = [it for it in ALL if it.status not in BY_FAULTS_ALONE]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    arguments = ("serve", "--demo", "--port", 0, "--public-url", PUBLIC_URL)
    with Service(tmp_path_factory.mktemp("none"), arguments=arguments) as running:
        yield running


@pytest.fixture(scope="module")
def authorization(demo: Service) -> str:
    assert wait_until(lambda: "curl -u" in demo.output, 60), demo.output
    match = re.search(r"curl -u (\w+):(\w+) ", demo.output)
    assert match, demo.output
    return raw.basic(match[1], match[2])


@pytest.mark.parametrize("example", REPLAYED, ids=str)
def test_the_demo_gives_the_answer_of_the_example(demo, authorization, example):
    """The request that an example names, or else the plain one, gets its status, its body and its headers."""
    headers: Mapping[str, str | None] = {"Authorization": authorization} | example.headers
    sent = [(name, value) for name, value in headers.items() if value is not None]
    answer = raw.ask(demo.url, example.method, example.target, sent, example.body)
    assert answer.status == int(example.status), answer
    new = NEW.get(example.place, set())
    assert without(new, json.loads(answer.content) if answer.content else None) == without(new, example.value)
    assert {name: answer.header(name) for name in example.fixed_headers} == example.fixed_headers


def without(names: set[str], value: Any) -> Any:
    return {name: it for name, it in value.items() if name not in names} if names else value


def test_every_example_is_replayed_but_those_of_faults():
    """Of all examples only those of 429, 500 and 503 are left out, and nothing else has these statuses."""
    examples = document(CONTRACT)["components"]["examples"] | document(REGISTRATION)["components"]["examples"]
    left = {it.name for it in ALL} - {it.name for it in REPLAYED}
    assert left == {"too_many_requests", "internal_server_error", "service_unavailable"}
    assert {it.name for it in ALL} - {""} == examples.keys() - {"registration"}  # which is a request
    assert "x-request" not in json.dumps([examples[name] for name in left])
