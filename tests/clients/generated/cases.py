"""The cases of cases.yaml: the programs' input, a later server's responses, and the expected output."""

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...servers.http import Answer, Request
from ...servers.right import Right
from ...servers.terms import Refusal
from ...support.answers import document
from ...support.running import World
from ...support.specs import read

CASES = read(Path(__file__).parent / "cases.yaml")
FIRST_PAGE = 50
UNKNOWN = {"unknown_text": "…", "unknown_object": {"unknown": [1, None, {}]}, "unknown_null": None}
EXAMPLES = {20003: "unauthorized", 20007: "page_size_too_large"}
"""Codes of errors, and the example of the contract that has the reference's message."""


def filters(world: World, identities: tuple[str, ...]) -> list[dict[str, Any]]:
    """Yield a case for each entry of `filters`, and for each identity."""
    service = world.full["sid"]
    single = {f"identity {identity}": {"identities": [identity]} for identity in identities}
    return [
        {"case": name, "service": service, "identities": each.get("identities"), "types": each.get("types")}
        for name, each in {**CASES["filters"], **single}.items()
    ]


def filtered(case: dict[str, Any], bindings: list[dict[str, Any]]) -> list[str]:
    """Return the SIDs of a case in the world; `bindings` are in their order."""
    fits = [
        each["sid"]
        for each in bindings
        if (not case["identities"] or each["identity"] in case["identities"])
        and (not case["types"] or each["binding_type"] in case["types"])
    ]
    return fits[:FIRST_PAGE]


def later() -> tuple[list[dict[str, Any]], dict[str, Answer], dict[str, Any]]:
    """Return the cases of a later server, each with its own service; its responses by service; the output by case."""
    cases, answers, expected = [], {}, {}
    entries = [(kind, name, each) for kind in ("pages", "errors") for name, each in CASES[kind].items()]
    for index, (kind, name, each) in enumerate(entries):
        service, case = f"IS{index:032x}", f"{kind}: {name}"
        cases.append({"case": case, "service": service, "identities": None, "types": None})
        if kind == "pages":
            page = _page(each)
            answers[service] = _answer(200, "application/json", json.dumps(page))
            expected[case] = {"bindings": [_properties(binding) for binding in page["bindings"]]}
        else:
            answers[service] = _error(each)
            expected[case] = {"http": each["status"], "text": answers[service].body.decode()}
    return cases, answers, expected


def _page(change: dict[str, Any]) -> dict[str, Any]:
    page: dict[str, Any] = copy.deepcopy(document()["components"]["examples"]["one_page"]["value"])
    first, second, third = (copy.deepcopy(page["bindings"][0]) for _ in range(3))
    second["links"].update(change.get("links", {}))
    second.update(change.get("binding", {}))
    for name in change.get("without", ()):
        del second[name]
    page["meta"].update(change.get("meta", {}))
    return page | change.get("page", {}) | {"bindings": [first, second, third]}


def _properties(binding: dict[str, Any]) -> dict[str, Any]:
    names = document()["components"]["schemas"]["Binding"]["properties"]
    properties = {name: binding.get(name) for name in names if name != "links"}
    return properties | {"user": (binding.get("links") or {}).get("user")}


def _error(each: dict[str, Any]) -> Answer:
    if "html" in each:
        return _answer(each["status"], "text/html; charset=utf-8", each["html"])
    text = each["json_text"] if "json_text" in each else json.dumps(each["json"])
    return _answer(each["status"], "application/json", text)


def _answer(status: int, content_type: str, text: str) -> Answer:
    return Answer(status, [("Content-Type", content_type)], text.encode())


class Later(Right):
    """A server of a later version, which adds unknown properties to every JSON object.

    It has the reference's messages. `canned` are the answers of services that the world does not have, by SID.
    """

    def __init__(self, world: dict[str, Any], canned: Mapping[str, Answer]) -> None:
        super().__init__(world)
        self.canned = canned

    def answer(self, request: Request) -> Answer:
        answer = self.canned.get("".join(request.path.split("/")[3:4]))
        return super().answer(request) if answer is None else replace(answer)

    def error_content(self, refusal: Refusal) -> Any:
        example = document()["components"]["examples"].get(EXAMPLES.get(refusal.code), {})
        message = example.get("value", {}).get("message", refusal.message)
        return {**super().error_content(refusal), "message": message}

    def dump(self, content: Any) -> bytes:
        return super().dump(add_unknown(content))


def add_unknown(node: Any) -> Any:
    """Add unknown properties to all objects of a JSON document, in front and behind."""
    if isinstance(node, list):
        return [add_unknown(item) for item in node]
    if isinstance(node, dict):
        return {"unknown_first": True} | {name: add_unknown(value) for name, value in node.items()} | UNKNOWN
    return node
