"""TEXT: texts and how they are encoded."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from ...clause import OURS, PAGE, SDKS, clause
from ...evidence import Evidence, same_bindings
from ...facts import LARGEST_SIZE, MOST_VALUES, PARAMETERS, SCHEMAS
from ...response import Answer
from ...variants import INHERITED
from ...violation import WorldLacks, case_name, check, each_of, every, fail
from ...world import Service

_IDENTITY = f"{PARAMETERS}/IdentityParameter"
_PROPERTY = f"{SCHEMAS}/Binding/properties/identity"
_RESERVED = set("!*'();:@&=+$,/?%#[]\\|<>{}\"^`~")
_ALIKE = {"null", "none", "undefined", "true", "false", "nan", "inf", "bindings", "[]", "{}"}
_JSON = "RFC 8259"
_SQL = ("%", "_", "*", ".*", "%%", "' OR '1'='1", "x' OR 'a'='a", '" OR ""="', "'", '"', "\\", "%_", "a'--", "O'Brien")
"""Texts with wildcards, and with what SQL and shells give a meaning."""
_SHORTEST_LONG = 100
_UNICODE_ESCAPE = re.compile("%u([0-9A-Fa-f]{4})")
_SURROGATE = re.compile("[\\ud800-\\udfff]")
_MOST = 40
"""Identities that a clause filters by, at most, where it makes many."""
Asked = list[tuple[Service, str]]
"""Identities, each with the service in which it is filtered by."""


@clause("TEXT-01", "must", "A comma does not separate Identities", source=PAGE, spec=_IDENTITY)
def test_comma(evidence: Evidence) -> None:
    """An identity with a comma is one identity: `a,b` finds just itself, not the users a and b."""
    asked: Asked = []
    for service, users in evidence.users(lambda each: "," in each, "identity with a comma"):
        parts = [part for user in users for part in user.split(",") if part]
        plain = [each for each in service.identities if each.isalnum()][:2]
        asked += _in(service, [*users, *parts, ",".join(plain)])
    evidence.finds(asked, "commas separate nothing in a query")


@clause("TEXT-02", "must", "Identities are compared with their case", source=OURS, spec=_IDENTITY)
def test_case(evidence: Evidence) -> None:
    """Identities are compared with their case: `A` and `a` are two users."""
    asked: Asked = []
    for service in evidence.services:
        folded: dict[str, list[str]] = {}
        for user in service.identities:
            folded.setdefault(user.casefold(), []).append(user)
        alike = [user for same in folded.values() if len(same) > 1 for user in same]
        asked += _in(service, alike[: _MOST // 2])
    found = evidence.users(lambda each: each.swapcase() != each, "identity with letters of two cases")
    for service, users in found[:2]:
        changed = [form for user in users[:6] for form in (user.swapcase(), user.upper(), user.lower())]
        asked += _in(service, changed)
    evidence.finds(asked, "users whose names differ in case are two users")


@clause("TEXT-03", "must", "Identities are not trimmed", source=OURS, spec=_IDENTITY)
def test_trim(evidence: Evidence) -> None:
    """Identities are not trimmed: with a space before or after it an identity is another one."""
    asked: Asked = []
    for service in evidence.services:
        padded = [user for user in service.identities if user != user.strip()][: _MOST // 2]
        asked += _in(service, [*padded, *(user.strip() for user in padded if user.strip())])
    for service, users in evidence.users(lambda each: each == each.strip(), "identity without space around it")[:2]:
        around = [form for user in users[-3:] for form in (f" {user}", f"{user} ", f"{user}\n", f"\t{user}")]
        asked += _in(service, around)
    evidence.finds(asked, "nothing is trimmed")


@clause("TEXT-04", "must", "Identities are not normalised", source=OURS, spec=_IDENTITY)
def test_normalisation(evidence: Evidence) -> None:
    """Identities are not normalised (NFC, NFD, NFKC): an e-acute of one code point and one of two are two users."""

    def forms(user: str) -> set[str]:
        return {unicodedata.normalize(form, user) for form in ("NFC", "NFD", "NFKC")} - {user}

    asked: Asked = []
    for service, users in evidence.users(forms, "identity that normalisation changes"):
        others = [form for user in users for form in sorted(forms(user)) if len(form) <= 512]
        asked += _in(service, [*users, *others])
    evidence.finds(asked[:_MOST], "texts that normalisation makes the same are different")


@clause("TEXT-05", "must", "A plus in a query is a space", rule="Encoding", source=SDKS, spec=_IDENTITY)
def test_plus(evidence: Evidence) -> None:
    """In a query a `+` MUST be a space, as forms encode it and some SDKs do."""
    found = evidence.users(lambda each: " " in each, "identity with a space")
    asked = [(service, quote_plus(user, safe=""), user) for service, users in found for user in users[:8]]
    evidence.each(_finds_raw, asked, evidence, name=_written)


@clause("TEXT-06", "must", "%2B in a query is a plus", rule="Encoding", source=SDKS, spec=_IDENTITY)
def test_encoded_plus(evidence: Evidence) -> None:
    """In a query `%2B` MUST be a plus."""
    asked: Asked = []
    for service, users in evidence.users(lambda each: "+" in each, "identity with a plus"):
        asked += _in(service, [*users, *(user.replace("+", " ") for user in users)])
    evidence.finds(asked, "%2B is a plus")


@clause("TEXT-07", "must", "Percent-encoding is decoded once", source=OURS, spec=_IDENTITY)
def test_decoded_once(evidence: Evidence) -> None:
    """Percent-encoded text is decoded once: the identity `%2F` is not `/`."""
    asked: Asked = []
    for service, users in evidence.users(lambda each: "%" in each, "identity with a percent sign"):
        decoded = [unquote(user) for user in users if "\0" not in unquote(user)]
        twice = [quote(each, safe="") for each in service.identities if quote(each, safe="") != each and len(each) < 9]
        asked += _in(service, [*users, *decoded, *twice[:6]])
    evidence.finds(asked, "percent-encoding is taken off once")


@clause("TEXT-08", "must", "Identities in every script are found", source=PAGE, spec=_IDENTITY)
def test_scripts(evidence: Evidence) -> None:
    """Identities in every script are found by their filter."""
    _finds(evidence, lambda each: not each.isascii() and max(each) <= "\uffff", "identity beyond ASCII")


@clause("TEXT-09", "must", "Identities with emoji and the like are found", source=PAGE, spec=_IDENTITY)
def test_astral(evidence: Evidence) -> None:
    """Identities with characters beyond the Basic Multilingual Plane, such as emoji, are found by their filter."""
    _finds(evidence, lambda each: max(each) > "\uffff", "identity beyond the Basic Multilingual Plane")


@clause("TEXT-10", "must", "Identities with reserved characters are found", source=PAGE, spec=_IDENTITY)
def test_reserved(evidence: Evidence) -> None:
    """Identities with reserved characters are found by their filter."""
    _finds(evidence, lambda each: set(each) & _RESERVED, "identity with a reserved character")


@clause("TEXT-11", "must", "Identities with white space and control characters are found", source=OURS, spec=_IDENTITY)
def test_white(evidence: Evidence) -> None:
    """Identities with white space, control or invisible characters are found by their filter, line feeds too."""
    _finds(
        evidence,
        lambda each: any(char.isspace() or unicodedata.category(char) in ("Cc", "Cf") for char in each),
        "identity with white space",
    )


@clause("TEXT-12", "must", "Identities of 512 characters are found", source=OURS, spec=_PROPERTY)
def test_long(evidence: Evidence) -> None:
    """Identities of 512 code points are found by their filter, however many bytes they have."""
    longest = max(len(each) for service in evidence.services for each in service.identities)
    if longest < _SHORTEST_LONG:
        raise WorldLacks("long identity")
    _finds(evidence, lambda each: len(each) == longest, "long identity")


@clause("TEXT-13", "must", "No character of an Identity is a wildcard", source=OURS, spec=_IDENTITY)
def test_wildcards(evidence: Evidence) -> None:
    """`%`, `_`, `*` and quotes in an identity are neither wildcards nor SQL."""
    asked: Asked = []
    for service in _plain_and_odd(evidence):
        plain = [each for each in _plain(service) if len(each) > 2][:2]
        built = [form for each in plain for form in (f"{each[:-1]}%", f"{each[:-1]}_", f"{each[0]}*", f"%{each[1:]}")]
        asked += _in(service, [*built, *_SQL])
    evidence.finds(asked, "no character of an identity has a meaning")


@clause("TEXT-14", "must", "Identities that look like numbers or keywords are texts", source=OURS, spec=_IDENTITY)
def test_alike(evidence: Evidence) -> None:
    """Identities that look like something else (null, true, 0, 01, -1, NaN, constructor) are texts like any other."""

    def looks(each: str) -> bool:
        return each.lower() in _ALIKE or each.lstrip("+-").isdecimal()

    asked: Asked = []
    for service, users in evidence.users(looks, "identity that looks like a number or a keyword"):
        others = ("0", "1", "01", "1.0", "null", "None", "true", "false", "NaN", "undefined", *INHERITED)
        asked += _in(service, [*users, *others])
    evidence.finds(asked)


@clause("TEXT-15", "must", "Identities with dots are found", source=OURS, spec=_IDENTITY)
def test_dots(evidence: Evidence) -> None:
    """Identities of dots, or with dots at their ends, are found by their filter."""
    _finds(
        evidence, lambda each: each[0] == "." or each[-1] == "." or ".json" in each, "identity with dots at its ends"
    )


@clause("TEXT-16", "must", "All ways to escape a character mean the same", source="RFC 3986", spec=_IDENTITY)
def test_escapes(evidence: Evidence) -> None:
    """Escapes with lower-case and upper-case digits (%c3%a9, %C3%A9), and needless ones (%41), mean the same."""
    found = evidence.users(lambda each: not each.isascii() or set(each) & _RESERVED, "identity that needs escapes")
    wanted = []
    for service, users in found:
        for user in users[:: max(len(users) // 8, 1)]:
            if len(user) < 50:
                upper = quote(user, safe="")
                lower = upper.lower() if user.lower() == user else upper
                wanted += [(service, upper, user), (service, lower, user)]
        for user in [each for each in service.identities if len(each) < 20][:12]:
            wanted.append((service, "".join(f"%{byte:02x}" for byte in user.encode()), user))
    evidence.each(_finds_raw, wanted, evidence, name=_written)


@clause(
    "TEXT-17",
    "must",
    "Broken percent-encoding in a filter shows no others",
    rule="A query that cannot be read",
    source="RFC 3986",
    spec=_IDENTITY,
)
def test_broken(evidence: Evidence) -> None:
    """Broken percent-encoding in a filter MUST be refused, or give nothing, or the Bindings of whoever is called just
    that (of `%u0041` also those of A, as some decoders read it); never a 5xx, never others.
    """
    _show_nothing(evidence, lambda _: ("%zz", "%", "%4", "%%", "%u0041", "a%", "%-1"))


@clause(
    "TEXT-18",
    "must",
    "A NUL in a filter shows no Bindings",
    rule="A query that cannot be read",
    source=OURS,
    spec=_IDENTITY,
)
def test_nul(evidence: Evidence) -> None:
    """A NUL in a filter MUST be refused or give nothing; never a 5xx, never Bindings."""
    _show_nothing(evidence, lambda plain: ("%00", "a%00b", *(form for e in plain for form in (f"{e}%00", f"%00{e}"))))


@clause(
    "TEXT-19",
    "must",
    "Bytes that are no UTF-8 in a filter show no others",
    rule="A query that cannot be read",
    source="RFC 3629",
    spec=_IDENTITY,
)
def test_not_utf8(evidence: Evidence) -> None:
    """What is not UTF-8 in a filter MUST be refused, give nothing, or be read as U+FFFD; never a 5xx, never others."""
    broken = ("%FF", "%C3", "%ED%A0%80", "%C0%AF", "%F8%88%80%80%80", "%F4%90%80%80", "%E9")
    _show_nothing(evidence, lambda plain: (*broken, *(f"{e}{end}" for e in plain for end in ("%FF", "%C0%80"))))


@clause("TEXT-20", "must", "JSON is UTF-8", source=_JSON, spec=f"{SCHEMAS}/Binding")
def test_utf8(evidence: Evidence) -> None:
    """JSON is UTF-8 (RFC 8259), and its texts have no lone surrogates."""
    answers = [answer for _, answer in evidence.fetched] + [page for walk in evidence.walks for page in walk.pages]

    def is_whole(answer: Answer) -> None:
        if answer.body.startswith(b"\xef\xbb\xbf"):
            fail("JSON in UTF-8", f"{answer.summary}, with a byte order mark before it", answer)
        check(not _has_surrogates(answer.json), "texts of whole characters", "a text with half of a pair", answer)

    each_of([answer for answer in answers if answer.status == 200], is_whole)


@clause("TEXT-21", "must", "Page URLs keep every Identity", source=SDKS, spec=f"{SCHEMAS}/PageMeta/properties/url")
def test_page_urls(evidence: Evidence) -> None:
    """The page URLs of a filtered list lead to the same filter, whatever characters the identity has."""
    cases: list[tuple[Service, Sequence[str]]] = []
    for service, users in evidence.users(lambda each: not _is_plain(each), "identity with other signs than letters"):
        cases += [(service, users[start : start + MOST_VALUES]) for start in range(0, len(users), MOST_VALUES)]
    evidence.each(partial(_leads_on, evidence), cases, name=lambda case: f"{len(case[1])} users of {case[0].sid}")


@clause("TEXT-22", "must", "Identities are compared to their end", source=OURS, spec=_IDENTITY)
def to_the_end(evidence: Evidence) -> None:
    """Identities are compared whole: those that differ only after 100, 191, 255 or 256 characters or bytes are
    different users, and the beginning of one is another.
    """
    asked: Asked = []
    for service, users in evidence.users(lambda each: len(each) >= _SHORTEST_LONG, "long identity"):
        long = sorted(users, key=len, reverse=True)[:24]
        cut = [each[:size] for each in long[:4] for size in (100, 191, 255, 256) if len(each) > size]
        others = [each[:-1] + "~" for each in long[:4]]
        asked += _in(service, [*long, *cut, *others])
    evidence.finds(asked, "identities are compared to their end")


def _in(service: Service, identities: Iterable[str]) -> Asked:
    return [(service, identity) for identity in identities]


def _is_plain(identity: str) -> bool:
    return identity.isascii() and identity.isalnum()


def _plain(service: Service) -> list[str]:
    return [each for each in service.identities if _is_plain(each)]


def _plain_and_odd(evidence: Evidence) -> Sequence[Service]:
    """Choose the service with the most plain identities, and that with the most others."""
    several = [each for each in evidence.services if len(each.identities) > 1] or evidence.services
    plain = max(several, key=lambda each: len(_plain(each)))
    odd = max(several, key=lambda each: len(each.identities) - len(_plain(each)))
    return [plain] if plain is odd else [plain, odd]


def _leads_on(evidence: Evidence, case: tuple[Service, Sequence[str]]) -> None:
    service, users = case
    wanted = service.matching(users)
    size = ("PageSize", str(max(len(wanted) // 2, 1)))
    first = evidence.listed(service, size, *(("Identity", each) for each in users))

    def leads_to_itself(name: str) -> None:
        led = evidence.target.follow(_url(first, name), first)
        check(led.status == 200 and led.sids == first.sids, f"`meta.{name}` leads to the same", led.summary, first, led)

    def leads_on() -> None:
        pages = evidence.follow(first, service)
        sids = [sid for page in pages for sid in page.sids]
        same = sorted(map(str, sids)) == sorted(each.sid for each in wanted)
        check(same, f"pages with the {len(wanted)} Bindings that match", f"{len(sids)} Bindings, others", *pages[:2])

    every(
        (
            ("url", partial(leads_to_itself, "url")),
            ("first_page_url", partial(leads_to_itself, "first_page_url")),
            ("next_page_url", leads_on),
        )
    )


def _finds(evidence: Evidence, fits: Callable[[str], object], what: str) -> None:
    found = evidence.users(fits, what)
    evidence.finds((service, user) for service, users in found for user in users)


def _finds_raw(evidence: Evidence, wanted: tuple[Service, str, str]) -> None:
    service, text, user = wanted
    answer = evidence.target.send("GET", f"{evidence.target.path(service)}?Identity={text}")
    same_bindings(answer, service.matching([user]))


def _written(wanted: tuple[Service, str, str]) -> str:
    return case_name(f"Identity={wanted[1]}")


def _show_nothing(evidence: Evidence, texts: Callable[[Sequence[str]], Sequence[str]]) -> None:
    """Raise `Violation` unless filters show nothing, which are made with a service's plain identities."""
    services = _plain_and_odd(evidence)
    before = ("", f"PageSize={LARGEST_SIZE}&")
    cases = [(service, text, start) for service in services for text in texts(_plain(service)[:2]) for start in before]
    evidence.each(partial(_nothing, evidence), cases, name=lambda case: case_name(f"{case[2]}Identity={case[1]}"))


def _nothing(evidence: Evidence, case: tuple[Service, str, str]) -> None:
    service, text, before = case
    answer = evidence.target.send("GET", f"{evidence.target.path(service)}?{before}Identity={text}", is_odd=True)
    is_refused = 400 <= answer.status < 500  # by the server, or by a firewall before it
    check(is_refused or answer.status == 200, "status 400 or 404, or an empty list", answer.summary, answer)
    if not is_refused:
        itself = {each.sid for each in service.matching(_readings(text))}
        others = [sid for sid in answer.sids if sid not in itself]
        check(not others, "status 400 or 404, or an empty list", answer.summary, answer)


def _readings(text: str) -> list[str]:
    """Give what decoders make of an escape that is none: most leave it, some know `%u`, or have U+FFFD for bytes."""
    return [text, _UNICODE_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text), unquote(text)]


def _url(page: Answer, name: str) -> str:
    url = page.url(name)
    return url if url is not None else fail(f"`meta.{name}`, a URL", "null", page)


def _has_surrogates(value: Any) -> bool:
    if isinstance(value, str):
        return _SURROGATE.search(value) is not None
    if isinstance(value, dict):
        return any(map(_has_surrogates, value.values()))
    return isinstance(value, list) and any(map(_has_surrogates, value))
