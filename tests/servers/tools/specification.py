"""Copies of the spec that a tool can use without any code: their examples are of the world that the server holds."""

from collections.abc import Callable
from typing import Any

import yaml

from ...support.running import World
from .tool import SPEC

Json = dict[str, Any]

_EXAMPLES = {"sid": "BS", "account_sid": "AC", "service_sid": "IS", "credential_sid": "CR"}


def localized(world: World) -> Json:
    """The spec, with the Binding of its examples replaced by one that stands in the world's largest service."""
    service = world.full
    binding = next(each for each in service["bindings"] if each["identity"] == "TestUser")
    there = binding | {"account_sid": world.a["sid"], "service_sid": service["sid"]}
    text = SPEC.read_text(encoding="utf-8")
    for name, prefix in _EXAMPLES.items():
        text = text.replace(prefix + 32 * "a", there[name])
    document: Json = yaml.safe_load(text)
    document["components"]["parameters"]["BindingTypeParameter"]["example"] = [there["binding_type"]]
    return document


def only(document: Json, keep: Callable[[str, str], bool]) -> Json:
    """A spec with just the responses that are kept, by operation id and status, and the operations that have any."""
    for item in document["paths"].values():
        for method, operation in list(item.items()):
            if not isinstance(operation, dict):
                continue
            responses = operation["responses"]
            operation["responses"] = {
                status: response for status, response in responses.items() if keep(operation["operationId"], status)
            }
            if not operation["responses"]:
                del item[method]
    return document
