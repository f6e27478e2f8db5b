"""Defects of queries that servers read differently, and of many values."""

import re
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from ..http import Answer, Request
from ..identities import FoldsIdentities
from ..right import Binding, Refusal, Right, Route, Wanted

_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


class DropsPairsWithSemicolons(Right):
    """Go's `URL.Query` drops a pair with a raw `;`, and the filter with it."""

    clause = "FILTER-15"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        return super().parameters("&".join(part for part in query.split("&") if ";" not in part))


class DropsEmptyFilters(Right):
    """An empty Identity is no filter, as with `if identity:`: it shows everybody."""

    clause = "FILTER-15"

    def identities(self, values: list[str]) -> tuple[str, ...]:
        return super().identities([value for value in values if value])


class DropsEmptyTypes(Right):
    """An empty BindingType is no filter: it shows all types."""

    clause = "FILTER-15"

    def types(self, values: list[str]) -> tuple[str, ...]:
        return super().types([value for value in values if value])


class IgnoresOddNames(Right):
    """What is no parameter's name is ignored, `Identity[]` and one with a space before it among them."""

    clause = "FILTER-15"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        return [pair for pair in super().parameters(query) if not re.search(r"[\[\] ]", pair[0])]


class IgnoresManyValues(Right):
    """Of the values of a filter the first ten count, as Twilio's page says, and the others are ignored."""

    clause = "FILTER-16"

    def values(self, name: str, values: list[str]) -> tuple[str, ...]:
        return super().values(name, values[:10])


class IgnoresValuesBeyondFifty(Right):
    """`values[:50]` keeps the SQL short."""

    clause = "FILTER-16"

    def values(self, name: str, values: list[str]) -> tuple[str, ...]:
        return super().values(name, values[:50])


class CutsLongQueries(Right):
    """The query is read into a buffer of 16 KB, and what does not fit is cut off."""

    clause = "FILTER-17"

    def wanted(self, query: str) -> Wanted:
        whole = query[:16384].rpartition("&")[0] if len(query) > 16384 else query
        return super().wanted(whole)


class CrashesOnLongQueries(Right):
    """The access log's column takes 32,768 characters, and the exception is a 500."""

    clause = "FILTER-17"

    def wanted(self, query: str) -> Wanted:
        if len(query) > 32768:
            raise ValueError("value too long for type character varying(32768)")
        return super().wanted(query)


class RefusesUrlsOf8Kb(Right):
    """The HTTP server refuses a URL of over 8 KB, as nginx does by default."""

    clause = "FILTER-18"

    def answer(self, request: Request) -> Answer:
        if len(request.target) > 8192:
            return Answer(414, [("Content-Type", "text/html")], b"<h1>414 Request-URI Too Large</h1>")
        return super().answer(request)


class RefusesUrlsOf16Kb(Right):
    """The HTTP server refuses a URL of over 16 KB, as Node.js does by default."""

    clause = "FILTER-18"

    def answer(self, request: Request) -> Answer:
        return Answer(431) if len(request.target) > 16384 else super().answer(request)


class DeletesWithDroppedPairs(Right):
    """A delete takes no query parameters, and pairs with a raw `;` or a broken escape are dropped before that."""

    clause = "DELETE-15"

    def check_no_parameters(self, request: Request) -> None:
        kept = [part for part in request.query.split("&") if ";" not in part and not _BROKEN.search(part)]
        super().check_no_parameters(replace(request, target=f"{request.path}?{'&'.join(kept)}"))


class DeletesWhatItCannotDecode(Right):
    """A query that is no UTF-8 is no query: the delete goes on."""

    clause = "DELETE-15"

    def delete(self, request: Request, route: Route, account: str) -> Answer:
        try:
            unquote_to_bytes(request.query).decode()
        except UnicodeDecodeError:
            request = replace(request, target=request.path)
        return super().delete(request, route, account)


class _CutsIdentities(FoldsIdentities):
    """Identities are compared as far as an index or a column has them."""

    length = 0

    def fold(self, identity: str) -> str:
        return identity.encode()[: self.length].decode(errors="replace")


class ComparesAHundredBytes(_CutsIdentities):
    """The column has 100 bytes, and longer identities are cut."""

    clause = "TEXT-22"
    length = 100


class Compares191Bytes(_CutsIdentities):
    """The index has 191 bytes, as MySQL's once had, and hits are not compared again."""

    clause = "TEXT-22"
    length = 191


class Compares255Bytes(_CutsIdentities):
    """The column is a VARCHAR of 255."""

    clause = "TEXT-22"
    length = 255


class Compares256Characters(FoldsIdentities):
    """Identities are compared on their first 256 characters."""

    clause = "TEXT-22"

    def fold(self, identity: str) -> str:
        return identity[:256]


class _FindsByPrefix(Right):
    """Some texts find those that begin with them."""

    def is_prefix(self, text: str, identity: str) -> bool:
        return False

    def is_wanted(self, binding: Binding, wanted: Wanted) -> bool:
        if super().is_wanted(binding, wanted) or not wanted.identities:
            return super().is_wanted(binding, wanted)
        is_typed = not wanted.types or binding["binding_type"] in wanted.types
        return is_typed and any(self.is_prefix(each, binding["identity"]) for each in wanted.identities)


class FindsLongTextsByPrefix(_FindsByPrefix):
    """Long texts are looked up by `LIKE 'text%'` on a column of 300 characters, and longer ones by their hash."""

    clause = "TEXT-22"

    def is_prefix(self, text: str, identity: str) -> bool:
        return len(text) >= 100 and len(identity) <= 300 and identity.startswith(text)


class FindsWhatFillsTheIndex(_FindsByPrefix):
    """The index has 191 characters: a text that fills it is found in the index alone, and is not compared again."""

    clause = "TEXT-22"

    def is_prefix(self, text: str, identity: str) -> bool:
        return len(text) == 191 and identity.startswith(text)


class _TrimsSids(Right):
    """SIDs of one operation lose what stands around them; `bare` takes it off."""

    def is_meant(self, request: Request, route: Route) -> bool:
        """Tell whether it is that operation."""
        return request.method == "GET" and route.sid is not None

    def bare(self, sid: str) -> str:
        return sid

    def route(self, request: Request) -> Route | None:
        found = super().route(request)
        if found is None or not self.is_meant(request, found):
            return found
        return Route(self.bare(found.service), None if found.sid is None else self.bare(found.sid))


class TrimsFetchedSids(_TrimsSids):
    """`sid.strip()` takes white space off before a Binding is looked up."""

    clause = "FETCH-10"

    def bare(self, sid: str) -> str:
        return unquote_to_bytes(sid).decode(errors="replace").strip()


class DollarMatchesBeforeALineFeed(_TrimsSids):
    """`^BS[0-9a-f]{32}$` matches with a line feed at the end, and the column's collation ignores it."""

    clause = "FETCH-10"

    def bare(self, sid: str) -> str:
        return sid.removesuffix("%0A")


class _TrimsServices(_TrimsSids):
    def is_meant(self, request: Request, route: Route) -> bool:
        return route.sid is None


class TrimsServices(_TrimsServices):
    """The SID of a service is read by a tolerant parser: a NUL ends it."""

    clause = "LIST-16"

    def bare(self, sid: str) -> str:
        return sid.partition("%00")[0] if sid.startswith("IS") else sid


class PaddedServices(_TrimsServices):
    """SIDs of services stand in a CHAR column, which pads them with spaces: one more does not matter."""

    clause = "LIST-16"

    def bare(self, sid: str) -> str:
        return sid.replace("%20", "") if sid.startswith("IS") else sid


class _TrimsDeletedSids(_TrimsSids):
    """Only deletes lose what stands around a SID."""

    taken = ""

    def is_meant(self, request: Request, route: Route) -> bool:
        return request.method == "DELETE"

    def bare(self, sid: str) -> str:
        return sid.replace(self.taken, "")


class DeletesBeforeANul(_TrimsDeletedSids):
    """The driver takes a C string: a NUL ends the SID that is deleted."""

    clause = "DELETE-18"
    taken = "%00"


class DeletesWithATab(_TrimsDeletedSids):
    """The SID that is deleted is trimmed, so that it may be pasted from a table."""

    clause = "DELETE-18"
    taken = "%09"


def _device(binding: Binding) -> tuple[str, str]:
    return binding["endpoint"], binding["binding_type"]


class DeletesByDevice(Right):
    """A delete removes the device, wherever it is registered in the account."""

    clause = "DELETE-17"

    def is_same_owner(self, service: str, other: str) -> bool:
        return self.owners[service] == self.owners[other]

    def remove(self, service: str, sid: str) -> bool:
        with self.lock:
            gone = self.services[service].get(sid)
            if gone is None:
                return False
            for other, bindings in self.services.items():
                if other != service and self.is_same_owner(service, other):
                    for each in [each for each in bindings.values() if _device(each) == _device(gone)]:
                        del bindings[each["sid"]]
            del self.services[service][sid]
        return True


class DeletesByDeviceEverywhere(DeletesByDevice):
    """A delete removes the device from other accounts: push tokens are unique in the world, the team said."""

    clause = "DELETE-17"

    def is_same_owner(self, service: str, other: str) -> bool:
        return service == other or not super().is_same_owner(service, other)


class SaysThatThereIsNoAccount(Right):
    """The 401 says whether it was the account or the token that was wrong."""

    clause = "AUTH-18"

    def login(self, user: str) -> tuple[str, str]:
        if user not in self.logins:
            raise Refusal(401, 20003, "There is no such account.", ("WWW-Authenticate", "Basic"))
        return super().login(user)


class HasAnotherRealmForNoAccount(Right):
    """The challenge names the account's realm, and a general one where there is no such account."""

    clause = "AUTH-18"

    def login(self, user: str) -> tuple[str, str]:
        if user not in self.logins:
            raise Refusal(401, 20003, "Authentication failed.", ("WWW-Authenticate", 'Basic realm="unknown"'))
        return super().login(user)


class HasAnotherCodeForNoAccount(Right):
    """An account that does not exist has a code of its own."""

    clause = "AUTH-18"

    def login(self, user: str) -> tuple[str, str]:
        if user not in self.logins:
            challenge = ("WWW-Authenticate", 'Basic realm="Twilio API"')
            raise Refusal(401, 20008, "Authentication failed.", challenge)
        return super().login(user)


class DropsRawPairs(Right):
    """A pair with bytes that are not percent-encoded is dropped, since the parser's pattern knows ASCII alone."""

    clause = "FILTER-15"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        return super().parameters("&".join(part for part in query.split("&") if part.isascii()))


class CrashesOnRawBytes(Right):
    """`target.encode("ascii")` raises at raw UTF-8, and nobody catches it: 500."""

    clause = "FILTER-15"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        query.encode("ascii")
        return super().parameters(query)


class RawBytesAreNoQuery(Right):
    """A middleware decodes the raw query as UTF-8 and, where that raises, goes on without one: everybody is shown."""

    clause = "FILTER-15"

    def wanted(self, query: str) -> Wanted:
        return super().wanted(query if _is_utf8(query) else "")


class CrashesOnRawLatin1(Right):
    """`QUERY_STRING` is decoded as UTF-8 where it is read, and raw bytes that are none raise: 500."""

    clause = "FILTER-15"

    def wanted(self, query: str) -> Wanted:
        return super().wanted(query.encode("latin-1").decode().encode().decode("latin-1"))


class DeletesDespiteRawBytes(Right):
    """A middleware clears a raw query that is no UTF-8, and then the delete has no parameters."""

    clause = "DELETE-15"

    def delete(self, request: Request, route: Route, account: str) -> Answer:
        request = request if _is_utf8(request.query) else replace(request, target=request.path)
        return super().delete(request, route, account)


class ProxyFailsAtRawBytes(Right):
    """The HTTP server says 501 to raw bytes that are no UTF-8, before the application sees them."""

    clause = "ERROR-19"

    def answer(self, request: Request) -> Answer:
        return super().answer(request) if _is_utf8(request.target) else Answer(501)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


class _WritesBodiesOfHeads(Right):
    """The body of some answers to HEAD goes out."""

    def goes_out(self, answer: Answer) -> bool:
        return True

    def finish(self, request: Request, answer: Answer) -> Answer:
        body = answer.body
        found = super().finish(request, answer)
        if request.method == "HEAD" and self.goes_out(found):
            found.body = body
        return found


class HeadsHaveBodies(_WritesBodiesOfHeads):
    """HEAD is routed to the handler of GET, and the body goes out: the next answer begins with it."""

    clause = "HTTP-20"

    def goes_out(self, answer: Answer) -> bool:
        return answer.status == 200


class ErrorsOfHeadsHaveBodies(_WritesBodiesOfHeads):
    """The error handler writes its JSON whatever the method, behind the head of an answer to HEAD."""

    clause = "HTTP-20"

    def goes_out(self, answer: Answer) -> bool:
        return answer.status >= 400
