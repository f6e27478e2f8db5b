"""`Right`: a server that keeps the whole contract in memory, written for being overridden."""

import base64
import binascii
import hashlib
import hmac
import itertools
import json
import re
import secrets
import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from inspect import isfunction, signature
from typing import Any
from urllib.parse import quote

from .http import Answer, Request
from .parameters import Parameters
from .terms import LARGEST_PAGE, Binding, Page, Position, Refusal, Route, Wanted

_PATH = re.compile(r"/v2/Services/([^/]+)/Bindings(?:/([^/]+))?")
_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
_HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?", re.ASCII)


@dataclass(frozen=True)
class Decision:
    """A decision made by a function, which names those arguments of the method that it needs."""

    change: Callable[..., Any]


class Instead(Decision):
    """The function's result, in the place of the base's method."""

    def call(self, base: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        return _call(self.change, arguments)


class First(Decision):
    """The function's result, or that of the base's method where it is None."""

    def call(self, base: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        found = _call(self.change, arguments)
        return base(**arguments) if found is None else found


class Before(Decision):
    """The base's method, with that argument changed which the function's first parameter names."""

    def call(self, base: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        name = next(iter(signature(self.change).parameters))
        return base(**arguments | {name: _call(self.change, arguments)})


class After(Decision):
    """The base's method, with its result changed, which the function's first parameter gets."""

    def call(self, base: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        return _call(self.change, arguments, base(**arguments))


class Around(Decision):
    """The result of a function that calls the base's method, its first parameter, with some arguments changed."""

    def call(self, base: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        return _call(self.change, arguments, lambda **changed: base(**arguments | changed))


class Caught(Decision):
    """The base's method, with something else in the place of what it refuses, which the first parameter gets."""

    def call(self, base: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        try:
            return base(**arguments)
        except Refusal as refusal:
            caught = refusal
        return _call(self.change, arguments, caught)


def each(change: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """Make a function that changes each item of a list."""
    return lambda values: [change(value) for value in values]


def only(is_kept: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """Make a function that keeps some items of a list."""
    return lambda values: [value for value in values if is_kept(value)]


def _call(function: Callable[..., Any], arguments: dict[str, Any], *first: Any) -> Any:
    """Call a function with those arguments of a method that it names. An error is raised, also one that it returns."""
    names = list(signature(function).parameters)[len(first) :]
    found = function(*first, *(arguments[name] for name in names))
    if isinstance(found, Exception):
        raise found
    return found


def _attribute(cls: type, name: str, decision: Any) -> Any:
    if not isinstance(decision, Decision):
        is_method = isfunction(decision) and "self" in signature(decision).parameters
        return decision if is_method or not callable(decision) else staticmethod(decision)
    *_, root = (vars(each)[name] for each in cls.__mro__ if name in vars(each))
    names = list(signature(root).parameters)

    def method(*given: Any) -> Any:
        def base(**arguments: Any) -> Any:
            return getattr(super(cls, given[0]), name)(*(arguments[each] for each in names[1:]))

        return decision.call(base, dict(zip(names, given, strict=True)))

    return method


class Right(Parameters):
    """The contract, kept. Each method is one decision.

    Keywords of a subclass are its attributes: values, functions with or without `self`, and what `Instead`, `First`,
    `Before`, `After`, `Around` and `Caught` make of the base's method: their functions name the arguments they need.
    """

    clause = ""
    waits = False
    """True if a run against it mostly waits."""
    prefix = ""
    """The part before `/v2` in every path."""

    def __init_subclass__(cls, **decisions: Any) -> None:
        super().__init_subclass__()
        for name, decision in decisions.items():
            assert hasattr(cls, name), f"{cls.__name__} decides on {name}, which there is not"
            setattr(cls, name, _attribute(cls, name, decision))

    def __init__(self, world: dict[str, Any]) -> None:
        self.lock = threading.RLock()
        self.secret = secrets.token_bytes(32)
        self.kept: dict[Any, Any] = {}  # what a wrong server remembers
        self.numbers = itertools.count(1)  # of what it counts
        self.owners: dict[str, str] = {}
        self.services: dict[str, dict[str, Binding]] = {}
        self.logins: dict[str, tuple[str, str]] = {}
        for account in world["accounts"]:
            self._add(account)

    def _add(self, account: dict[str, Any]) -> None:
        self.logins[account["sid"]] = (account["sid"], account["auth_token"])
        for key in account.get("keys", ()):
            self.logins[key["sid"]] = (account["sid"], key["secret"])
        for service in account["services"]:
            self.owners[service["sid"]] = account["sid"]
            self.services[service["sid"]] = {each["sid"]: deepcopy(each) for each in service["bindings"]}

    # --- from a request to its answer

    def answer(self, request: Request) -> Answer:
        """Answer a request. Never raises."""
        try:
            answer = self.dispatch(request)
        except Refusal as refusal:
            answer = self.error(request, refusal)
        except Exception:  # noqa: BLE001 - a fault of ours is a 500
            answer = self.error(request, self.fault())
        return self.finish(request, answer)

    def dispatch(self, request: Request) -> Answer:
        """Determine the requested operation, and the account."""
        route = self.route(request)
        if route is None:
            raise self.not_found(request)
        if self.is_preflight(request):
            return self.preflight(request, route)
        if request.method == "OPTIONS" or request.method not in route.methods:
            raise self.not_allowed(request, route)
        return self.operate(request, route, self.account(request))

    def route(self, request: Request) -> Route | None:
        """Return the route of the path; None where it is not in the contract."""
        if not request.path.startswith(self.prefix):
            return None
        match = self.match(request.path[len(self.prefix) :])
        return None if match is None else Route(match[1], match[2])

    def match(self, path: str) -> re.Match[str] | None:
        return _PATH.fullmatch(path)

    def operate(self, request: Request, route: Route, account: str) -> Answer:
        """Perform one of the three operations for an account."""
        if route.sid is None:
            return self.list_bindings(request, route, account)
        if request.method == "DELETE":
            return self.delete(request, route, account)
        return self.fetch(request, route, account)

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        self.check_no_parameters(request)
        service = self.service(request, route, account)
        binding = self.binding(request, route, service)
        return self.success(request, self.represent(request, service, binding))

    def delete(self, request: Request, route: Route, account: str) -> Answer:
        self.check_no_parameters(request)
        service = self.service(request, route, account)
        if not self.remove(service, route.sid or ""):
            raise self.not_found(request)
        return self.deletion(request)

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        wanted = self.wanted(request.query)
        service = self.service(request, route, account)
        page = self.page(service, wanted, self.position(service, wanted))
        return self.success(request, self.listed(request, service, wanted, page))

    def listed(self, request: Request, service: str, wanted: Wanted, page: Page) -> Any:
        """Return the content of a list."""
        bindings = [self.represent(request, service, each) for each in page.bindings]
        return {"meta": self.meta(request, service, wanted, page), "bindings": bindings}

    # --- what is stored

    def service(self, request: Request, route: Route, account: str) -> str:
        """Return the SID of the service that the path names, if it is the account's."""
        if self.owners.get(route.service, account) != account:
            raise self.foreign(request)
        if route.service not in self.owners:
            raise self.not_found(request)
        return route.service

    def foreign(self, request: Request) -> Refusal:
        """Return the error for another account's resource."""
        return self.not_found(request)

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        found = self.find(service, route.sid or "")
        if found is None:
            raise self.not_found(request)
        return found

    def find(self, service: str, sid: str) -> Binding | None:
        with self.lock:
            return self.services[service].get(sid)

    def remove(self, service: str, sid: str) -> bool:
        """Delete a Binding, and tell whether it was there."""
        with self.lock:
            return self.services[service].pop(sid, None) is not None

    def stored(self, service: str) -> list[Binding]:
        """Return the Bindings of a service, in any order."""
        with self.lock:
            return list(self.services[service].values())

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        """Return the Bindings that match the filters, in order."""
        return sorted((each for each in self.stored(service) if self.is_wanted(each, wanted)), key=self.sort_key)

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        if wanted.types and binding["binding_type"] not in wanted.types:
            return False
        return not wanted.identities or binding["identity"] in wanted.identities

    # --- credentials

    def account(self, request: Request) -> str:
        """Return the SID of the account that a request is from."""
        user, password = self.credentials(request)
        account, secret = self.login(user)
        if not self.is_secret(secret, password):
            raise self.unauthorized()
        return account

    def credentials(self, request: Request) -> tuple[str, str]:
        """Return user name and password."""
        match = _BASIC.fullmatch(request.headers.get("authorization"))
        if match is None:
            raise self.unauthorized()
        try:
            text = base64.b64decode(match[1], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise self.unauthorized() from None
        user, colon, password = text.partition(":")
        if not colon:
            raise self.unauthorized()
        return user, password

    def login(self, user: str) -> tuple[str, str]:
        """Return the account's SID and the secret of a user name."""
        if user not in self.logins:
            raise self.unknown_user()
        return self.logins[user]

    def unknown_user(self) -> Refusal:
        return self.unauthorized()

    def is_secret(self, secret: str, password: str) -> bool:
        return hmac.compare_digest(secret.encode(), password.encode())

    # --- pages

    def sort_key(self, binding: Binding) -> list[Any]:
        """Return a list's sort key: JSON, and different for every Binding."""
        return [binding["sid"]]

    def position(self, service: str, wanted: Wanted) -> Position:
        """Return the start or end of a page: `after` or `before`, and a sort key; None for the first page."""
        if wanted.token is None:
            return None
        bound, direction, key = self.open(wanted.token)
        if bound != self.bound_to(service, wanted):
            raise self.bad("PageToken is not one of this list.")
        return direction, key

    def bound_to(self, service: str, wanted: Wanted) -> Any:
        """Return the scope of a token, as JSON."""
        return service

    def token(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> str:
        return self.seal([self.bound_to(service, wanted), direction, self.sort_key(binding)])

    def seal(self, content: Any) -> str:
        text = json.dumps(content, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self.signature(text) + text).decode().rstrip("=")

    def open(self, token: str) -> Any:
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise self.bad("PageToken must be taken from a page URL.") from None
        signature, text = raw[:32], raw[32:]
        if not hmac.compare_digest(signature, self.signature(text)):
            raise self.bad("PageToken must be taken from a page URL.")
        return json.loads(text)

    def signature(self, text: bytes) -> bytes:
        return hmac.digest(self.secret, text, hashlib.sha256)

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        found = self.matching(service, wanted)
        start = self.start(found, wanted, position)
        shown = found[start : start + wanted.page_size]
        return Page(shown, bool(shown) and start > 0, start + len(shown) < len(found))

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        """Return the index at which the page begins."""
        if position is None:
            return 0
        direction, key = position
        if direction == "after":
            return sum(self.sort_key(each) <= key for each in found)
        return max(sum(self.sort_key(each) < key for each in found) - wanted.page_size, 0)

    # --- what is shown

    def represent(self, request: Request, service: str, binding: Binding) -> dict[str, Any]:
        url = self.service_url(request, service)
        return {
            "sid": binding["sid"],
            "account_sid": self.owners[service],
            "service_sid": service,
            "date_created": binding["date_created"],
            "date_updated": binding["date_updated"],
            "endpoint": binding["endpoint"],
            "identity": binding["identity"],
            "binding_type": binding["binding_type"],
            "credential_sid": binding["credential_sid"],
            "message_types": list(binding["message_types"]),
            "url": f"{url}/Bindings/{binding['sid']}",
            "links": {"user": f"{url}/Users/{self.identity_in_path(binding['identity'])}"},
        }

    def identity_in_path(self, identity: str) -> str:
        return quote(identity, safe="")

    def base_url(self, request: Request) -> str:
        """Return scheme and host of the request, and the prefix."""
        host = request.headers.get("host")
        return f"http://{host if _HOST.fullmatch(host) else 'localhost'}{self.prefix}"

    def service_url(self, request: Request, service: str) -> str:
        return f"{self.base_url(request)}/v2/Services/{service}"

    def meta(self, request: Request, service: str, wanted: Wanted, page: Page) -> dict[str, Any]:
        def url(number: int, token: str | None) -> str:
            return self.page_url(request, service, wanted, number, token)

        def neighbour(number: int, direction: str, index: int) -> str:
            return url(number, self.token(service, wanted, direction, page.bindings[index]))

        following = min(wanted.page + 1, LARGEST_PAGE)
        return {
            "page": wanted.page,
            "page_size": wanted.page_size,
            "first_page_url": url(0, None),
            "previous_page_url": neighbour(max(wanted.page - 1, 0), "before", 0) if page.has_previous else None,
            "url": url(wanted.page, wanted.token),
            "next_page_url": neighbour(following, "after", -1) if page.has_next else None,
            "key": "bindings",
        }

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        query = [("BindingType", each) for each in wanted.types]
        query += [("Identity", each) for each in wanted.identities]
        query += [("PageSize", str(wanted.page_size)), ("Page", str(number))]
        query += [] if token is None else [("PageToken", token)]
        text = "&".join(f"{name}={self.encode(value)}" for name, value in query)
        return f"{self.service_url(request, service)}/Bindings?{text}"

    def encode(self, value: str) -> str:
        return quote(value, safe="")
