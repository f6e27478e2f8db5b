"""Servers that are right but different: each uses what a server may choose (design.md, section 3).

Those that choose something of the connection stand in `different_network.py`.
"""

import base64
import calendar
import hashlib
import json
import random
import re
import secrets
import string
import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from .bases import after, around, change, first, instead
from .http import Answer, Request
from .right import After, Before, Binding, Caught, Page, Position, Refusal, Right, Route, Wanted

_ROW = re.compile(r"-?[0-9]{1,9}")
_OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"


class NewestFirst(Right):
    """It lists the newest Binding first, and its tokens are encrypted: no two of them look alike."""

    def sort_key(self, binding: Binding) -> list[Any]:
        created = calendar.timegm(time.strptime(binding["date_created"], "%Y-%m-%dT%H:%M:%SZ"))
        return [-created, binding["sid"]]

    def seal(self, content: Any) -> str:
        plain = super().seal(content).encode()
        seed = hashlib.sha256(plain).digest()[:8]
        return base64.urlsafe_b64encode(seed + self._cipher(seed, plain)).decode()

    def open(self, token: str) -> Any:
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
            return super().open(self._cipher(raw[:8], raw[8:]).decode("ascii"))
        except ValueError:
            raise self.bad("PageToken must be taken from a page URL.") from None

    def _cipher(self, seed: bytes, text: bytes) -> bytes:
        stream = hashlib.shake_256(self.secret + seed).digest(len(text))
        return bytes(one ^ other for one, other in zip(text, stream, strict=True))


class OrderedByAHash(Right, sort_key=lambda binding: [hashlib.sha256(binding["sid"].encode()).hexdigest()]):
    """It lists in the order of a hash, as a store does that spreads its rows over partitions."""


class UnderAPrefix(Right, prefix="/some/prefix"):
    """It lives under a prefix of a gateway, in its base URL and in all URLs that it gives."""


class OnAPublicHost(Right, base_url=lambda self, request: f"https://chat.example.test{self.prefix}"):
    """All URLs that it gives are those of its public host, whatever host was asked."""


class BehindAGateway(Right, base_url=lambda self, request: f"https://gateway.example.test/chat{self.prefix}"):
    """Its URLs are those of a public host on which it has a prefix, though it is asked on another without one."""


class RowNumbersForTokens(Right):
    """Its tokens are numbers of rows, below zero where they lead back: what some clients would guess is one."""

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        sids = [sid for service in self.services.values() for sid in service]
        self.rows = {sid: number for number, sid in enumerate(sids, 1)}

    def sort_key(self, binding: Binding) -> list[Any]:
        return [self.rows[binding["sid"]]]

    def token(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> str:
        row = self.rows[binding["sid"]]
        return str(row if direction == "after" else -row)

    def position(self, service: str, wanted: Wanted) -> Position:
        if wanted.token is None:
            return None
        if not _ROW.fullmatch(wanted.token):
            raise self.bad("PageToken must be taken from a page URL.")
        row = int(wanted.token)
        return ("after", [row]) if row >= 0 else ("before", [-row])


class ExtraFields(Right):
    """Its errors have `details` and `request_id` beside the four properties, and `meta` has `total` and `count`.

    The messages of its errors name the request, so that no two are the same.
    """

    def error_content(self, refusal: Refusal) -> Any:
        content = super().error_content(refusal)
        message = f"{content['message']} (Request {secrets.token_hex(4)})"
        return content | {"message": message, "details": {}, "request_id": None, "user_error": True}

    def meta(self, request: Request, service: str, wanted: Wanted, page: Page) -> dict[str, Any]:
        counts = {"total": len(self.matching(service, wanted)), "count": len(page.bindings)}
        return counts | super().meta(request, service, wanted, page)


def _shuffle(values: list[str]) -> list[str]:
    return random.sample(values, len(values))


class PrettyPrinted(Right, represent=change(message_types=_shuffle)):
    """Its JSON is indented, sorted by key and ASCII (backslash-u escapes); message types come in any order."""

    content_type = "application/json; charset=UTF-8"

    def dump(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=True, indent=4, sort_keys=True).encode() + b"\n"


class Lenient(Right, match=Before(lambda path: path.removesuffix("/")), token_given=lambda text: text or None):
    """It takes SIDs in either case of hex digits, `PageSize=05`, an empty PageToken and Identity, a slash at the end.

    HEAD is a method that it does not have.
    """

    def route(self, request: Request) -> Route | None:
        found = super().route(request)
        if found is None:
            return None
        return Route(_lower(found.service), None if found.sid is None else _lower(found.sid))

    def dispatch(self, request: Request) -> Answer:
        route = self.route(request)
        if route is not None and request.method == "HEAD":
            raise self.not_allowed(request, route)
        return super().dispatch(request)

    def allowed(self, route: Route) -> str:
        return ", ".join(method for method in route.methods if method != "HEAD")

    def integer(self, text: str) -> int | None:
        return super().integer(text.lstrip("0") or "0") if text else None

    def identities(self, values: list[str]) -> tuple[str, ...]:
        return super().identities([value or _UNREADABLE for value in values])


def _lower(sid: str) -> str:
    return sid[:2] + sid[2:].lower()


class BrokenTextMatchesNothing(Right, decode=Caught(lambda refusal: _UNREADABLE)):
    """Broken percent-encoding, bad UTF-8 and a NUL in a filter are no error: they match nothing."""

    def identities(self, values: list[str]) -> tuple[str, ...]:
        return super().identities([_UNREADABLE if "\0" in value else value for value in values])

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        return binding["identity"] != _UNREADABLE and super().is_wanted(binding, wanted)


@around(Right.decode)
def broken_text_is404(right):
    """Broken percent-encoding, bad UTF-8 and a NUL are 404, as from a proxy that cannot read the URL."""
    with suppress(Refusal):
        if "\0" not in (decoded := right()):
            return decoded
    raise Refusal(404, 20404, "The requested resource was not found.")


@first(Right.dispatch)
def routes_before_it_asks(self, request):
    """Paths and methods that are not in the contract are 404 and 405 for everybody, without credentials too.

    There is more than the contract has: its version, its services, and another version of them.
    """
    if request.path in ("/v2", "/v2/Services", "/v3/Services"):
        return self.success(request, {"services": []})
    route = self.route(request)
    if route is None:
        raise self.not_found(request)
    if request.method not in route.methods or (request.method == "OPTIONS" and not self.is_preflight(request)):
        raise self.not_allowed(request, route)
    return None


@first(Right.dispatch)
def asks_before_it_routes(self, request):
    """Everything but a preflight is 401 without credentials, also what the contract does not have."""
    if not self.is_preflight(request):
        self.account(request)


class FirstOfAScalar(Right, scalar=lambda values: values[0] if values else None):
    """Of a PageSize, Page or PageToken that is sent more than once, the first one counts."""


@instead(Right.bound_to)
def bound_tokens(service, wanted):
    """A token is good for the filters and the page size that it came with: with others it is 400."""
    return [service, sorted(set(wanted.types)), sorted(set(wanted.identities)), wanted.page_size]


class TenValues(Right, most_values=10):
    """A filter takes ten values, and no eleventh."""


@instead(Right.identity_in_path)
def encodes_all_but_letters_and_digits(identity):
    """In `links.user` all but ASCII letters and digits is percent-encoded: `.`, `-`, `_` and `~` too."""
    plain = (string.ascii_letters + string.digits).encode()
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in identity.encode())


@instead(Right.identity_in_path)
def encodes_as_java_script(identity):
    """`links.user` is made by encodeURIComponent, and `! * ' ( )`, which that leaves alone, are encoded as well."""
    text = quote(identity, safe="!*'()~-_.")
    return re.sub(r"[!*'()]", lambda found: f"%{ord(found[0]):02X}", text)


def _lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


class LowerCaseEscapes(
    Right, encode=After(lambda right: _lower_escapes(right).replace("%20", "+")), identity_in_path=After(_lower_escapes)
):
    """Percent-encoding is written with lower-case digits in its URLs, and a space in a page URL is a `+`."""


@instead(Right.integer)
def reads_integers_as_python(text):
    """`int(value)` takes spaces around the digits, underscores between them, a plus, and digits of every script."""
    try:
        return int(text) if int(text) >= 0 else None
    except ValueError:
        return None


@instead(Right.integer)
def coerces_integers(text):
    """A JSON Schema validator coerces what JavaScript's `Number` reads as an integer: `5.0`, `1e1`, `0x10`, ` 5 `."""
    stripped = text.strip()
    if re.fullmatch("0x[0-9a-f]{1,8}", stripped):
        return int(stripped, 16)
    if not re.fullmatch(r"\+?[0-9]{1,20}(\.[0-9]*)?(e[0-9]{1,2})?", stripped):
        return None
    value = float(stripped) if re.search("[.e]", stripped) else int(stripped)
    return int(value) if value == int(value) else None


class BrokenEscapesStay(Right, decode=Before(lambda text: re.sub("%(?![0-9A-Fa-f]{2})", "%25", text))):
    """What is no escape stays as it is, as WHATWG's, Python's and Rack's decoders have it: `%zz` is a user's name."""


class KeepsWhatASegmentMayHave(Right, identity_in_path=lambda identity: quote(identity, safe="!$&'()*+,;=:@~")):
    """`links.user` keeps the characters that RFC 3986 lets stand in a segment, and encodes the others."""


class UpperCaseRequestIds(Right, request_id=lambda request: f"RQ{secrets.token_hex(16).upper()}"):
    """The digits of its request ids are in upper case, as `%X` and .NET's `Convert.ToHexString` write them."""


@after(Right.represent)
def more_links(shown, self, request, service):
    """`links` has more than the user: the URLs of the service and of the Binding itself."""
    url = self.service_url(request, service)
    return shown | {"links": shown["links"] | {"self": shown["url"], "service": url, "none": None}}


@after(Right.decode, base=BrokenEscapesStay)
def decodes_unicode_escapes(right):
    """Its decoder knows `%u0041` as well, as that of .NET Framework and IIS does; any other broken escape stays."""
    return re.sub("%u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), right)


@first(Right.dispatch)
def behind_a_firewall(request):
    """A firewall before it answers 403 to control characters in paths, to NULs, and to DELETE as an override."""
    is_override = any(request.headers.get(name) == "DELETE" for name in _OVERRIDES) and request.method != "DELETE"
    if is_override or re.search("%0[0-9AD]", request.path, re.IGNORECASE) or "%00" in request.query:
        raise Refusal(403, 20403, "The request was taken for an attack.")


class AllowsTrace(Right, allowed=After(lambda right: f"{right}, HEAD, OPTIONS, TRACE")):
    """Its Allow lists HEAD, OPTIONS and TRACE as well, as that of servlet containers does."""
