"""An answer of the target, with the request that it answers."""

import json
import re
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .credentials import Credentials
from .violation import Violation, check, fail

MISSING: Any = object()
"""Stands for a property that is missing: no JSON value equals it."""

_MESSAGE, _URL = 160, 240
"""Characters that are shown of the message of an error, and of a URL."""

_SIDS = re.compile("[A-Z]{2}[0-9a-fA-F]{32}")

_IDENTITY = re.compile("Identity=[^&]*")

_PERSONAL = ("identity", "endpoint", "links")


@dataclass(frozen=True)
class Request:
    """A request, exactly as it is sent."""

    method: str
    url: str
    """Absolute, as it is sent; a raw byte that is no UTF-8 is a surrogate (`surrogateescape`)."""
    credentials: Credentials | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_odd: bool = False
    """Whether it is one that no client sends: how its refusal is worded is then the server's own affair."""
    scheme: str = ""
    """The authentication scheme as it is written, where that is not `Basic`."""

    @property
    def authorization(self) -> str:
        """The value of `Authorization` for its credentials; empty without any."""
        value = "" if self.credentials is None else self.credentials.header
        return value.replace("Basic", self.scheme, 1) if self.scheme else value

    @property
    def case(self) -> str:
        """A name for it in a list: the method, and the end of the path with the query, without identities."""
        path, mark, query = readable(self.url).partition("?")
        return f"{self.method} {path.rpartition('/')[2]}{mark}{_IDENTITY.sub('Identity=...', query)}"

    @property
    def curl(self) -> str:
        """The line of shell that repeats it; secrets are shell variables."""
        parts = ["curl -si --path-as-is --globoff"]
        if self.method != "GET":
            parts.append("-I" if self.method == "HEAD" else f"-X {self.method}")
        if self.credentials is not None:
            parts.append(self.credentials.curl_with(self.scheme) if self.scheme else self.credentials.curl)
        parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in self.headers]
        if self.body:
            parts.append(f"--data-binary {shlex.quote(self.body.decode())}")
        return " ".join([*parts, _quote(self.url)])


@dataclass(frozen=True)
class Answer:
    """An answer, complete and decoded."""

    request: Request
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    reason: str = ""
    """The reason why there is none, where it stands for an answer that did not come; its status is 0 then."""
    began: float = 0.0
    """The time at which its request was sent, by the clock of `time.monotonic`; 0 where that is not known."""

    @property
    def case(self) -> str:
        """Its request, to name it in a list."""
        return self.request.case

    @property
    def is_of_binding(self) -> bool:
        """Whether a single Binding was asked for, and not a list."""
        return "/Bindings/" in self.request.url.partition("?")[0]

    def all(self, name: str) -> list[str]:
        """Give the values of every header of a name (in lower case)."""
        return [value for header, value in self.headers if header == name]

    def header(self, name: str) -> str:
        """Give the value of a header, several joined by commas; empty when there is none."""
        return ", ".join(self.all(name))

    @property
    def media_type(self) -> str:
        """Its Content-Type without parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """Its body as JSON. Raises `Violation` when it is none."""
        try:
            return json.loads(self.body.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Violation("a body of JSON in UTF-8", f"{self.summary}; its body is not that", self) from error

    @property
    def object(self) -> dict[str, Any]:
        """Its body as a JSON object. Raises `Violation` when it is none."""
        found = self.json
        if not isinstance(found, dict):
            fail("a JSON object", f"{self.summary}; its body is a JSON {_kind(found)}", self)
        return found

    @cached_property
    def summary(self) -> str:
        """Describe the answer in a few words, without personal data."""
        if not self.status:
            return f"no answer{': ' if self.reason else ''}{self.reason}"
        text = f"status {self.status}"
        if not self.body:
            return f"{text} without a body"
        text = f"{text}, {self.media_type or 'no Content-Type'}, {len(self.body)} bytes"
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return text
        if isinstance(found, dict) and "code" in found:
            message = found.get("message", MISSING)
            said = f", message {_short(message, _MESSAGE)}" if isinstance(message, str) else ""
            return f"{text}, code {_short(found['code'])}{said}"
        if isinstance(found, dict) and isinstance(found.get("bindings"), list):
            return f"{text}, a list of {len(found['bindings'])} Bindings"
        return text

    @property
    def summary_of_error(self) -> str:
        """Status, code and message of an error, without what it says of its request; empty for any other answer."""
        if self.status and self.status < 400:
            return ""
        if not self.status:
            return f"no answer: {self.reason}" if self.reason else ""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return f"status {self.status}, {self.media_type or 'no Content-Type'}"
        if not isinstance(found, dict):
            return f"status {self.status}"
        message = _SIDS.sub("(SID)", str(found.get("message", "")))
        return (
            f"status {self.status}, code {describe(found.get('code', MISSING))}, message {describe(message, _MESSAGE)}"
        )

    def has_status(self, *expected: int) -> "Answer":
        """Itself, when it has one of some statuses. Raises `Violation` otherwise."""
        check(self.status in expected, f"status {' or '.join(map(str, expected))}", self.summary, self)
        return self

    def has_code(self, code: int) -> "Answer":
        """Itself, when its body is an error with this code. Raises `Violation` otherwise."""
        found = self.object.get("code", MISSING)
        check(
            is_integer(found) and found == code,
            f"code {code}",
            f"{self.summary}{', no code' if found is MISSING else ''}",
            self,
        )
        return self

    @property
    def bindings(self) -> list[dict[str, Any]]:
        """The items of a list. Raises `Violation` when it is not 200 or holds no list of objects."""
        self.has_status(200)
        found = self.object.get("bindings", MISSING)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            fail("`bindings`, an array of objects", f"{self.summary}, and no such array", self)
        return found

    @property
    def sids(self) -> list[Any]:
        """The SIDs of a list's items."""
        return [item.get("sid") for item in self.bindings]

    @property
    def meta(self) -> dict[str, Any]:
        """The `meta` of a list. Raises `Violation` when there is none."""
        self.has_status(200)
        found = self.object.get("meta", MISSING)
        if not isinstance(found, dict):
            fail("`meta`, an object", f"{self.summary}, and no such object", self)
        return found

    def url(self, name: str) -> str | None:
        """Give a page URL of `meta`, or None where it is null or left out. Raises `Violation` when it is no text."""
        found = self.meta.get(name)
        if found is not None and not isinstance(found, str):
            fail(f"`meta.{name}`, a URL or null", f"a JSON {_kind(found)}", self)
        return found


def readable(url: str) -> str:
    """Write the raw bytes of a URL that are no UTF-8 as `\\xff`."""
    return url.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _quote(url: str) -> str:
    """Quote a URL for the shell: as Bash writes bytes, where it has some that are no UTF-8."""
    if readable(url) == url:
        return shlex.quote(url)
    escaped = url.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{readable(escaped)}'"


def is_integer(value: object) -> bool:
    """Whether a JSON value is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def describe(value: object, length: int = 80) -> str:
    """Give a JSON value without personal data, cut to so many characters."""
    if value is MISSING:
        return "missing"
    is_simple = value is None or isinstance(value, (str, bool, int, float))
    return _short(value, length) if is_simple else f"a JSON {_kind(value)}"


def describe_url(url: str | None) -> str:
    """Give a URL of the target, cut to some length; null for None."""
    return describe(url, _URL)


def describe_property(name: str, value: object, wanted: object = MISSING) -> str:
    """Give a property's value; where it is personal data, its length, and where it differs."""
    if name not in _PERSONAL:
        return describe(value) if not isinstance(value, list) else _short(value)
    if not isinstance(value, str):
        return "missing" if value is MISSING else f"a JSON {_kind(value)}"
    text = f"a text of {len(value)} characters"
    if not isinstance(wanted, str) or value == wanted:
        return text
    place = next((number for number, (a, b) in enumerate(zip(value, wanted, strict=False)) if a != b), None)
    if place is None:
        place = min(len(value), len(wanted))
    return f"{text}, which differs from character {place + 1} on"


def _short(value: object, length: int = 80) -> str:
    if value is MISSING:
        return "missing"
    text = json.dumps(value)
    return text if len(text) <= length else f"{text[:length]}..."


def _kind(value: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
