"""Worlds as documents, for `import` and `serve --world`, and as rows of storage."""

import json
from typing import Any

from chat_bindings.storage.interface import Binding


def sid(prefix: str, number: int) -> str:
    """Return the SID of a number."""
    return f"{prefix}{number:032x}"


def binding(number: int, **changes: Any) -> dict[str, Any]:
    """Make a Binding, with other properties than these; one that is `...` is left out."""
    properties = {
        "sid": sid("BS", number),
        "date_created": "2016-10-21T11:37:03Z",
        "date_updated": "2016-10-21T11:37:03Z",
        "endpoint": f"endpoint {number}",
        "identity": "TestUser",
        "binding_type": "apn",
        "credential_sid": sid("CR", 1),
        "message_types": ["new_message"],
    } | changes
    return {name: value for name, value in properties.items() if value is not ...}


def row(number: int, **changes: Any) -> Binding:
    """Return the same Binding as a row."""
    properties = binding(number, **changes)
    return Binding(**properties | {"message_types": json.dumps(properties["message_types"])})


def account(number: int, *bindings: Any, **changes: Any) -> dict[str, Any]:
    """Make an account with one service, of the same number, which holds the Bindings; changed likewise."""
    services = [{"sid": sid("IS", number), "bindings": [*bindings]}]
    properties = {"sid": sid("AC", number), "auth_token": f"{number:032x}", "services": services} | changes
    return {name: value for name, value in properties.items() if value is not ...}
