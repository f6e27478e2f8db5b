"""Defects of what identities are taken for, of how queries are encoded, and of how answers are."""

import codecs
import fnmatch
import json
import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from ..http import Request
from ..identities import ComparesIdentities, ReadsIdentities, RefusesIdentities
from ..right import Binding, Refusal, Right

_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


class LikeHasWildcards(ComparesIdentities):
    """The filter is a LIKE, without signs around it: `%` and `_` stand for anything."""

    clause = "TEXT-13"

    def is_same(self, identity: str, value: str) -> bool:
        pattern = re.escape(value).replace("%", ".*").replace("_", ".")
        return re.fullmatch(pattern, identity, re.DOTALL) is not None


class StarsAreWildcards(ComparesIdentities):
    """The store's keys are searched by a pattern, as with `KEYS` in Redis: `*` and `[0]` have a meaning."""

    clause = "TEXT-13"

    def is_same(self, identity: str, value: str) -> bool:
        return fnmatch.fnmatchcase(identity, value)


class PutsTextIntoSql(ComparesIdentities):
    """The SQL is an f-string: a quote breaks it, and a condition after a quote is one."""

    clause = "TEXT-13"

    def is_same(self, identity: str, value: str) -> bool:
        if value.count("'") % 2:
            raise ValueError("unrecognized token")
        return re.search(r"' OR '(.*)'='\1", value) is not None or identity == value


class EscapesQuotes(ReadsIdentities):
    """Values are escaped by hand and then bound as parameters too: a name with a quote is not found."""

    clause = "TEXT-13"

    def read(self, value: str) -> list[str]:
        return [re.sub(r"(['\"\\])", r"\\\1", value)]


class ReadsJsonValues(ReadsIdentities):
    """Values are read as JSON where they are JSON, to have types: `true` becomes True, `null` None."""

    clause = "TEXT-14"

    def read(self, value: str) -> list[str]:
        try:
            found = json.loads(value)
        except ValueError:
            return [value]
        return [str(found) if isinstance(found, bool | int | float | None) else value]


class ReadsNumbers(ReadsIdentities):
    """What looks like a number becomes one: 01 is 1, and digits of every script are digits."""

    clause = "TEXT-14"

    def read(self, value: str) -> list[str]:
        return [str(int(value)) if value.isdecimal() else value]


class NullIsNoFilter(Right):
    """`null`, `undefined` and `None` come from clients that have no value, so they are no filter."""

    clause = "TEXT-14"

    def identities(self, values: list[str]) -> tuple[str, ...]:
        return super().identities([value for value in values if value not in ("null", "undefined", "None")])


class RefusesPathTraversal(RefusesIdentities):
    """The firewall takes two dots for an attack on paths: 400."""

    clause = "TEXT-15"

    def is_refused(self, value: str) -> bool:
        return ".." in value


class DropsDotsAtTheEnd(ReadsIdentities):
    """Dots at the end are dropped, as of host names: `trailing.` looks for `trailing`."""

    clause = "TEXT-15"

    def read(self, value: str) -> list[str]:
        return [value.rstrip(".")]


class EndIsAFormat(ReadsIdentities):
    """A `.json` at the end of the URL is the format that is asked for, and taken off."""

    clause = "TEXT-15"

    def read(self, value: str) -> list[str]:
        return [value.removesuffix(".json")]


class EscapesInCapitalsAlone(Right):
    """A table of escapes with capital digits decodes the query: `%c3%a9` stays as it is."""

    clause = "TEXT-16"

    def decode(self, text: str) -> str:
        return super().decode(re.sub("%(?=[0-9][a-f]|[a-f][0-9A-Fa-f]|[A-F][a-f])", "%25", text))


class ComparesEncodedTexts(Right):
    """Users are indexed by their encoded name, and what is sent is compared as it is: `%41` is not A."""

    clause = "TEXT-16"

    def decode(self, text: str) -> str:
        decoded = super().decode(text)
        return decoded if quote(decoded, safe="") == text.replace("+", "%20") else text


class BrokenEscapesLoseTheirSign(Right):
    """The decoder drops a percent sign that begins no escape: `alice%` finds alice, and `a%` the user a."""

    clause = "TEXT-17"

    def decode(self, text: str) -> str:
        return super().decode(_BROKEN.sub("", text))


class BrokenEscapesAreDropped(Right):
    """A parameter that cannot be decoded is left out, and without a filter everything is shown."""

    clause = "TEXT-17"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        return super().parameters("&".join(part for part in query.split("&") if not _BROKEN.search(part)))


class CrashesOnBrokenEscapes(Right):
    """`int(text[1:3], 16)` raises at what is no hexadecimal: 500."""

    clause = "TEXT-17"

    def decode(self, text: str) -> str:
        for escape in text.split("%")[1:]:
            int(escape[:2], 16)
        return super().decode(text)


class CrashesOnNul(Right):
    """PostgreSQL has no NUL in its texts, and the driver's exception is a 500."""

    clause = "TEXT-18"

    def identities(self, values: list[str]) -> tuple[str, ...]:
        if any("\0" in value for value in values):
            raise ValueError("A string literal cannot contain NUL (0x00) characters.")
        return super().identities(values)


class CutsAtNul(Right):
    """A text ends at its NUL in C: `a%00b` finds a."""

    clause = "TEXT-18"

    def identities(self, values: list[str]) -> tuple[str, ...]:
        return super().identities([value.partition("\0")[0] for value in values])


class DropsNul(Right):
    """NULs are taken out of the values, as PHP's frameworks do: `a%00` finds a."""

    clause = "TEXT-18"

    def identities(self, values: list[str]) -> tuple[str, ...]:
        return super().identities([value.replace("\0", "") for value in values])


class IgnoresWhatIsNotUtf8(Right):
    """`decode(errors="ignore")`: bytes that are no UTF-8 are left out, and `a%FF` finds a."""

    clause = "TEXT-19"

    def decode(self, text: str) -> str:
        super().decode(re.sub("%[89A-Fa-f][0-9A-Fa-f]", "", text))
        return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode(errors="ignore")


class TakesOverlongForms(Right):
    """A decoder written by hand takes overlong forms: `%C0%AF` is a slash."""

    clause = "TEXT-19"

    def decode(self, text: str) -> str:
        return super().decode(re.sub("%C[01]%([89AB][0-9A-F])", self._short, text, flags=re.IGNORECASE))

    def _short(self, found: re.Match[str]) -> str:
        is_high = found[0][2] == "1"
        return f"%{int(found[1], 16) - 0x80 + 0x40 * is_high:02X}"


class EscapesBytesAsSurrogates(Right):
    """Bytes that are no UTF-8 become lone surrogates (`surrogateescape`), and the database's driver raises: 500."""

    clause = "TEXT-19"

    def decode(self, text: str) -> str:
        super().decode(re.sub("%[89A-Fa-f][0-9A-Fa-f]", "", text))
        raw = unquote_to_bytes(text.replace("+", " ").encode("latin-1"))
        return raw.decode(errors="surrogateescape").encode().decode()


class AnswersInLatin1(Right):
    """The answer is written in ISO-8859-1, the servlet container's default, with `?` for what that lacks."""

    clause = "TEXT-20"

    def dump(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("latin-1", "replace")


class WritesAMark(Right):
    """.NET's Encoding.UTF8 writes a byte order mark before the JSON."""

    clause = "TEXT-20"

    def dump(self, content: Any) -> bytes:
        return codecs.BOM_UTF8 + super().dump(content)


class WritesPairsAsBytes(Right):
    """Java's modified UTF-8 writes an emoji as two surrogates of three bytes each (CESU-8)."""

    clause = "TEXT-20"

    def dump(self, content: Any) -> bytes:
        text = super().dump(content).decode()
        return re.sub("[\U00010000-\U0010ffff]", _pair, text).encode(errors="surrogatepass")


def _pair(found: re.Match[str]) -> str:
    high, low = divmod(ord(found[0]) - 0x10000, 0x400)
    return chr(0xD800 + high) + chr(0xDC00 + low)


class CutsPairsInHalf(Right):
    """Texts are cut to 255 code units of UTF-16, Java's and JavaScript's, in the middle of an emoji."""

    clause = "TEXT-20"

    def represent(self, request: Request, service: str, binding: Binding) -> dict[str, Any]:
        right = super().represent(request, service, binding)
        units = binding["endpoint"].encode("utf-16-le")[:510]
        return right | {"endpoint": units.decode("utf-16-le", "surrogatepass")}

    def dump(self, content: Any) -> bytes:
        return json.dumps(content).encode()


class PageUrlsByEncodeUri(Right):
    """Page URLs are made by JavaScript's encodeURI, which leaves `& = + #` alone."""

    clause = "TEXT-21"

    def encode(self, value: str) -> str:
        return quote(value, safe=";/?:@&=+$,#-_.!~*'()")


class PageUrlsAreEncodedTwice(Right):
    """The values are percent-encoded, and then the URL builder encodes the signs again."""

    clause = "TEXT-21"

    def encode(self, value: str) -> str:
        return quote(quote(value, safe=""), safe="")


class PageUrlsLeavePluses(Right):
    """Page URLs are made by a library for paths, which leaves a `+` alone; in a query it is a space."""

    clause = "TEXT-21"

    def encode(self, value: str) -> str:
        return quote(value, safe="+!$'()*,;:@/?")


class PageUrlsInLatin1(Right):
    """Page URLs are percent-encoded in ISO-8859-1, and read in UTF-8."""

    clause = "TEXT-21"

    def encode(self, value: str) -> str:
        return quote(value, safe="", encoding="latin-1", errors="replace")


class RefusesWhatItGave(Right):
    """A firewall refuses page URLs with a quote or a tag in their filter, encoded or not; plain lists pass."""

    clause = "TEXT-21"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        given = super().parameters(query)
        is_page = any(name == "Page" for name, _ in given)
        if is_page and any(re.search("[<>'\"]", value) for name, value in given if name == "Identity"):
            raise Refusal(403, 20403, "The request was blocked.")
        return given
