"""Requests of every operation during an outage, their responses, and a ledger of the writes."""

import json
import time
from collections.abc import Iterable
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx

from ...support import raw
from ...support.answers import check_documented, operations
from ...support.lists import list_url, walk
from ..worlds import ACCOUNT, AUTH, SERVICE, sid

WRONG = "wrong credentials"
OPERATIONS = {
    "fetch": "fetchBinding",
    "list": "listBindings",
    "delete": "deleteBinding",
    "register": "registerBinding",
    WRONG: "fetchBinding",
}
"""A request, and its operation."""

SUCCESS = {"fetch": {200}, "list": {200}, "delete": {204}, "register": {200, 201}, WRONG: {401}}
"""What it is answered when all is well."""

READS = ("fetch", "list", WRONG)
WRITES = ("delete", "register")


class Outcome(NamedTuple):
    """What came of a request; status 0 when no answer came."""

    operation: str
    status: int
    code: int | None
    retry_after: str | None
    seconds: float
    problem: str = ""
    """What is wrong with the answer by itself, whatever was to be expected."""

    @property
    def is_well(self) -> bool:
        """Whether it was answered as when all is well."""
        return self.status in SUCCESS[self.operation]


class Asker:
    """Asks a service, and keeps what it acknowledged."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._devices, self._doomed = count(1), count(1)
        self._sids: dict[str, str] = {}
        """The SID that each acknowledged endpoint was given."""
        self._gone: set[str] = set()
        self._unsure: list[str] = []
        """The endpoints of registrations that were not acknowledged."""

    def __call__(self, operation: str) -> Outcome:
        """Ask for one of `OPERATIONS`."""
        what = sid(0)
        if operation in WRITES:
            what = f"device {next(self._devices)}" if operation == "register" else sid(next(self._doomed))
        started = time.monotonic()
        try:
            response = self._ask(operation, what)
        except (OSError, AssertionError, ValueError) as error:  # cut off, refused, reset, or hanging
            outcome = Outcome(operation, 0, None, None, time.monotonic() - started, _unanswered(error))
        else:
            outcome = _outcome(operation, response, time.monotonic() - started)
            if outcome.is_well:
                self._note(operation, what, response)
                return outcome
        if operation == "register":
            self._unsure.append(what)
        return outcome

    def register(self, endpoint: str) -> dict[str, Any]:
        """Register a device, which must be acknowledged: its Binding."""
        response = self._ask("register", endpoint)
        assert response.status in SUCCESS["register"], f"{endpoint} cannot be registered: {response}"
        self._note("register", endpoint, response)
        binding: dict[str, Any] = json.loads(response.content)
        return binding

    def broken(self) -> list[str]:
        """What does not hold of all that was acknowledged, a sentence each; and of the rest, which is tried again."""
        while self._unsure:
            self.register(self._unsure.pop())
        with httpx.Client(base_url=self.url, auth=AUTH, timeout=20) as client:
            pages = list(walk(client, list_url(client, SERVICE, ("PageSize", 1000))))
        return list(self._compared([binding for page in pages for binding in page["bindings"]]))

    def _compared(self, bindings: Iterable[dict[str, Any]]) -> Iterable[str]:
        found: dict[str, list[str]] = {}
        for binding in bindings:
            found.setdefault(binding["endpoint"], []).append(binding["sid"])
        there = {each for several in found.values() for each in several}
        yield from (f"{each} is there {len(several)} times" for each, several in found.items() if len(several) > 1)
        for endpoint, known in self._sids.items():
            if found.get(endpoint) != [known]:
                yield f"{known} was acknowledged, and is {found.get(endpoint) or 'lost'}"
        yield from (f"{each} was acknowledged as deleted, and is back" for each in self._gone & there)

    def _ask(self, operation: str, what: str) -> raw.Response:
        described = operations()[OPERATIONS[operation]]
        secret = "wrong" if operation == WRONG else AUTH[1]
        headers = [("Authorization", raw.basic(ACCOUNT, secret))]
        body = b""
        if operation == "register":
            form = {"Identity": "somebody", "Endpoint": what, "BindingType": "apn", "CredentialSid": f"CR{0:032x}"}
            body = urlencode(form).encode()
            headers.append(("Content-Length", str(len(body))))
        path = described.path(ServiceSid=SERVICE, Sid=what)
        return raw.ask(self.url, described.method, path, headers, body)

    def _note(self, operation: str, what: str, response: raw.Response) -> None:
        if operation == "register":
            self._sids[what] = json.loads(response.content)["sid"]
        elif operation == "delete":
            self._gone.add(what)


def _unanswered(error: Exception) -> str:
    return f"no answer: {error or type(error).__name__}"


def _outcome(operation: str, response: raw.Response, seconds: float) -> Outcome:
    """An answer must be one that the spec documents."""
    problem = ""
    try:
        body = check_documented(response, OPERATIONS[operation])
    except (AssertionError, ValueError) as error:
        problem, body = f"{response.status} is not as documented: {error}", None
    code = body.get("code") if response.status >= 400 and isinstance(body, dict) else None
    return Outcome(operation, response.status, code, response.header("Retry-After"), seconds, problem)
