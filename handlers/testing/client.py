"""Requests of the tests' own, which no rule of faults counts or changes."""

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

_PATIENCE = 30
"""Seconds that an answer may take."""


class Refused(RuntimeError):
    """A request was answered with an error."""


class Client:
    """Asks a server on this machine."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._controlling = HTTPConnection(self._host, timeout=_PATIENCE)

    def close(self) -> None:
        """Close the connection that is kept."""
        self._controlling.close()

    def reset(self) -> None:
        """Reset the server."""
        self._control("reset")

    def set_world(self, world: Mapping[str, Any]) -> None:
        """Replace all that the server holds."""
        self._control("putWorld", body=world)

    def set_faults(self, rules: Mapping[str, Any]) -> None:
        """Replace the rules of faults."""
        self._control("putFaults", body=rules)

    def requests(self, filters: Mapping[str, object]) -> list[dict[str, Any]]:
        """The requests in the journal."""
        found: list[dict[str, Any]] = self._control("listRequests", f"?{urlencode(filters)}")["requests"]
        return found

    def _control(self, operation_id: str, query: str = "", body: Mapping[str, Any] | None = None) -> Any:
        """Ask for an operation of the control API, on a connection that is kept."""
        operation = next(one for one in operations(CONTROL) if one.operation_id == operation_id)
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        for is_last in (False, True):
            try:
                self._controlling.request(operation.method, f"{operation.path}{query}", content, headers)
                answer = self._controlling.getresponse()
                break
            except (ConnectionError, BadStatusLine):  # a kept connection that the server has closed meanwhile
                self._controlling.close()
                if is_last:
                    raise
        return _content(operation.method, operation.path, answer.status, answer.read())

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
        connection = HTTPConnection(self._host, timeout=_PATIENCE)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        return _content(method, target, answer.status, content)


def _content(method: str, target: str, status: int, content: bytes) -> Any:
    if status >= HTTPStatus.BAD_REQUEST:
        raise Refused(f"{method} {target} was answered with {status}: {content.decode()}")
    return json.loads(content) if content else None


def _pythonic(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _form_type() -> str:
    """The media type that the spec's body has first: a form."""
    (item,) = document(REGISTRATION)["paths"].values()
    return str(next(iter(item["post"]["requestBody"]["content"])))
