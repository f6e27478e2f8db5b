"""Requests of the plugin itself, which are exempt from fault rules."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import BadStatusLine, HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..spec import CONTROL, REGISTRATION, component, document, operations, path_template

Auth = tuple[str, str]

_TIMEOUT = 30
"""Seconds for a response."""


class Refused(RuntimeError):
    """The response was an error."""


class Client:
    """An HTTP client of a server on this machine."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._controlling = HTTPConnection(self._host, timeout=_TIMEOUT)

    def close(self) -> None:
        """Close the kept connection."""
        self._controlling.close()

    def reset(self) -> None:
        """Reset the server."""
        self._control("reset")

    def set_world(self, world: Mapping[str, Any]) -> None:
        """Replace the server's world."""
        self._control("putWorld", body=world)

    def set_faults(self, rules: Mapping[str, Any]) -> None:
        """Replace the fault rules."""
        self._control("putFaults", body=rules)

    def requests(self, filters: Mapping[str, object]) -> list[dict[str, Any]]:
        """List the requests in the journal."""
        found: list[dict[str, Any]] = self._control("listRequests", f"?{urlencode(filters)}")["requests"]
        return found

    def _control(self, operation_id: str, query: str = "", body: Mapping[str, Any] | None = None) -> Any:
        """Call an operation of the control API, on the kept connection."""
        operation = next(one for one in operations(CONTROL) if one.operation_id == operation_id)
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        for is_last in (False, True):
            try:
                self._controlling.request(operation.method, f"{operation.path}{query}", content, headers)
                response = self._controlling.getresponse()
                break
            except (ConnectionError, BadStatusLine):  # the server has closed the connection meanwhile
                self._controlling.close()
                if is_last:
                    raise
        return _content(operation.method, operation.path, response.status, response.read())

    def bindings(self, auth: Auth, service_sid: str) -> list[dict[str, Any]]:
        """List all Bindings of a service."""
        found: list[dict[str, Any]] = []
        url = path_template("listBindings").format(ServiceSid=service_sid)
        while url:
            parts = urlsplit(url)  # --public-url may name another host
            page = self._request(auth, "GET", f"{parts.path}?{parts.query}")
            found += page["bindings"]
            url = page["meta"]["next_page_url"]
        return found

    def register(self, auth: Auth, service_sid: str, device: Mapping[str, Any]) -> dict[str, Any]:
        """Register a device, with properties in snake case; missing ones are those of the spec's example."""
        (operation,) = operations(REGISTRATION)
        schema = component("schemas", "Registration", REGISTRATION)
        example = component("examples", "registration", REGISTRATION)["value"]
        form = {name: device.get(_pythonic(name), example[name]) for name in schema["properties"]}
        target = operation.path.format(ServiceSid=service_sid)
        binding: dict[str, Any] = self._request(auth, operation.method, target, form)
        return binding

    def _request(
        self, auth: Auth, method: str, target: str, form: Mapping[str, str | Sequence[str]] | None = None
    ) -> Any:
        credentials = base64.b64encode(":".join(auth).encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Prefer": "faults=off"}
        body = None
        if form is not None:
            body = urlencode(form, doseq=True).encode()
            headers["Content-Type"] = _form_type()
        connection = HTTPConnection(self._host, timeout=_TIMEOUT)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return _content(method, target, response.status, content)


def _content(method: str, target: str, status: int, content: bytes) -> Any:
    if status >= HTTPStatus.BAD_REQUEST:
        raise Refused(f"{method} {target} gave {status}: {content.decode()}")
    return json.loads(content) if content else None


def _pythonic(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _form_type() -> str:
    """Return the first media type of the spec's body, which is a form."""
    (item,) = document(REGISTRATION)["paths"].values()
    return str(next(iter(item["post"]["requestBody"]["content"])))
