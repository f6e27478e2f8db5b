"""The world of a test's server, and its first account and service."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..spec import component
from ..tokens import new_token

World = Mapping[str, Any] | str | Path | None
"""A document as for `import`, its file, or None for the world of `serve --demo`."""


class HeldWorld:
    """A world document, and the first account and service in it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @classmethod
    def of(cls, given: World) -> "HeldWorld":
        """Read the world of a test. Raises `OSError` and `ValueError` for an invalid file."""
        if given is None:
            return cls(_demo())
        if isinstance(given, Mapping):
            return cls(given)
        return cls(json.loads(Path(given).read_text(encoding="utf-8")))

    @property
    def account(self) -> Mapping[str, Any]:
        """Return the first account. Raises `LookupError`."""
        for account in self.document["accounts"]:
            return account  # type: ignore[no-any-return]
        raise LookupError("the server's world has no account")

    @property
    def service_sid(self) -> str:
        """Return the SID of the first service of the first account that has one. Raises `LookupError`."""
        for sid, _ in self._services():
            return sid
        raise LookupError("the server's world has no service")

    def owner(self, service_sid: str) -> Mapping[str, Any]:
        """Return the account of a service. Raises `LookupError`."""
        for sid, account in self._services():
            if sid == service_sid:
                return account
        raise LookupError(f"the server's world has no service {service_sid}")

    def _services(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for account in self.document["accounts"]:
            for service in account["services"]:
                yield service["sid"], account


def token(account: Mapping[str, Any]) -> str:
    """Return the auth token of an account. Raises `LookupError` where the world has only its digest."""
    if "auth_token" not in account:
        raise LookupError(f"the server's world has no auth_token of account {account['sid']}, but its SHA-256 alone")
    return str(account["auth_token"])


def _demo() -> Mapping[str, Any]:
    binding = component("examples", "binding")["value"]
    service = {"sid": binding["service_sid"], "bindings": [binding]}
    return {"accounts": [{"sid": binding["account_sid"], "auth_token": new_token(), "services": [service]}]}
