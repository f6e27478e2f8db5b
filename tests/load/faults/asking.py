"""Requests of every operation during an outage, their responses, and a ledger of the writes."""

import time
from itertools import count
from typing import Any, NamedTuple

from ...support import raw
from ...support.answers import check_documented
from ..clients import call, registration, show
from ..ledger import Device, Ledger

WRONG = "wrong credentials"
OPERATIONS = {
    "fetch": "fetchBinding",
    "list": "listBindings",
    "delete": "deleteBinding",
    "register": "registerBinding",
    WRONG: "fetchBinding",
}
"""Requests by operation."""

SUCCESS = {"fetch": {200}, "list": {200}, "delete": {204}, "register": {200, 201}, WRONG: {401}}
"""The statuses of a request without a fault."""

READS = ("fetch", "list", WRONG)
WRITES = ("delete", "register")

_CREDENTIAL_SID = f"CR{0:032x}"


class Outcome(NamedTuple):
    """The outcome of a request; status 0 when no response came."""

    operation: str
    status: int
    code: int | None
    retry_after: str | None
    seconds: float
    problem: str = ""
    """The flaw of the response by itself, whatever was expected."""

    @property
    def is_well(self) -> bool:
        """True if the response is as without a fault."""
        return self.status in SUCCESS[self.operation]


class Asker:
    """Sends requests to a service, and records the acknowledged writes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = Ledger()
        self.ledger.settle(show(url), is_first=True)
        devices = [(who, endpoint) for who, own in self.ledger.there.items() for endpoint in own]
        self._kept, *doomed = ((device, self.ledger.there[device[0]][device[1]].sid) for device in devices)
        self._doomed, self._numbers = iter(doomed), count(1)

    def __call__(self, operation: str) -> Outcome:
        """Send one of `OPERATIONS`: a delete is of another Binding each time, a registration of a new device."""
        if operation == "register":
            return self._write(operation, ("somebody", f"device {next(self._numbers)}"))[0]
        if operation == "delete":
            return self._write(operation, *next(self._doomed))[0]
        return self._send(operation, self._kept[1])[0]

    def register(self, endpoint: str) -> dict[str, Any]:
        """Register a device of some user, which must be acknowledged, and return its Binding."""
        outcome, binding = self._write("register", ("somebody", endpoint))
        assert outcome.is_well, f"{endpoint} cannot be registered: {outcome}"
        return binding

    def broken(self) -> list[str]:
        """Return the acknowledged writes that do not hold, a sentence each; the unanswered ones are retried."""
        for (_, endpoint), doubt in list(self.ledger.doubts.items()):
            if doubt.credential_sid:
                self.register(endpoint)
        self.ledger.settle(show(self.url))
        return self.ledger.broken

    def _write(self, operation: str, device: Device, sid: str = "") -> tuple[Outcome, Any]:
        doubt = self.ledger.doubts.get(device)
        if doubt is None:
            self.ledger.doubt(device, _CREDENTIAL_SID if operation == "register" else None)
        outcome, body = self._send(operation, sid, registration(device, _CREDENTIAL_SID) if not sid else None)
        if outcome.is_well and operation == "register":
            self.ledger.register(device, body)
        elif outcome.is_well:
            self.ledger.delete(device)
        return outcome, body

    def _send(self, operation: str, sid: str, form: dict[str, str] | None = None) -> tuple[Outcome, Any]:
        """Send a request and return the response, which the spec must document, and its JSON."""
        credentials = {"token": "wrong"} if operation == WRONG else {}
        began = time.monotonic()
        try:
            response = raw.ask(self.url, *call(OPERATIONS[operation], sid, form=form, **credentials))
        except (OSError, AssertionError, ValueError) as error:  # cut off, refused, reset, or hanging
            problem = f"no answer: {error or type(error).__name__}"
            return Outcome(operation, 0, None, None, time.monotonic() - began, problem), None
        seconds, problem, body = time.monotonic() - began, "", None
        try:
            body = check_documented(response, OPERATIONS[operation])
        except (AssertionError, ValueError) as error:
            problem = f"{response.status} is not as documented: {error}"
        code = body.get("code") if response.status >= 400 and isinstance(body, dict) else None
        return Outcome(operation, response.status, code, response.header("Retry-After"), seconds, problem), body
