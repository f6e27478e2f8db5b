"""The operation of `openapi/registration.yaml`."""

from typing import Any

import orjson

from .server.errors import ApiError
from .server.representation import represent
from .storage.interface import Registration, Storage


async def register_binding(
    service_sid: str, body: dict[str, Any], *, account_sid: str, storage: Storage, origin: str
) -> tuple[orjson.Fragment, int]:
    """Create or update the Binding of a device; 201 for a new one, 200 for an update, 404 for an unknown service."""
    registration = Registration(
        identity=body["Identity"],
        endpoint=body["Endpoint"],
        binding_type=body["BindingType"],
        credential_sid=body["CredentialSid"],
        message_types=body.get("MessageTypes", []),
    )
    registered = await storage.register(account_sid, service_sid, registration)
    if registered is None:
        raise ApiError("not_found")
    binding, is_new = registered
    return represent(binding, account_sid, service_sid, origin), 201 if is_new else 200
