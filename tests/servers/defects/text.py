"""Defects of how identities are read and compared, of how queries are encoded, and of how answers are."""

import codecs
import fnmatch
import html
import json
import re
import unicodedata
from urllib.parse import quote, unquote, unquote_to_bytes

from ..bases import (
    ComparesIdentities,
    FoldsIdentities,
    ReadsIdentities,
    RefusesIdentities,
    after,
    around,
    before,
    first,
    instead,
)
from ..right import After, Before, Refusal, Right, each, only

_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NULLS = ("null", "undefined", "None")


class SplitsAtCommas(ReadsIdentities, clause="TEXT-01", read=lambda value: value.split(",")):
    """A filter is a list with commas between its values, as in many APIs: `a,b` is a or b."""


class AlsoSplitsAtCommas(ReadsIdentities, clause="TEXT-01", read=lambda value: [value, *value.split(",")]):
    """An identity with commas is looked for as a whole and in parts, to please everybody."""


class IgnoresCase(FoldsIdentities, clause="TEXT-02", fold=str.casefold):
    """The column's collation ignores case, MySQL's default: `TestUser` finds `TESTUSER`."""


class MakesTheFilterSmall(ReadsIdentities, clause="TEXT-02", read=lambda value: [value.lower()]):
    """What is asked for is made small, as e-mail addresses are; what is stored is not."""


@instead(FoldsIdentities.fold, "TEXT-02")
def ignores_the_case_of_ascii(identity):
    """SQLite's COLLATE NOCASE: ASCII letters are compared without their case, all others with it."""
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


@instead(FoldsIdentities.fold, "TEXT-04")
def ignores_accents(identity):
    """The collation ignores accents, `utf8mb4_0900_ai_ci` without the `ci`."""
    return "".join(each for each in unicodedata.normalize("NFD", identity) if not unicodedata.combining(each))


class KeepsPluses(Right, clause="TEXT-05", decode=Before(lambda text: text.replace("+", "%2B"))):
    """The query is decoded as a path is, where a `+` is a plus."""


@before(Right.decode, "TEXT-05")
def replaces_one_plus(text):
    """JavaScript's `value.replace("+", " ")` replaces the first plus, and leaves the others."""
    return text.replace("+", "%20", 1).replace("+", "%2B")


@first(Right.decode, "TEXT-05")
def refuses_pluses(self, text):
    """A `+` that is not encoded is none of RFC 3986's unreserved characters, and the gateway refuses it."""
    if "+" in text:
        raise self.bad("A query must be percent-encoded.")


@before(Right.parameters, "TEXT-05")
def splits_at_pluses(query):
    """A `+` between words is a conjunction, as in search engines: each word is a value."""
    return re.sub(r"(?<=Identity=)[^&]*", lambda found: found[0].replace("+", "&Identity="), query)


class PlusesAfterDecoding(Right, clause="TEXT-06", decode=After(lambda right: right.replace("+", " "))):
    """`unquote(value).replace("+", " ")`, in the wrong order: `%2B` becomes a space as well."""


@before(Right.decode, "TEXT-06")
def proxy_decodes_pluses(text):
    """A proxy decodes the query and does not encode it again, so `%2B` arrives as `+`, which is a space."""
    return text.replace("%2B", "+").replace("%2b", "+")


class DecodesTwice(ReadsIdentities, clause="TEXT-07", read=lambda value: [unquote(value)]):
    """The framework decodes the query, and the handler decodes its values once more."""


@instead(ReadsIdentities.read, "TEXT-07")
def decodes_what_is_encoded(value):
    """Values are decoded until nothing changes any more, against clients that encode twice."""
    while value != (value := unquote(value)):
        pass
    return [value]


class AsciiAlone(RefusesIdentities, clause="TEXT-08", is_refused=lambda value: not value.isascii()):
    """An identity is what the validator for user names takes, which was made for ASCII."""


@after(Right.decode, "TEXT-08")
def reads_latin1(_, text):
    """The query is decoded as ISO-8859-1, the servlet container's default: nothing beyond ASCII is found."""
    return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode("latin-1")


@instead(ReadsIdentities.read, "TEXT-08")
def drops_what_ascii_lacks(value):
    """A slug is made of what is asked for, `encode("ascii", "ignore")`, and nothing is left of other scripts."""
    return [value.encode("ascii", "ignore").decode()]


@instead(ReadsIdentities.read, "TEXT-09")
def three_bytes_a_character(value):
    """MySQL's `utf8` has three bytes a character, and what is asked for is cut at the first that needs four."""
    return [re.split("[\U00010000-\U0010ffff]", value)[0]]


@instead(ReadsIdentities.read, "TEXT-09")
def drops_joiners(value):
    """Invisible characters are taken out against look-alikes, and with them the joiners that make a family of emoji."""
    return [re.sub("[\u200b-\u200d\ufe0e\ufe0f]", "", value)]


@instead(RefusesIdentities.is_refused, "TEXT-09")
def refuses_emoji(value):
    """Identities have letters and marks alone, and an emoji is neither: 400."""
    return any(unicodedata.category(each) == "So" for each in value)


@instead(Right.parameters, "TEXT-10")
def decodes_before_it_splits(self, query):
    """The query is decoded as a whole and then split at `&` and `=`."""
    parts = [part.partition("=") for part in self.decode(query).split("&") if part]
    return [(name, value) for name, _, value in parts]


class EscapesHtml(ReadsIdentities, clause="TEXT-10", read=lambda value: [html.escape(value)]):
    """What comes in is escaped for HTML, against XSS, before it is compared."""


class StripsTags(ReadsIdentities, clause="TEXT-10", read=lambda value: [re.sub("<[^>]*>", "", value)]):
    """What looks like a tag is taken out of every value by a sanitizer."""


@instead(RefusesIdentities.is_refused, "TEXT-10")
def refuses_reserved_characters(value):
    """Twilio's page advises against reserved characters, and the team refuses them."""
    return bool(set(value) & set("!*'();:@&=+$,/?%#[]"))


class CutsAtANumberSign(ReadsIdentities, clause="TEXT-10", read=lambda value: [value.partition("#")[0]]):
    """The URL is decoded before it is parsed, and what stands after a `#` is its fragment."""


@after(Right.parameters, "TEXT-10")
def splits_at_semicolons(given):
    """A `;` separates parameters as `&` does, as HTML 4 advised, and the query is decoded before."""
    return [(name, part) for name, value in given for part in value.split(";")]


class CollapsesWhiteSpace(FoldsIdentities, clause="TEXT-11", fold=lambda identity: re.sub(r"\s+", " ", identity)):
    """White space is one space wherever it stands, as in HTML."""


@instead(RefusesIdentities.is_refused, "TEXT-11")
def refuses_control_characters(value):
    """Control characters are taken for an attack on the log: 400."""
    return any(unicodedata.category(each) == "Cc" for each in value)


class CutsAtALineFeed(ReadsIdentities, clause="TEXT-11", read=lambda value: [(value.splitlines() or [value])[0]]):
    """The value is read as a line, and so ends with the first line feed."""


class TwoHundredAndFiftyFive(RefusesIdentities, clause="TEXT-12", is_refused=lambda value: len(value) > 255):
    """The column is a VARCHAR(255), and what is longer is refused."""


class CountsBytes(RefusesIdentities, clause="TEXT-12", is_refused=lambda value: len(value.encode()) > 512):
    """The limit of 512 is put to bytes, in Go's `len`."""


@first(Right.dispatch, "TEXT-12")
def two_thousand_bytes_a_url(request):
    """The proxy takes URLs of 2,048 bytes, which encoded identities exceed: 414."""
    if len(request.target) > 2048:
        raise Refusal(414, 20414, "The URL is too long.")


class CutsTheFilter(ReadsIdentities, clause="TEXT-12", read=lambda value: [value[:255]]):
    """What is asked for is cut to 255 characters, to fit the column of the index; what is stored is not."""


@instead(ComparesIdentities.is_same, "TEXT-13")
def like_has_wildcards(identity, value):
    """The filter is a LIKE, without signs around it: `%` and `_` stand for anything."""
    pattern = re.escape(value).replace("%", ".*").replace("_", ".")
    return re.fullmatch(pattern, identity, re.DOTALL) is not None


class StarsAreWildcards(ComparesIdentities, clause="TEXT-13", is_same=fnmatch.fnmatchcase):
    """The store's keys are searched by a pattern, as with `KEYS` in Redis: `*` and `[0]` have a meaning."""


@instead(ComparesIdentities.is_same, "TEXT-13")
def puts_text_into_sql(identity, value):
    """The SQL is an f-string: a quote breaks it, and a condition after a quote is one."""
    if value.count("'") % 2:
        raise ValueError("unrecognized token")
    return re.search(r"' OR '(.*)'='\1", value) is not None or identity == value


class EscapesQuotes(ReadsIdentities, clause="TEXT-13", read=lambda value: [re.sub(r"(['\"\\])", r"\\\1", value)]):
    """Values are escaped by hand and then bound as parameters too: a name with a quote is not found."""


@instead(ReadsIdentities.read, "TEXT-14")
def reads_json_values(value):
    """Values are read as JSON where they are JSON, to have types: `true` becomes True, `null` None."""
    try:
        found = json.loads(value)
    except ValueError:
        return [value]
    return [str(found) if isinstance(found, bool | int | float | None) else value]


@instead(ReadsIdentities.read, "TEXT-14")
def reads_numbers(value):
    """What looks like a number becomes one: 01 is 1, and digits of every script are digits."""
    return [str(int(value)) if value.isdecimal() else value]


class NullIsNoFilter(Right, clause="TEXT-14", identities=Before(only(lambda value: value not in _NULLS))):
    """`null`, `undefined` and `None` come from clients that have no value, so they are no filter."""


class RefusesPathTraversal(RefusesIdentities, clause="TEXT-15", is_refused=lambda value: ".." in value):
    """The firewall takes two dots for an attack on paths: 400."""


class DropsDotsAtTheEnd(ReadsIdentities, clause="TEXT-15", read=lambda value: [value.rstrip(".")]):
    """Dots at the end are dropped, as of host names: `trailing.` looks for `trailing`."""


class EndIsAFormat(ReadsIdentities, clause="TEXT-15", read=lambda value: [value.removesuffix(".json")]):
    """A `.json` at the end of the URL is the format that is asked for, and taken off."""


@before(Right.decode, "TEXT-16")
def escapes_in_capitals_alone(text):
    """A table of escapes with capital digits decodes the query: `%c3%a9` stays as it is."""
    return re.sub("%(?=[0-9][a-f]|[a-f][0-9A-Fa-f]|[A-F][a-f])", "%25", text)


@after(Right.decode, "TEXT-16")
def compares_encoded_texts(decoded, text):
    """Users are indexed by their encoded name, and what is sent is compared as it is: `%41` is not A."""
    return decoded if quote(decoded, safe="") == text.replace("+", "%20") else text


class BrokenEscapesLoseTheirSign(Right, clause="TEXT-17", decode=Before(lambda text: _BROKEN.sub("", text))):
    """The decoder drops a percent sign that begins no escape: `alice%` finds alice, and `a%` the user a."""


class BrokenEscapesAreDropped(Right, clause="TEXT-17", parts=After(only(lambda part: not _BROKEN.search(part)))):
    """A parameter that cannot be decoded is left out, and without a filter everything is shown."""


@first(Right.decode, "TEXT-17")
def crashes_on_broken_escapes(text):
    """`int(text[1:3], 16)` raises at what is no hexadecimal: 500."""
    for escape in text.split("%")[1:]:
        int(escape[:2], 16)


@first(Right.identities, "TEXT-18")
def crashes_on_nul(values):
    """PostgreSQL has no NUL in its texts, and the driver's exception is a 500."""
    if any("\0" in value for value in values):
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")


class CutsAtNul(Right, clause="TEXT-18", identities=Before(each(lambda value: value.partition("\0")[0]))):
    """A text ends at its NUL in C: `a%00b` finds a."""


class DropsNul(Right, clause="TEXT-18", identities=Before(each(lambda value: value.replace("\0", "")))):
    """NULs are taken out of the values, as PHP's frameworks do: `a%00` finds a."""


@around(Right.decode, "TEXT-19")
def ignores_what_is_not_utf8(right, text):
    """`decode(errors="ignore")`: bytes that are no UTF-8 are left out, and `a%FF` finds a."""
    right(text=re.sub("%[89A-Fa-f][0-9A-Fa-f]", "", text))
    return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode(errors="ignore")


class TakesOverlongForms(Right, clause="TEXT-19"):
    """A decoder written by hand takes overlong forms: `%C0%AF` is a slash."""

    def decode(self, text: str) -> str:
        return super().decode(re.sub("%C[01]%([89AB][0-9A-F])", self._short, text, flags=re.IGNORECASE))

    def _short(self, found: re.Match[str]) -> str:
        is_high = found[0][2] == "1"
        return f"%{int(found[1], 16) - 0x80 + 0x40 * is_high:02X}"


@around(Right.decode, "TEXT-19")
def escapes_bytes_as_surrogates(right, text):
    """Bytes that are no UTF-8 become lone surrogates (`surrogateescape`), and the database's driver raises: 500."""
    right(text=re.sub("%[89A-Fa-f][0-9A-Fa-f]", "", text))
    raw = unquote_to_bytes(text.replace("+", " ").encode("latin-1"))
    return raw.decode(errors="surrogateescape").encode().decode()


@instead(Right.dump, "TEXT-20")
def answers_in_latin1(content):
    """The answer is written in ISO-8859-1, the servlet container's default, with `?` for what that lacks."""
    return json.dumps(content, ensure_ascii=False).encode("latin-1", "replace")


class WritesAMark(Right, clause="TEXT-20", dump=After(lambda right: codecs.BOM_UTF8 + right)):
    """.NET's Encoding.UTF8 writes a byte order mark before the JSON."""


@after(Right.dump, "TEXT-20")
def writes_pairs_as_bytes(right):
    """Java's modified UTF-8 writes an emoji as two surrogates of three bytes each (CESU-8)."""
    return re.sub("[\U00010000-\U0010ffff]", _pair, right.decode()).encode(errors="surrogatepass")


def _pair(found: re.Match[str]) -> str:
    high, low = divmod(ord(found[0]) - 0x10000, 0x400)
    return chr(0xD800 + high) + chr(0xDC00 + low)


@after(Right.represent, "TEXT-20", dump=lambda content: json.dumps(content).encode())
def cuts_pairs_in_half(right):
    """Texts are cut to 255 code units of UTF-16, Java's and JavaScript's, in the middle of an emoji."""
    units = right["endpoint"].encode("utf-16-le")[:510]
    return right | {"endpoint": units.decode("utf-16-le", "surrogatepass")}


@instead(Right.encode, "TEXT-21")
def page_urls_by_encode_uri(value):
    """Page URLs are made by JavaScript's encodeURI, which leaves `& = + #` alone."""
    return quote(value, safe=";/?:@&=+$,#-_.!~*'()")


class PageUrlsAreEncodedTwice(Right, clause="TEXT-21", encode=lambda value: quote(quote(value, safe=""), safe="")):
    """The values are percent-encoded, and then the URL builder encodes the signs again."""


class PageUrlsLeavePluses(Right, clause="TEXT-21", encode=lambda value: quote(value, safe="+!$'()*,;:@/?")):
    """Page URLs are made by a library for paths, which leaves a `+` alone; in a query it is a space."""


@instead(Right.encode, "TEXT-21")
def page_urls_in_latin1(value):
    """Page URLs are percent-encoded in ISO-8859-1, and read in UTF-8."""
    return quote(value, safe="", encoding="latin-1", errors="replace")


@after(Right.parameters, "TEXT-21")
def refuses_what_it_gave(given):
    """A firewall refuses page URLs with a quote or a tag in their filter, encoded or not; plain lists pass."""
    is_page = any(name == "Page" for name, _ in given)
    if is_page and any(re.search("[<>'\"]", value) for name, value in given if name == "Identity"):
        raise Refusal(403, 20403, "The request was blocked.")
    return given
