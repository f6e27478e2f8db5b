"""Requests of the tests' own, which no rule of faults counts or changes."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..spec import REGISTRATION, component, document, operations, path_template

Auth = tuple[str, str]


class Client:
    """Asks a server on this machine."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def bindings(self, auth: Auth, service_sid: str) -> list[dict[str, Any]]:
        """All Bindings of a service."""
        found: list[dict[str, Any]] = []
        url = path_template("listBindings").format(ServiceSid=service_sid)
        while url:
            parts = urlsplit(url)  # whatever host --public-url names, the server is here
            page = self._ask(auth, "GET", f"{parts.path}?{parts.query}")
            found += page["bindings"]
            url = page["meta"]["next_page_url"]
        return found

    def register(self, auth: Auth, service_sid: str, device: Mapping[str, Any]) -> dict[str, Any]:
        """Register a device, whose properties have Python's names; those that are left out are the example's."""
        (operation,) = operations(REGISTRATION)
        schema = component("schemas", "Registration", REGISTRATION)
        example = component("examples", "registration", REGISTRATION)["value"]
        form = {name: device.get(_pythonic(name), example[name]) for name in schema["properties"]}
        answer: dict[str, Any] = self._ask(auth, operation.method, operation.path.format(ServiceSid=service_sid), form)
        return answer

    def _ask(self, auth: Auth, method: str, target: str, form: Mapping[str, str | Sequence[str]] | None = None) -> Any:
        credentials = base64.b64encode(":".join(auth).encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Prefer": "faults=off"}
        body = None
        if form is not None:
            body = urlencode(form, doseq=True).encode()
            headers["Content-Type"] = _form_type()
        connection = HTTPConnection(self._host, timeout=30)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {target} was answered with {answer.status}: {content.decode()}")
        return json.loads(content)


def _pythonic(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _form_type() -> str:
    """The media type that the spec's body has first: a form."""
    (item,) = document(REGISTRATION)["paths"].values()
    return str(next(iter(item["post"]["requestBody"]["content"])))
