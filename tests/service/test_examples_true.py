"""The examples of the contract are true: the demo, asked as each example says, gives just that answer."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from ..support import raw
from ..support.answers import CONTRACT, document
from ..support.running import Service

PUBLIC_URL = "https://chat.twilio.com"
BY_FAULTS_ALONE = {"429", "500", "503"}
"""Statuses that no request alone brings about."""

SPEC = document(CONTRACT)


class Shown(NamedTuple):
    """An example of an answer: where it stands, and the request that it answers."""

    operation_id: str
    status: str
    name: str
    method: str
    target: str
    headers: dict[str, str | None]
    """Those that differ from the usual: None for none of that name."""
    value: Any
    fixed_headers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.operation_id}-{self.status}-{self.name}"


def shown() -> Iterator[Shown]:
    """Every example of an answer, in an order in which what one deletes is asked for before."""
    for path, item in SPEC["paths"].items():
        for method, operation in item.items():
            if "operationId" in operation:
                parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
                for status, response in operation["responses"].items():
                    yield from of_response(path, method, {**operation, "parameters": parameters}, status, response)


def of_response(path: str, method: str, operation: Any, status: str, response: Any) -> Iterator[Shown]:
    headers = {
        name: str(header["example"])
        for name, header in response["headers"].items()
        if header.get("required") and name != "Twilio-Request-Id"
    }
    (content,) = response.get("content", {"": {"examples": {"": {"value": None}}}}).values()
    for name, example in content["examples"].items():
        asked = example.get("x-request", {})
        target = path.format_map(
            {each["name"]: each["example"] for each in operation["parameters"] if each["in"] == "path"}
            | asked.get("path", {})
        )
        if "query" in asked:
            target += "?" + urlencode(asked["query"], doseq=True)
        yield Shown(operation["operationId"], status, name, asked.get("method", method.upper()), target,
                    asked.get("headers", {}), example["value"], headers)  # fmt: skip


ALL = sorted(shown(), key=lambda it: (it.method == "DELETE" and it.status == "204", str(it)))
REPLAYED = [it for it in ALL if it.status not in BY_FAULTS_ALONE]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    arguments = ("serve", "--demo", "--port", 0, "--public-url", PUBLIC_URL)
    with Service(tmp_path_factory.mktemp("none"), arguments=arguments) as running:
        yield running


@pytest.fixture(scope="module")
def authorization(demo: Service) -> str:
    match = re.search(r"curl -u (\w+):(\w+) ", demo.output)
    assert match, demo.output
    return raw.basic(match[1], match[2])


@pytest.mark.parametrize("example", REPLAYED, ids=str)
def test_the_demo_gives_the_answer_of_the_example(demo, authorization, example):
    """The request that an example names, or else the plain one, gets its status, its body and its headers."""
    headers: Mapping[str, str | None] = {"Authorization": authorization} | example.headers
    sent = [(name, value) for name, value in headers.items() if value is not None]
    answer = raw.ask(demo.url, example.method, example.target, sent)
    assert answer.status == int(example.status), answer
    assert (json.loads(answer.content) if answer.content else None) == example.value
    assert {name: answer.header(name) for name in example.fixed_headers} == example.fixed_headers


def test_every_example_is_replayed_but_those_of_faults():
    """Of all examples only those of 429, 500 and 503 are left out, and nothing else has these statuses."""
    left = {it.name for it in ALL} - {it.name for it in REPLAYED}
    assert left == {"too_many_requests", "internal_server_error", "service_unavailable"}
    assert {it.name for it in REPLAYED} - {""} | left == set(SPEC["components"]["examples"])
    assert "x-request" not in json.dumps([SPEC["components"]["examples"][name] for name in left])
