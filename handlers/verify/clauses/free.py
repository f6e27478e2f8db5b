"""FREE: what the contract leaves to the server, and what a server chose. None of it is ever violated."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from ..evidence import Evidence
from ..outcome import Choice
from ..response import Answer
from ..target import encode_query
from ..violation import DeleteLost, NotShown, Violation

Look = Callable[[Evidence], str]


class Free(NamedTuple):
    """Something that is left to the server."""

    id: str
    rule: str
    look: Look
    """Says what the target chose, in a few words; empty where its answers do not show it."""


_FREE: list[Free] = []


def free() -> Sequence[Free]:
    """List all that is left to the server, by id."""
    return sorted(_FREE)


def choices(evidence: Evidence) -> Sequence[Choice]:
    """Look what the target chose."""

    def look(each: Free) -> Choice:
        try:
            chosen = each.look(evidence)
        except (Violation, NotShown, DeleteLost, KeyError, TypeError, ValueError, AttributeError, IndexError):
            chosen = ""  # a clause tells what is wrong with it
        return Choice(each.id, each.rule, chosen)

    return evidence.target.together([partial(look, each) for each in free()])


def _left(identifier: str, rule: str) -> Callable[[Look], Look]:
    def mark(look: Look) -> Look:
        _FREE.append(Free(identifier, rule, look))
        return look

    return mark


@_left("FREE-01", "The order of a list.")
def _order(evidence: Evidence) -> str:
    items = evidence.walks[0].pages[0].bindings
    for name in ("sid", "date_created", "date_updated", "identity"):
        values = [item[name] for item in items]
        if values == sorted(values) or values == sorted(values, reverse=True):
            return f"by {name}, {'ascending' if values == sorted(values) else 'descending'}"
    return "another than by sid, by a date or by identity"


@_left("FREE-02", "The form of page tokens.")
def _tokens(evidence: Evidence) -> str:
    url = evidence.listed(evidence.large, evidence.paged).url("next_page_url") or ""
    token = parse_qs(urlsplit(url).query)["PageToken"][-1]
    return f"{len(token)} characters, {'letters and digits alone' if token.isalnum() else 'other signs among them'}"


@_left("FREE-03", "How many values of a filter are taken beyond ten.")
def _values(evidence: Evidence) -> str:
    taken = 10
    for count in (11, 50, 100):
        query = [("Identity", f"nobody {number}") for number in range(count)]
        if evidence.target.list(evidence.rich, query, is_odd=True).status != 200:
            return f"{taken} are taken, {count} are not"
        taken = count
    return f"{taken} are taken"


@_left("FREE-04", "How large a Page is taken beyond a thousand.")
def _pages(evidence: Evidence) -> str:
    taken = "1000"
    for page in ("1000000", "2147483646"):
        answer = evidence.target.list(evidence.rich, [("PageSize", "1"), ("Page", page)], is_odd=True)
        if answer.status != 200:
            return f"{taken} is taken, {page} is a {answer.status}"
        taken = page
    return f"{taken} is taken"


@_left("FREE-05", "A slash at the end of a path.")
def _slash(evidence: Evidence) -> str:
    return _status(evidence, f"{evidence.target.path(evidence.rich)}/?PageSize=1")


@_left("FREE-06", "A SID in the other case of its hexadecimal digits.")
def _case(evidence: Evidence) -> str:
    sid = evidence.rich.bindings[0].sid
    return _status(evidence, evidence.target.path(evidence.rich, sid[:2] + sid[2:].swapcase()))


@_left("FREE-07", "HEAD: as GET without the body, or a 405.")
def _head(evidence: Evidence) -> str:
    path = evidence.target.path(evidence.rich, evidence.rich.bindings[0])
    return f"status {evidence.target.send('HEAD', path, is_odd=True).status}"


@_left("FREE-08", "A parameter with one value that is sent twice.")
def _twice(evidence: Evidence) -> str:
    answer = evidence.listed(evidence.large, ("PageSize", "7"), ("PageSize", "5"))
    return {7: "the first counts", 5: "the last counts"}.get(len(answer.bindings), "another meaning")


@_left("FREE-09", "Broken percent-encoding in a filter: an error, or nobody.")
def _broken(evidence: Evidence) -> str:
    return _status(evidence, f"{evidence.target.path(evidence.rich)}?Identity=%zz")


@_left("FREE-10", "A NUL in a filter: an error, or nobody.")
def _nul(evidence: Evidence) -> str:
    return _status(evidence, f"{evidence.target.path(evidence.rich)}?Identity=%00")


@_left("FREE-11", "Bytes in a path that are no UTF-8, as far as the HTTP server answers them.")
def _bytes(evidence: Evidence) -> str:
    return _status(evidence, f"{evidence.target.path(evidence.rich)}/%FF")


@_left("FREE-12", "An empty PageToken.")
def _empty_token(evidence: Evidence) -> str:
    return _status(evidence, f"{evidence.target.path(evidence.rich)}?PageSize=1&PageToken=")


@_left("FREE-13", "An integer that is written in another way: 05, +5, 5.0.")
def _integers(evidence: Evidence) -> str:
    path = evidence.target.path(evidence.large)
    ways = {"05": "05", "+5": "%2B5", "5.0": "5.0"}
    return ", ".join(f"{way}: {_status(evidence, f'{path}?PageSize={text}')}" for way, text in ways.items())


@_left("FREE-14", "The framing and the encoding of answers.")
def _encoding(evidence: Evidence) -> str:
    answer = evidence.listed(evidence.rich)
    framing = "in chunks" if "chunked" in answer.header("transfer-encoding").lower() else "with Content-Length"
    return f"{framing}, {answer.header('content-encoding')[:20] or 'not compressed'}"


@_left("FREE-15", "Validators, and answers to conditional requests.")
def _validators(evidence: Evidence) -> str:
    answer = evidence.fetched[0][1]
    names = [name for name in ("ETag", "Last-Modified") if answer.header(name.lower())]
    return " and ".join(names) or "none"


@_left("FREE-16", "Two slashes in the place of one.")
def _slashes(evidence: Evidence) -> str:
    path = evidence.target.path(evidence.rich)
    return _status(evidence, path.replace("/Bindings", "//Bindings") + "?PageSize=1")


@_left("FREE-17", "A page token with other filters: an error, or a page of what they ask for.")
def _token(evidence: Evidence) -> str:
    url = evidence.listed(evidence.large, evidence.paged).url("next_page_url") or ""
    token = parse_qs(urlsplit(url).query)["PageToken"][-1]
    query = [("BindingType", evidence.large.bindings[0].binding_type), ("PageSize", "7"), ("PageToken", token)]
    return _status(evidence, f"{evidence.target.path(evidence.large)}?{encode_query(query)}")


@_left("FREE-18", "OPTIONS that is no preflight.")
def _options(evidence: Evidence) -> str:
    return f"status {evidence.target.send('OPTIONS', evidence.target.path(evidence.rich), is_odd=True).status}"


@_left("FREE-19", "The error that comes first where a path or a method is unknown and credentials are missing.")
def _first(evidence: Evidence) -> str:
    path = evidence.target.send("GET", "/v2/nothing", credentials=None, is_odd=True).status
    method = evidence.target.send("PATCH", evidence.target.path(evidence.rich), credentials=None, is_odd=True).status
    return f"an unknown path is a {path}, an unknown method a {method}"


@_left("FREE-20", "The host of URLs, as long as they work.")
def _hosts(evidence: Evidence) -> str:
    parts = urlsplit(str(evidence.fetched[0][1].object["url"]))
    is_own = evidence.target.is_below(parts.geturl())
    return "the one that was asked" if is_own else f"another: {parts.scheme}://{parts.netloc[:80]}"


@_left("FREE-21", "A limit of requests: a 429 with Retry-After at any time.")
def _limit(evidence: Evidence) -> str:
    count = sum(answer.status == 429 for answer in evidence.target.seen)
    return f"{count} requests had to wait" if count else "none was met"


@_left("FREE-22", "An error to a path that is no URI: in JSON, or a short text of the HTTP server's.")
def _no_uri(evidence: Evidence) -> str:
    answer = evidence.target.send("GET", f"{evidence.target.path(evidence.rich)}/%zz", is_odd=True)
    return f"status {answer.status}, {answer.media_type or 'no Content-Type'}"


@_left("FREE-23", "A parameter with a name that objects inherit (`constructor`): refused, or ignored.")
def _inherited(evidence: Evidence) -> str:
    return _status(evidence, f"{evidence.target.path(evidence.rich)}?PageSize=1&constructor=1")


@_left("FREE-24", "A PageToken that is sent twice: an error, or one of the two.")
def _token_twice(evidence: Evidence) -> str:
    url = evidence.listed(evidence.large, evidence.paged).url("next_page_url") or ""
    token = parse_qs(urlsplit(url).query)["PageToken"][-1]
    path = evidence.target.path(evidence.large)
    return _status(evidence, f"{path}?{encode_query([evidence.paged, ('PageToken', token), ('PageToken', token)])}")


def _status(evidence: Evidence, path: str) -> str:
    answer: Answer = evidence.target.send("GET", path, is_odd=True)
    if answer.status == 200 and not answer.is_of_binding:
        return f"status 200, {len(answer.bindings) or 'no'} Bindings"
    return f"status {answer.status}"
