"""Defects of how identities are read and compared."""

import html
import re
import unicodedata
from urllib.parse import unquote, unquote_to_bytes

from ..http import Answer, Request
from ..identities import FoldsIdentities, ReadsIdentities, RefusesIdentities
from ..right import Refusal, Right


class SplitsAtCommas(ReadsIdentities):
    """A filter is a list with commas between its values, as in many APIs: `a,b` is a or b."""

    clause = "TEXT-01"

    def read(self, value: str) -> list[str]:
        return value.split(",")


class AlsoSplitsAtCommas(ReadsIdentities):
    """An identity with commas is looked for as a whole and in parts, to please everybody."""

    clause = "TEXT-01"

    def read(self, value: str) -> list[str]:
        return [value, *value.split(",")]


class IgnoresCase(FoldsIdentities):
    """The column's collation ignores case, MySQL's default: `TestUser` finds `TESTUSER`."""

    clause = "TEXT-02"

    def fold(self, identity: str) -> str:
        return identity.casefold()


class MakesTheFilterSmall(ReadsIdentities):
    """What is asked for is made small, as e-mail addresses are; what is stored is not."""

    clause = "TEXT-02"

    def read(self, value: str) -> list[str]:
        return [value.lower()]


class IgnoresTheCaseOfAscii(FoldsIdentities):
    """SQLite's COLLATE NOCASE: ASCII letters are compared without their case, all others with it."""

    clause = "TEXT-02"

    def fold(self, identity: str) -> str:
        return re.sub("[A-Z]", lambda found: found[0].lower(), identity)


class TrimsTheFilter(ReadsIdentities):
    """Every value of the query is trimmed, and a value of nothing but spaces stays."""

    clause = "TEXT-03"

    def read(self, value: str) -> list[str]:
        return [value.strip() or value]


class PadsWithSpaces(FoldsIdentities):
    """SQL's PAD SPACE: spaces at the end do not count when texts are compared."""

    clause = "TEXT-03"

    def fold(self, identity: str) -> str:
        return identity.rstrip(" ")


class ComparesInNfc(FoldsIdentities):
    """Both sides are brought to NFC before they are compared, as Swift's `==` does."""

    clause = "TEXT-04"

    def fold(self, identity: str) -> str:
        return unicodedata.normalize("NFC", identity)


class NormalisesTheFilter(ReadsIdentities):
    """What is asked for is brought to NFC, what is stored is not: identities in NFD are never found."""

    clause = "TEXT-04"

    def read(self, value: str) -> list[str]:
        return [unicodedata.normalize("NFC", value)]


class ComparesInNfkc(FoldsIdentities):
    """User names are compared as PRECIS and IDNA prepare them, in NFKC: a ligature is its letters."""

    clause = "TEXT-04"

    def fold(self, identity: str) -> str:
        return unicodedata.normalize("NFKC", identity)


class IgnoresAccents(FoldsIdentities):
    """The collation ignores accents, `utf8mb4_0900_ai_ci` without the `ci`."""

    clause = "TEXT-04"

    def fold(self, identity: str) -> str:
        return "".join(each for each in unicodedata.normalize("NFD", identity) if not unicodedata.combining(each))


class KeepsPluses(Right):
    """The query is decoded as a path is, where a `+` is a plus."""

    clause = "TEXT-05"

    def decode(self, text: str) -> str:
        return super().decode(text.replace("+", "%2B"))


class ReplacesOnePlus(Right):
    """JavaScript's `value.replace("+", " ")` replaces the first plus, and leaves the others."""

    clause = "TEXT-05"

    def decode(self, text: str) -> str:
        return super().decode(text.replace("+", "%20", 1).replace("+", "%2B"))


class RefusesPluses(Right):
    """A `+` that is not encoded is none of RFC 3986's unreserved characters, and the gateway refuses it."""

    clause = "TEXT-05"

    def decode(self, text: str) -> str:
        if "+" in text:
            raise self.bad("A query must be percent-encoded.")
        return super().decode(text)


class SplitsAtPluses(Right):
    """A `+` between words is a conjunction, as in search engines: each word is a value."""

    clause = "TEXT-05"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        return super().parameters(
            re.sub(r"(?<=Identity=)[^&]*", lambda found: found[0].replace("+", "&Identity="), query)
        )


class PlusesAfterDecoding(Right):
    """`unquote(value).replace("+", " ")`, in the wrong order: `%2B` becomes a space as well."""

    clause = "TEXT-06"

    def decode(self, text: str) -> str:
        return super().decode(text).replace("+", " ")


class ProxyDecodesPluses(Right):
    """A proxy decodes the query and does not encode it again, so `%2B` arrives as `+`, which is a space."""

    clause = "TEXT-06"

    def decode(self, text: str) -> str:
        return super().decode(text.replace("%2B", "+").replace("%2b", "+"))


class DecodesTwice(ReadsIdentities):
    """The framework decodes the query, and the handler decodes its values once more."""

    clause = "TEXT-07"

    def read(self, value: str) -> list[str]:
        return [unquote(value)]


class DecodesWhatIsEncoded(ReadsIdentities):
    """Values are decoded until nothing changes any more, against clients that encode twice."""

    clause = "TEXT-07"

    def read(self, value: str) -> list[str]:
        while value != (value := unquote(value)):
            pass
        return [value]


class AsciiAlone(RefusesIdentities):
    """An identity is what the validator for user names takes, which was made for ASCII."""

    clause = "TEXT-08"

    def is_refused(self, value: str) -> bool:
        return not value.isascii()


class ReadsLatin1(Right):
    """The query is decoded as ISO-8859-1, the servlet container's default: nothing beyond ASCII is found."""

    clause = "TEXT-08"

    def decode(self, text: str) -> str:
        super().decode(text)
        return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode("latin-1")


class DropsWhatAsciiLacks(ReadsIdentities):
    """A slug is made of what is asked for, `encode("ascii", "ignore")`, and nothing is left of other scripts."""

    clause = "TEXT-08"

    def read(self, value: str) -> list[str]:
        return [value.encode("ascii", "ignore").decode()]


class ThreeBytesACharacter(ReadsIdentities):
    """MySQL's `utf8` has three bytes a character, and what is asked for is cut at the first that needs four."""

    clause = "TEXT-09"

    def read(self, value: str) -> list[str]:
        return [re.split("[\U00010000-\U0010ffff]", value)[0]]


class DropsJoiners(ReadsIdentities):
    """Invisible characters are taken out against look-alikes, and with them the joiners that make a family of emoji."""

    clause = "TEXT-09"

    def read(self, value: str) -> list[str]:
        return [re.sub("[\u200b-\u200d\ufe0e\ufe0f]", "", value)]


class RefusesEmoji(RefusesIdentities):
    """Identities have letters and marks alone, and an emoji is neither: 400."""

    clause = "TEXT-09"

    def is_refused(self, value: str) -> bool:
        return any(unicodedata.category(each) == "So" for each in value)


class DecodesBeforeItSplits(Right):
    """The query is decoded as a whole and then split at `&` and `=`."""

    clause = "TEXT-10"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        parts = [part.partition("=") for part in self.decode(query).split("&") if part]
        return [(name, value) for name, _, value in parts]


class EscapesHtml(ReadsIdentities):
    """What comes in is escaped for HTML, against XSS, before it is compared."""

    clause = "TEXT-10"

    def read(self, value: str) -> list[str]:
        return [html.escape(value)]


class StripsTags(ReadsIdentities):
    """What looks like a tag is taken out of every value by a sanitizer."""

    clause = "TEXT-10"

    def read(self, value: str) -> list[str]:
        return [re.sub("<[^>]*>", "", value)]


class RefusesReservedCharacters(RefusesIdentities):
    """Twilio's page advises against reserved characters, and the team refuses them."""

    clause = "TEXT-10"

    def is_refused(self, value: str) -> bool:
        return bool(set(value) & set("!*'();:@&=+$,/?%#[]"))


class CutsAtANumberSign(ReadsIdentities):
    """The URL is decoded before it is parsed, and what stands after a `#` is its fragment."""

    clause = "TEXT-10"

    def read(self, value: str) -> list[str]:
        return [value.partition("#")[0]]


class SplitsAtSemicolons(Right):
    """A `;` separates parameters as `&` does, as HTML 4 advised, and the query is decoded before."""

    clause = "TEXT-10"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        given = super().parameters(query)
        return [(name, part) for name, value in given for part in value.split(";")]


class CollapsesWhiteSpace(FoldsIdentities):
    """White space is one space wherever it stands, as in HTML."""

    clause = "TEXT-11"

    def fold(self, identity: str) -> str:
        return re.sub(r"\s+", " ", identity)


class RefusesControlCharacters(RefusesIdentities):
    """Control characters are taken for an attack on the log: 400."""

    clause = "TEXT-11"

    def is_refused(self, value: str) -> bool:
        return any(unicodedata.category(each) == "Cc" for each in value)


class CutsAtALineFeed(ReadsIdentities):
    """The value is read as a line, and so ends with the first line feed."""

    clause = "TEXT-11"

    def read(self, value: str) -> list[str]:
        return [(value.splitlines() or [value])[0]]


class TwoHundredAndFiftyFive(RefusesIdentities):
    """The column is a VARCHAR(255), and what is longer is refused."""

    clause = "TEXT-12"

    def is_refused(self, value: str) -> bool:
        return len(value) > 255


class CountsBytes(RefusesIdentities):
    """The limit of 512 is put to bytes, in Go's `len`."""

    clause = "TEXT-12"

    def is_refused(self, value: str) -> bool:
        return len(value.encode()) > 512


class TwoThousandBytesAUrl(Right):
    """The proxy takes URLs of 2,048 bytes, which encoded identities exceed: 414."""

    clause = "TEXT-12"

    def dispatch(self, request: Request) -> Answer:
        if len(request.target) > 2048:
            raise Refusal(414, 20414, "The URL is too long.")
        return super().dispatch(request)


class CutsTheFilter(ReadsIdentities):
    """What is asked for is cut to 255 characters, to fit the column of the index; what is stored is not."""

    clause = "TEXT-12"

    def read(self, value: str) -> list[str]:
        return [value[:255]]
