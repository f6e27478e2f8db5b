"""The server of a later version: it adds what a client of today does not know to every JSON object."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...servers.http import Answer, Request
from ...servers.right import Right
from ...servers.terms import Refusal
from ...support.answers import document

UNKNOWN = {"unknown_text": "…", "unknown_object": {"unknown": [1, None, {}]}, "unknown_null": None}
EXAMPLES = {20003: "unauthorized", 20007: "page_size_too_large"}
"""Codes of errors, and the example of the contract that has the reference's message."""


class Later(Right):
    """It has the reference's messages. `canned` are the answers of services that the world does not have, by SID."""

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
