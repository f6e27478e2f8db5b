"""The world that the target holds: what the right answers are."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .credentials import Credentials
from .violation import WorldLacks

_OTHER = '"$OTHER_AUTH_TOKEN"'
_MANY = 2000
"""Bindings of a service beyond which walking it takes too long, if there is another service to walk."""


class WorldUnfit(Exception):
    """A world cannot be verified with; the message says what it lacks."""


@dataclass(frozen=True)
class Binding:
    """A Binding of the world."""

    account_sid: str
    service_sid: str
    sid: str
    identity: str
    endpoint: str
    binding_type: str
    credential_sid: str
    date_created: str
    date_updated: str
    message_types: tuple[str, ...]

    @property
    def device(self) -> tuple[str, str]:
        """The device, within a service."""
        return self.endpoint, self.binding_type


@dataclass(frozen=True)
class Service:
    """A service of the world."""

    account_sid: str
    sid: str
    bindings: tuple[Binding, ...] = field(repr=False)

    @cached_property
    def sids(self) -> frozenset[str]:
        """The SIDs of its Bindings."""
        return frozenset(binding.sid for binding in self.bindings)

    @cached_property
    def identities(self) -> Counter[str]:
        """The number of Bindings of each user."""
        return Counter(binding.identity for binding in self.bindings)

    @cached_property
    def types(self) -> frozenset[str]:
        """The types that its Bindings have."""
        return frozenset(binding.binding_type for binding in self.bindings)

    def matching(self, identities: Sequence[str] = (), types: Sequence[str] = ()) -> list[Binding]:
        """List the Bindings that a filtered list shows."""
        found: Iterable[Binding] = self.bindings
        if identities:
            found = (binding for identity in dict.fromkeys(identities) for binding in self._of_users.get(identity, ()))
        return [binding for binding in found if not types or binding.binding_type in types]

    @cached_property
    def _of_users(self) -> dict[str, list[Binding]]:
        found: dict[str, list[Binding]] = {}
        for binding in self.bindings:
            found.setdefault(binding.identity, []).append(binding)
        return found


@dataclass(frozen=True)
class Account:
    """An account of the world."""

    sid: str
    credentials: Credentials | None
    keys: Sequence[Credentials]
    services: Sequence[Service]

    @property
    def bindings(self) -> Iterable[Binding]:
        """All of its Bindings."""
        return (binding for service in self.services for binding in service.bindings)


class World:
    """The content of the target, and the part of each account and service in the checks."""

    def __init__(self, document: dict[str, Any]) -> None:
        accounts = [_account(entry) for entry in document["accounts"]]
        able = [account for account in accounts if account.credentials and any(account.bindings)]
        if not able:
            raise WorldUnfit(
                "it has no account with a plain auth_token and a Binding: verify sends the tokens, so it needs them "
                "as they are, not their SHA-256"
            )
        self.account = max(able, key=lambda account: sum(len(set(each.identities)) for each in account.services))
        """Account A, whose Bindings are asked for."""
        self.accounts = accounts
        self.others = [account for account in accounts if account is not self.account]

    @classmethod
    def read(cls, path: Path) -> "World":
        """Read a world that is known to be valid. Raises `WorldUnfit`."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @property
    def credentials(self) -> Credentials:
        """Account A's."""
        if self.account.credentials is None:
            raise WorldUnfit(f"account {self.account.sid} has no plain auth_token")
        return self.account.credentials

    @cached_property
    def key(self) -> Credentials:
        """An API key: account A's, or that of another account with Bindings and a plain token."""
        return self.owner_of_key.keys[0]

    @cached_property
    def owner_of_key(self) -> Account:
        """The account that `key` opens."""
        for account in (self.account, *self.others):
            if account.keys and account.credentials is not None and any(account.bindings):
                return account
        raise WorldLacks("API key with a plain secret")

    @cached_property
    def of_key(self) -> tuple[Service, Credentials]:
        """A service that `key` opens, and the credentials of the account itself."""
        if self.owner_of_key is self.account:
            return self.rich, self.credentials
        return max(self.owner_of_key.services, key=lambda each: len(each.bindings)), self._own(self.owner_of_key)

    @cached_property
    def other(self) -> Account:
        """Account B: another that owns Bindings, at best one whose token is known."""
        owners = [account for account in self.others if any(account.bindings)]
        if not owners:
            raise WorldLacks("second account with Bindings")
        return max(owners, key=lambda account: account.credentials is not None)

    @cached_property
    def other_credentials(self) -> Credentials:
        """Account B's."""
        if self.other.credentials is None:
            raise WorldLacks("second account with a plain auth_token and Bindings")
        return self._own(self.other)

    @cached_property
    def foreign(self) -> Service:
        """A service of account B's with Bindings."""
        return max(self.other.services, key=lambda service: len(service.bindings))

    def service(self, sid: str) -> Service:
        """Find the service of account A with a SID."""
        return next(service for service in self.account.services if service.sid == sid)

    @cached_property
    def rich(self) -> Service:
        """The service of account A's with the most different users."""
        return max(self._walkable, key=lambda service: len(service.identities))

    @cached_property
    def large(self) -> Service:
        """The service of account A's in which pages are turned: large, with several Bindings for most users."""
        fit = [service for service in self._walkable if service is not self.rich and len(service.bindings) >= 20]
        return max(fit, key=lambda service: len(service.bindings)) if fit else self.rich

    @cached_property
    def empty(self) -> tuple[Service, Credentials]:
        """A service without Bindings, of account A or another one, and the credentials that open it."""
        for account in (self.account, *self.others):
            for service in account.services:
                if not service.bindings and account.credentials is not None:
                    return service, self._own(account)
        raise WorldLacks("service without Bindings")

    @cached_property
    def _walkable(self) -> Sequence[Service]:
        filled = [service for service in self.account.services if service.bindings]
        return [service for service in filled if len(service.bindings) <= _MANY] or filled

    def twins(self, binding: Binding) -> Sequence[tuple[Binding, Credentials]]:
        """Find the Bindings of the same device in other services, each with the credentials that open it."""
        return [each for each in self._devices[binding.device] if each[0].service_sid != binding.service_sid]

    @cached_property
    def _devices(self) -> dict[tuple[str, str], list[tuple[Binding, Credentials]]]:
        found: dict[tuple[str, str], list[tuple[Binding, Credentials]]] = {}
        for account in self.accounts:
            if account.credentials is not None:
                for each in account.bindings:
                    found.setdefault(each.device, []).append((each, self._own(account)))
        return found

    def _own(self, account: Account) -> Credentials:
        """Give the credentials of an account whose token is known, as they are shown."""
        if account.credentials is None or account is self.account:
            return self.credentials
        return Credentials(account.credentials.user_name, account.credentials.password, _OTHER)

    @cached_property
    def filled(self) -> Sequence[Service]:
        """The services of account A with Bindings, those with the most different users first."""
        filled = [service for service in self.account.services if service.bindings]
        return sorted(filled, key=lambda service: -len(service.identities))

    def two_services(self) -> tuple[Service, Service]:
        """Two services of account A with Bindings."""
        others = [service for service in (self.large, *self.filled) if service is not self.rich]
        if not others:
            raise WorldLacks("second service with Bindings in one account")
        return self.rich, others[0]

    def credentials_known(self) -> Iterable[Credentials]:
        """All secrets that the world tells."""
        for account in (self.account, *self.others):
            if account.credentials is not None:
                yield account.credentials
            yield from account.keys


def needs(found: Sequence[Binding], what: str, count: int = 1) -> Sequence[Binding]:
    """Give the Bindings that a check needs. Raises `WorldLacks` when there are fewer than `count`."""
    if len(found) < count:
        raise WorldLacks(what)
    return found


def _account(entry: dict[str, Any]) -> Account:
    sid = entry["sid"]
    token = entry.get("auth_token")
    return Account(
        sid,
        None if token is None else Credentials(sid, token, '"$AUTH_TOKEN"'),
        [Credentials(key["sid"], key["secret"], '"$KEY_SECRET"') for key in entry.get("keys", []) if "secret" in key],
        [_service(sid, service) for service in entry["services"]],
    )


def _service(account_sid: str, entry: dict[str, Any]) -> Service:
    sid = entry["sid"]
    return Service(account_sid, sid, tuple(_binding(account_sid, sid, each) for each in entry["bindings"]))


def _binding(account_sid: str, service_sid: str, entry: dict[str, Any]) -> Binding:
    return Binding(
        account_sid,
        service_sid,
        entry["sid"],
        entry["identity"],
        entry["endpoint"],
        entry["binding_type"],
        entry["credential_sid"],
        entry["date_created"],
        entry["date_updated"],
        tuple(entry["message_types"]),
    )
