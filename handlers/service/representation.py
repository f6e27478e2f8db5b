"""A Binding as clients see it."""

from functools import cache
from typing import Any
from urllib.parse import quote

from ..storage.interface import Binding
from .specification import path_template


@cache
def _paths() -> tuple[str, str]:
    instance, collection = path_template("fetch_binding"), path_template("list_bindings")
    return instance, collection.rpartition("/")[0]


def collection_url(origin: str, service_sid: str) -> str:
    """The absolute URL of a service's list of Bindings."""
    return origin + path_template("list_bindings").format(ServiceSid=service_sid)


def represent(binding: Binding, origin: str) -> dict[str, Any]:
    """The JSON object of the spec's schema `Binding`; `origin` is a scheme and host."""
    instance, service = _paths()
    return {
        "sid": binding.sid,
        "account_sid": binding.account_sid,
        "service_sid": binding.service_sid,
        "date_created": binding.date_created,
        "date_updated": binding.date_updated,
        "endpoint": binding.endpoint,
        "identity": binding.identity,
        "binding_type": binding.binding_type,
        "credential_sid": binding.credential_sid,
        "message_types": binding.message_types,
        "url": origin + instance.format(ServiceSid=binding.service_sid, Sid=binding.sid),
        "links": {
            # every character but the unreserved ones: Ruby's and Java's URI parsers take nothing else
            "user": f"{origin}{service.format(ServiceSid=binding.service_sid)}/Users/{quote(binding.identity, safe='')}"
        },
    }
