"""Defects of how identities are read and compared."""

import html
import re
import unicodedata
from urllib.parse import unquote, unquote_to_bytes

from ..bases import FoldsIdentities, ReadsIdentities, RefusesIdentities
from ..http import Answer, Request
from ..right import After, Before, Refusal, Right


class SplitsAtCommas(ReadsIdentities, clause="TEXT-01", read=lambda value: value.split(",")):
    """A filter is a list with commas between its values, as in many APIs: `a,b` is a or b."""


class AlsoSplitsAtCommas(ReadsIdentities, clause="TEXT-01", read=lambda value: [value, *value.split(",")]):
    """An identity with commas is looked for as a whole and in parts, to please everybody."""


class IgnoresCase(FoldsIdentities, clause="TEXT-02", fold=str.casefold):
    """The column's collation ignores case, MySQL's default: `TestUser` finds `TESTUSER`."""


class MakesTheFilterSmall(ReadsIdentities, clause="TEXT-02", read=lambda value: [value.lower()]):
    """What is asked for is made small, as e-mail addresses are; what is stored is not."""


class IgnoresTheCaseOfAscii(FoldsIdentities, clause="TEXT-02"):
    """SQLite's COLLATE NOCASE: ASCII letters are compared without their case, all others with it."""

    def fold(self, identity: str) -> str:
        return re.sub("[A-Z]", lambda found: found[0].lower(), identity)


class TrimsTheFilter(ReadsIdentities, clause="TEXT-03", read=lambda value: [value.strip() or value]):
    """Every value of the query is trimmed, and a value of nothing but spaces stays."""


class PadsWithSpaces(FoldsIdentities, clause="TEXT-03", fold=lambda identity: identity.rstrip(" ")):
    """SQL's PAD SPACE: spaces at the end do not count when texts are compared."""


class ComparesInNfc(FoldsIdentities, clause="TEXT-04", fold=lambda identity: unicodedata.normalize("NFC", identity)):
    """Both sides are brought to NFC before they are compared, as Swift's `==` does."""


class NormalisesTheFilter(ReadsIdentities, clause="TEXT-04", read=lambda value: [unicodedata.normalize("NFC", value)]):
    """What is asked for is brought to NFC, what is stored is not: identities in NFD are never found."""


class ComparesInNfkc(FoldsIdentities, clause="TEXT-04", fold=lambda identity: unicodedata.normalize("NFKC", identity)):
    """User names are compared as PRECIS and IDNA prepare them, in NFKC: a ligature is its letters."""


class IgnoresAccents(FoldsIdentities, clause="TEXT-04"):
    """The collation ignores accents, `utf8mb4_0900_ai_ci` without the `ci`."""

    def fold(self, identity: str) -> str:
        return "".join(each for each in unicodedata.normalize("NFD", identity) if not unicodedata.combining(each))


class KeepsPluses(Right, clause="TEXT-05", decode=Before(lambda text: text.replace("+", "%2B"))):
    """The query is decoded as a path is, where a `+` is a plus."""


class ReplacesOnePlus(Right, clause="TEXT-05"):
    """JavaScript's `value.replace("+", " ")` replaces the first plus, and leaves the others."""

    def decode(self, text: str) -> str:
        return super().decode(text.replace("+", "%20", 1).replace("+", "%2B"))


class RefusesPluses(Right, clause="TEXT-05"):
    """A `+` that is not encoded is none of RFC 3986's unreserved characters, and the gateway refuses it."""

    def decode(self, text: str) -> str:
        if "+" in text:
            raise self.bad("A query must be percent-encoded.")
        return super().decode(text)


class SplitsAtPluses(Right, clause="TEXT-05"):
    """A `+` between words is a conjunction, as in search engines: each word is a value."""

    def parameters(self, query: str) -> list[tuple[str, str]]:
        return super().parameters(
            re.sub(r"(?<=Identity=)[^&]*", lambda found: found[0].replace("+", "&Identity="), query)
        )


class PlusesAfterDecoding(Right, clause="TEXT-06", decode=After(lambda right: right.replace("+", " "))):
    """`unquote(value).replace("+", " ")`, in the wrong order: `%2B` becomes a space as well."""


class ProxyDecodesPluses(Right, clause="TEXT-06"):
    """A proxy decodes the query and does not encode it again, so `%2B` arrives as `+`, which is a space."""

    def decode(self, text: str) -> str:
        return super().decode(text.replace("%2B", "+").replace("%2b", "+"))


class DecodesTwice(ReadsIdentities, clause="TEXT-07", read=lambda value: [unquote(value)]):
    """The framework decodes the query, and the handler decodes its values once more."""


class DecodesWhatIsEncoded(ReadsIdentities, clause="TEXT-07"):
    """Values are decoded until nothing changes any more, against clients that encode twice."""

    def read(self, value: str) -> list[str]:
        while value != (value := unquote(value)):
            pass
        return [value]


class AsciiAlone(RefusesIdentities, clause="TEXT-08", is_refused=lambda value: not value.isascii()):
    """An identity is what the validator for user names takes, which was made for ASCII."""


class ReadsLatin1(Right, clause="TEXT-08"):
    """The query is decoded as ISO-8859-1, the servlet container's default: nothing beyond ASCII is found."""

    def decode(self, text: str) -> str:
        super().decode(text)
        return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode("latin-1")


class DropsWhatAsciiLacks(ReadsIdentities, clause="TEXT-08"):
    """A slug is made of what is asked for, `encode("ascii", "ignore")`, and nothing is left of other scripts."""

    def read(self, value: str) -> list[str]:
        return [value.encode("ascii", "ignore").decode()]


class ThreeBytesACharacter(ReadsIdentities, clause="TEXT-09"):
    """MySQL's `utf8` has three bytes a character, and what is asked for is cut at the first that needs four."""

    def read(self, value: str) -> list[str]:
        return [re.split("[\U00010000-\U0010ffff]", value)[0]]


class DropsJoiners(ReadsIdentities, clause="TEXT-09"):
    """Invisible characters are taken out against look-alikes, and with them the joiners that make a family of emoji."""

    def read(self, value: str) -> list[str]:
        return [re.sub("[\u200b-\u200d\ufe0e\ufe0f]", "", value)]


class RefusesEmoji(RefusesIdentities, clause="TEXT-09"):
    """Identities have letters and marks alone, and an emoji is neither: 400."""

    def is_refused(self, value: str) -> bool:
        return any(unicodedata.category(each) == "So" for each in value)


class DecodesBeforeItSplits(Right, clause="TEXT-10"):
    """The query is decoded as a whole and then split at `&` and `=`."""

    def parameters(self, query: str) -> list[tuple[str, str]]:
        parts = [part.partition("=") for part in self.decode(query).split("&") if part]
        return [(name, value) for name, _, value in parts]


class EscapesHtml(ReadsIdentities, clause="TEXT-10", read=lambda value: [html.escape(value)]):
    """What comes in is escaped for HTML, against XSS, before it is compared."""


class StripsTags(ReadsIdentities, clause="TEXT-10", read=lambda value: [re.sub("<[^>]*>", "", value)]):
    """What looks like a tag is taken out of every value by a sanitizer."""


class RefusesReservedCharacters(RefusesIdentities, clause="TEXT-10"):
    """Twilio's page advises against reserved characters, and the team refuses them."""

    def is_refused(self, value: str) -> bool:
        return bool(set(value) & set("!*'();:@&=+$,/?%#[]"))


class CutsAtANumberSign(ReadsIdentities, clause="TEXT-10"):
    """The URL is decoded before it is parsed, and what stands after a `#` is its fragment."""

    def read(self, value: str) -> list[str]:
        return [value.partition("#")[0]]


class SplitsAtSemicolons(Right, clause="TEXT-10"):
    """A `;` separates parameters as `&` does, as HTML 4 advised, and the query is decoded before."""

    def parameters(self, query: str) -> list[tuple[str, str]]:
        given = super().parameters(query)
        return [(name, part) for name, value in given for part in value.split(";")]


class CollapsesWhiteSpace(FoldsIdentities, clause="TEXT-11", fold=lambda identity: re.sub(r"\s+", " ", identity)):
    """White space is one space wherever it stands, as in HTML."""


class RefusesControlCharacters(RefusesIdentities, clause="TEXT-11"):
    """Control characters are taken for an attack on the log: 400."""

    def is_refused(self, value: str) -> bool:
        return any(unicodedata.category(each) == "Cc" for each in value)


class CutsAtALineFeed(ReadsIdentities, clause="TEXT-11", read=lambda value: [(value.splitlines() or [value])[0]]):
    """The value is read as a line, and so ends with the first line feed."""


class TwoHundredAndFiftyFive(RefusesIdentities, clause="TEXT-12", is_refused=lambda value: len(value) > 255):
    """The column is a VARCHAR(255), and what is longer is refused."""


class CountsBytes(RefusesIdentities, clause="TEXT-12", is_refused=lambda value: len(value.encode()) > 512):
    """The limit of 512 is put to bytes, in Go's `len`."""


class TwoThousandBytesAUrl(Right, clause="TEXT-12"):
    """The proxy takes URLs of 2,048 bytes, which encoded identities exceed: 414."""

    def dispatch(self, request: Request) -> Answer:
        if len(request.target) > 2048:
            raise Refusal(414, 20414, "The URL is too long.")
        return super().dispatch(request)


class CutsTheFilter(ReadsIdentities, clause="TEXT-12", read=lambda value: [value[:255]]):
    """What is asked for is cut to 255 characters, to fit the column of the index; what is stored is not."""
