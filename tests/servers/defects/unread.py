"""Defects of queries that servers read differently, and of many values."""

import re
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from ..bases import ComparesIdentities, FoldsIdentities, around, before, first, instead
from ..http import Answer
from ..right import After, Before, Binding, Refusal, Right, Route, only

_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


class DropsPairsWithSemicolons(Right, clause="FILTER-15", parts=After(only(lambda part: ";" not in part))):
    """Go's `URL.Query` drops a pair with a raw `;`, and the filter with it."""


class DropsEmptyFilters(Right, clause="FILTER-15", identities=Before(only(bool))):
    """An empty Identity is no filter, as with `if identity:`: it shows everybody."""


class DropsEmptyTypes(Right, clause="FILTER-15", types=Before(only(bool))):
    """An empty BindingType is no filter: it shows all types."""


class IgnoresOddNames(Right, clause="FILTER-15", parameters=After(only(lambda one: not set("[] ") & set(one[0])))):
    """What is no parameter's name is ignored, `Identity[]` and one with a space before it among them."""


class IgnoresManyValues(Right, clause="FILTER-16", values=Before(lambda values: values[:10])):
    """Of the values of a filter the first ten count, as Twilio's page says, and the others are ignored."""


class IgnoresValuesBeyondFifty(Right, clause="FILTER-16", values=Before(lambda values: values[:50])):
    """`values[:50]` keeps the SQL short."""


@before(Right.wanted, "FILTER-17")
def cuts_long_queries(query):
    """The query is read into a buffer of 16 KB, and what does not fit is cut off."""
    return query[:16384].rpartition("&")[0] if len(query) > 16384 else query


@first(Right.wanted, "FILTER-17")
def crashes_on_long_queries(query):
    """The access log's column takes 32,768 characters, and the exception is a 500."""
    if len(query) > 32768:
        raise ValueError("value too long for type character varying(32768)")


@first(Right.answer, "FILTER-18")
def refuses_urls_of8_kb(request):
    """The HTTP server refuses a URL of over 8 KB, as nginx does by default."""
    if len(request.target) > 8192:
        return Answer(414, [("Content-Type", "text/html")], b"<h1>414 Request-URI Too Large</h1>")
    return None


@first(Right.answer, "FILTER-18")
def refuses_urls_of16_kb(request):
    """The HTTP server refuses a URL of over 16 KB, as Node.js does by default."""
    return Answer(431) if len(request.target) > 16384 else None


@before(Right.check_no_parameters, "DELETE-15")
def deletes_with_dropped_pairs(request):
    """A delete takes no query parameters, and pairs with a raw `;` or a broken escape are dropped before that."""
    kept = [part for part in request.query.split("&") if ";" not in part and not _BROKEN.search(part)]
    return replace(request, target=f"{request.path}?{'&'.join(kept)}")


@before(Right.delete, "DELETE-15")
def deletes_what_it_cannot_decode(request):
    """A query that is no UTF-8 is no query: the delete goes on."""
    try:
        unquote_to_bytes(request.query).decode()
    except UnicodeDecodeError:
        request = replace(request, target=request.path)
    return request


def _first_bytes(length):
    """Make what compares identities as far as an index or a column has them."""
    return lambda identity: identity.encode()[:length].decode(errors="replace")


class ComparesAHundredBytes(FoldsIdentities, clause="TEXT-22", fold=_first_bytes(100)):
    """The column has 100 bytes, and longer identities are cut."""


class Compares191Bytes(FoldsIdentities, clause="TEXT-22", fold=_first_bytes(191)):
    """The index has 191 bytes, as MySQL's once had, and hits are not compared again."""


class Compares255Bytes(FoldsIdentities, clause="TEXT-22", fold=_first_bytes(255)):
    """The column is a VARCHAR of 255."""


class Compares256Characters(FoldsIdentities, clause="TEXT-22", fold=lambda identity: identity[:256]):
    """Identities are compared on their first 256 characters."""


@instead(ComparesIdentities.is_same, "TEXT-22")
def finds_long_texts_by_prefix(identity, value):
    """Long texts are looked up by `LIKE 'text%'` on a column of 300 characters, and longer ones by their hash."""
    return identity == value or (len(value) >= 100 and len(identity) <= 300 and identity.startswith(value))


@instead(ComparesIdentities.is_same, "TEXT-22")
def finds_what_fills_the_index(identity, value):
    """The index has 191 characters: a text that fills it is found in the index alone, and is not compared again."""
    return identity == value or (len(value) == 191 and identity.startswith(value))


def _sids(route, bare):
    """Change both SIDs of a route."""
    return Route(bare(route.service), bare(route.sid))


@before(Right.fetch, "FETCH-10")
def trims_fetched_sids(route):
    """`sid.strip()` takes white space off before a Binding is looked up."""
    return _sids(route, lambda sid: unquote_to_bytes(sid).decode(errors="replace").strip())


@before(Right.fetch, "FETCH-10")
def dollar_matches_before_a_line_feed(route):
    """`^BS[0-9a-f]{32}$` matches with a line feed at the end, and the column's collation ignores it."""
    return _sids(route, lambda sid: sid.removesuffix("%0A"))


@before(Right.list_bindings, "LIST-16")
def trims_services(route):
    """The SID of a service is read by a tolerant parser: a NUL ends it."""
    return Route(route.service.partition("%00")[0], None) if route.service.startswith("IS") else route


@before(Right.list_bindings, "LIST-16")
def padded_services(route):
    """SIDs of services stand in a CHAR column, which pads them with spaces: one more does not matter."""
    return Route(route.service.replace("%20", ""), None) if route.service.startswith("IS") else route


@before(Right.delete, "DELETE-18")
def deletes_before_a_nul(route):
    """The driver takes a C string: a NUL ends the SID that is deleted."""
    return _sids(route, lambda sid: sid.replace("%00", ""))


@before(Right.delete, "DELETE-18")
def deletes_with_a_tab(route):
    """The SID that is deleted is trimmed, so that it may be pasted from a table."""
    return _sids(route, lambda sid: sid.replace("%09", ""))


def _device(binding: Binding) -> tuple[str, str]:
    return binding["endpoint"], binding["binding_type"]


class DeletesByDevice(Right, clause="DELETE-17"):
    """A delete removes the device, wherever it is registered in the account."""

    def is_same_owner(self, service: str, other: str) -> bool:
        return self.owners[service] == self.owners[other]

    def remove(self, service: str, sid: str) -> bool:
        with self.lock:
            gone = self.find(service, sid)
            for other in self.services if gone else ():
                same = [each for each in self.stored(other) if _device(each) == _device(gone)]
                if other != service and self.is_same_owner(service, other):
                    for each in same:
                        super().remove(other, each["sid"])
            return super().remove(service, sid)


class DeletesByDeviceEverywhere(DeletesByDevice, clause="DELETE-17"):
    """A delete removes the device from other accounts: push tokens are unique in the world, the team said."""

    def is_same_owner(self, service: str, other: str) -> bool:
        return service == other or not super().is_same_owner(service, other)


@instead(Right.unknown_user, "AUTH-18")
def says_that_there_is_no_account():
    """The 401 says whether it was the account or the token that was wrong."""
    return Refusal(401, 20003, "There is no such account.", ("WWW-Authenticate", "Basic"))


@instead(Right.unknown_user, "AUTH-18")
def has_another_realm_for_no_account(self):
    """The challenge names the account's realm, and a general one where there is no such account."""
    return self.unauthorized().with_headers(("WWW-Authenticate", 'Basic realm="unknown"'))


class HasAnotherCodeForNoAccount(Right, clause="AUTH-18", unknown_user=After(lambda right: right.with_code(20008))):
    """An account that does not exist has a code of its own."""


class DropsRawPairs(Right, clause="FILTER-15", parts=After(only(str.isascii))):
    """A pair with bytes that are not percent-encoded is dropped, since the parser's pattern knows ASCII alone."""


@first(Right.parameters, "FILTER-15")
def crashes_on_raw_bytes(query):
    """`target.encode("ascii")` raises at raw UTF-8, and nobody catches it: 500."""
    query.encode("ascii")


class RawBytesAreNoQuery(Right, clause="FILTER-15", wanted=Before(lambda query: query if _is_utf8(query) else "")):
    """A middleware decodes the raw query as UTF-8 and, where that raises, goes on without one: everybody is shown."""


@before(Right.wanted, "FILTER-15")
def crashes_on_raw_latin1(query):
    """`QUERY_STRING` is decoded as UTF-8 where it is read, and raw bytes that are none raise: 500."""
    return query.encode("latin-1").decode().encode().decode("latin-1")


@before(Right.delete, "DELETE-15")
def deletes_despite_raw_bytes(request):
    """A middleware clears a raw query that is no UTF-8, and then the delete has no parameters."""
    return request if _is_utf8(request.query) else replace(request, target=request.path)


@first(Right.answer, "ERROR-19")
def proxy_fails_at_raw_bytes(request):
    """The HTTP server says 501 to raw bytes that are no UTF-8, before the application sees them."""
    return None if _is_utf8(request.target) else Answer(501)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


@around(Right.finish, "HTTP-20")
def heads_have_bodies(right, answer):
    """HEAD is routed to the handler of GET, and the body goes out: the next answer begins with it."""
    body = answer.body
    return replace(right(), body=body) if answer.status == 200 else right()


@around(Right.finish, "HTTP-20")
def errors_of_heads_have_bodies(right, answer):
    """The error handler writes its JSON whatever the method, behind the head of an answer to HEAD."""
    body = answer.body
    return replace(right(), body=body) if answer.status >= 400 else right()
