"""Values of the world that fuzzing sends in the place of made-up ones, and requests that it must not send."""

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..run import Run
from ..target import origin

PLAN = "CHAT_BINDINGS_FUZZ_PLAN"
"""The environment variable that names the file with the plan."""

AUTHORIZATION = "CHAT_BINDINGS_FUZZ_AUTHORIZATION"
"""The environment variable with the value of `Authorization`."""

_SID = re.compile(r"(?:IS|BS)[0-9a-f]{32}")
_SERVICE_SID = re.compile("is[0-9a-f]{32}")
_BINDING_SID = re.compile("(?=(bs[0-9a-f]{32}))")
_PAGE_URL = re.compile(r'"(?:next|previous)_page_url"\s*:\s*"([^"]*)"')
_READING = ("GET", "HEAD", "OPTIONS")
_SERVICES, _BINDINGS, _IDENTITIES, _TOKENS = 10, 100, 100, 50


class Forbidden(Exception):
    """A request that fuzzing must not make."""


@dataclass(frozen=True)
class FuzzPlan:
    """Values that are real at the target."""

    base_url: str
    services: dict[str, list[str]]
    """Binding SIDs by the SID of their service."""
    identities: list[str]
    tokens: list[str]

    @classmethod
    def of(cls, run: Run) -> "FuzzPlan":
        """Values of account A: of the world, and page tokens that the target gave."""
        gone = {*run.report.deletable, *run.target.deleted}
        filled = [service for service in run.world.account.services if service.bindings][:_SERVICES]
        services = {
            service.sid: _some([each.sid for each in service.bindings if each.sid not in gone], _BINDINGS)
            for service in filled
        }
        identities = sorted({identity for service in filled for identity in _some(service.identities, _IDENTITIES)})
        return cls(run.target.base_url, services, _some(identities, _IDENTITIES), _some(_tokens(run), _TOKENS))

    def as_json(self) -> dict[str, Any]:
        """Give the plan as the child reads it."""
        return asdict(self)

    @property
    def prefix(self) -> str:
        """The prefix of every path, before `/v2`."""
        return urlsplit(self.base_url).path


class Substitutes:
    """Puts values of the plan in the place of made-up ones. Which one follows from the made-up value alone."""

    def __init__(self, plan: FuzzPlan) -> None:
        self.plan = plan
        self._absent: set[str] = set()

    def path(self, method: str, parameters: Mapping[str, Any], *, always: bool = False) -> dict[str, Any]:
        """Path parameters: SIDs that are there for GET, mostly or always, and for everything else SIDs that are not."""
        if method in _READING:
            return self._there(parameters, always=always)
        return self._not_there(parameters)

    def query(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """Make a query: a user of the world as the first of a filter, and tokens that the target gave, now and then."""
        found = dict(query)
        identities = found.get("Identity")
        if self.plan.identities and isinstance(identities, list) and identities and isinstance(identities[0], str):
            found["Identity"] = [_pick(self.plan.identities, identities[0]), *identities[1:]]
        token = found.get("PageToken")
        if self.plan.tokens and isinstance(token, str) and token and _number(token) % 2:
            found["PageToken"] = _pick(self.plan.tokens, token)
        return found

    def check(self, method: str, url: str) -> None:
        """Raise `Forbidden` for another origin, and, unless it only reads, for any SID but those made up here."""
        if origin(url) != origin(self.plan.base_url):
            raise Forbidden("a request to another origin")
        if method not in _READING and not self._absent.issuperset(binding_sids(url)):
            raise Forbidden(f"a {method} with a SID that may be there")

    def _there(self, parameters: Mapping[str, Any], *, always: bool) -> dict[str, Any]:
        found = dict(parameters)
        number = _number(sorted((name, str(value)) for name, value in found.items()))
        if not self.plan.services or (number % 10 == 0 and not always):
            return found
        service = _pick(sorted(self.plan.services), number)
        if _SID.fullmatch(str(found.get("ServiceSid"))):
            found["ServiceSid"] = service
        if _SID.fullmatch(str(found.get("Sid"))) and self.plan.services[service]:
            found["Sid"] = _pick(self.plan.services[service], number)
        return found

    def _not_there(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(parameters)
        if "Sid" in found and binding_sids(str(found["Sid"])):
            found["Sid"] = self._made_up("BS", found["Sid"])
            if self.plan.services and _SID.fullmatch(str(found.get("ServiceSid"))):
                return found | {"ServiceSid": _pick(sorted(self.plan.services), found["Sid"])}
        # what names no Binding could be taken for all those of the service
        if _SERVICE_SID.search(unquote(str(found.get("ServiceSid"))).lower()):
            found["ServiceSid"] = self._made_up("IS", found["ServiceSid"])
        return found

    def _made_up(self, prefix: str, value: object) -> str:
        """Make a SID that nobody has: a hash."""
        sid = prefix + hashlib.sha256(f"chat-bindings {value}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._absent.add(sid.lower())
        return sid


def binding_sids(text: str) -> set[str]:
    """Give what a server could read as the SID of a Binding, in lower case, however often it decodes."""
    found: set[str] = set()
    for _ in range(3):
        found.update(_BINDING_SID.findall(text.lower()))
        text = unquote(text)
    return found


def _tokens(run: Run) -> list[str]:
    tokens: dict[str, None] = {}
    for answer in run.target.seen:
        if answer.status == HTTPStatus.OK and answer.request.credentials == run.world.credentials:
            for url in _PAGE_URL.findall(answer.body.decode("utf-8", "replace")):
                tokens.update(dict.fromkeys(parse_qs(urlsplit(url).query).get("PageToken", [])))
    return list(tokens)


def _some(values: Any, count: int) -> list[Any]:
    """At most so many of some values, spread over them."""
    found = list(values)
    return found[:: max(-(-len(found) // count), 1)]


def _pick(values: list[str], value: object) -> str:
    return values[_number(value) % len(values)]


def _number(value: object) -> int:
    return zlib.crc32(repr(value).encode("utf-8", "surrogatepass"))
