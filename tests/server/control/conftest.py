"""A service with the control API, and a client of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ...support.running import Process, serve_announced

A, S, TOKEN = f"AC{'a' * 32}", f"IS{'a' * 32}", "a1" * 16
B, OTHER, OTHER_TOKEN = f"AC{'b' * 32}", f"IS{'b' * 32}", "b2" * 16


def binding(number: int, identity: str = "somebody") -> dict[str, Any]:
    """Make a Binding of a world."""
    return {
        "sid": f"BS{number:032x}",
        "date_created": "2026-01-01T00:00:00Z",
        "date_updated": "2026-01-01T00:00:00Z",
        "endpoint": f"device-{number}",
        "identity": identity,
        "binding_type": "apn",
        "credential_sid": f"CR{'0' * 32}",
        "message_types": ["new_message"],
    }


def world(*bindings: dict[str, Any], token: str = TOKEN) -> dict[str, Any]:
    """Make a world of two accounts; the first one's service holds the Bindings."""
    return {
        "accounts": [
            {"sid": A, "auth_token": token, "keys": [], "services": [{"sid": S, "bindings": [*bindings]}]},
            {"sid": B, "auth_token": OTHER_TOKEN, "keys": [], "services": [{"sid": OTHER, "bindings": []}]},
        ]
    }


class Controlled:
    """A running service and its announcement."""

    def __init__(self, announced: dict[str, Any], process: Process, log: Path) -> None:
        self.auth = announced["account_sid"], announced["auth_token"]
        self.url = announced["url"]
        self.control_url = announced["control_url"]
        self.process = process
        self.log = log
        self.http = httpx.Client(base_url=self.url, auth=(A, TOKEN), timeout=60)
        self.control = httpx.Client(base_url=f"{self.control_url}/", timeout=60)

    @property
    def path(self) -> str:
        return f"/v2/Services/{S}/Bindings"

    def bindings(self, **parameters: Any) -> httpx.Response:
        return self.http.get(self.path, params=parameters)

    def register(self, identity: str = "new", endpoint: str = "phone") -> httpx.Response:
        form = {"Identity": identity, "Endpoint": endpoint, "BindingType": "apn", "CredentialSid": f"CR{'0' * 32}"}
        return self.http.post(f"/registration/v1/Services/{S}/Bindings", data=form)

    def requests(self, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.control.get("requests", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["requests"]


@contextmanager
def serving(folder: Path, *options: object, stdin: str = "", **variables: str) -> Iterator[Controlled]:
    """Start a service with the control API; it ends cleanly."""
    with serve_announced(folder, "--control", "--port", 0, *options, stdin=stdin, **variables) as (announced, process):
        served = Controlled(announced, process, folder / "log")
        with served.http, served.control:
            yield served


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controlled]:
    """Start a service with three Bindings, for all tests of the control API: each begins with a reset."""
    folder = tmp_path_factory.mktemp("control")
    held = world(*(binding(number) for number in range(1, 4)))
    with serving(folder, "--world", "-", "--no-docs", stdin=json.dumps(held)) as controlled:
        yield controlled


@pytest.fixture
def served(running: Controlled) -> Controlled:
    """Reset that service, and return it."""
    assert running.control.post("reset").status_code == 204
    return running
