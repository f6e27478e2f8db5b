"""Defects of what browsers, proxies, frameworks and caches add to requests."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from ..bases import after, before, first, instead
from ..different_network import Packed
from ..http import Answer, Headers, Request
from ..right import After, Before, First, Right, Route


@first(Right.dispatch, "HTTP-14")
def refuses_other_referrers(request):
    """Rack's protection against foreign pages answers 403 to a Referer from elsewhere."""
    if request.method == "GET" and "elsewhere" in request.headers.get("referer"):
        return Answer(403, [("Content-Type", "text/plain")], b"Forbidden")
    return None


@first(Right.dispatch, "HTTP-14")
def ranges_of_items(request):
    """An item's Accept is matched strictly: what is not JSON is 406."""
    if "xml" in request.headers.get("accept") and "*" not in request.headers.get("accept"):
        return Answer(406, [("Content-Type", "text/plain")], b"Not Acceptable")
    return None


@before(Right.dispatch, "HTTP-14")
def forms_are_parameters(request):
    """A form in the body of a GET is merged into the query, as Rack's `params` are."""
    if request.method == "GET" and b"PageSize=1&" in request.body:
        given = urlencode([pair for pair in parse_qsl(request.body.decode()) if pair[0] == "PageSize"])
        request = replace(request, target=f"{request.target}&{given}" if request.query else request.target)
    return request


@after(Right.operate, "HTTP-14")
def not_modified_whatever_is_asked(answer, request):
    """Any If-None-Match is a 304: the client has it, after all."""
    return Answer(304) if "if-none-match" in request.headers and request.method == "GET" else answer


@first(Right.dispatch, "DELETE-16")
def refuses_foreign_deletes(request):
    """A DELETE with an Origin from elsewhere is 403: it could be forged."""
    if request.method == "DELETE" and request.headers.get("origin") and request.headers.get("referer"):
        return Answer(403, [("Content-Type", "text/plain")], b"Forbidden")
    return None


@before(Right.dispatch, "DELETE-16")
def overrides_deletes(request):
    """The method in X-HTTP-Method-Override counts, whatever the method was."""
    given = request.headers.get("x-http-method-override")
    return replace(request, method=given) if request.method == "DELETE" and given else request


@first(Right.delete, "DELETE-16")
def broken_bodies_are_refused(self, request):
    """A body that is no JSON though it says so is 400, as body parsers have it, on a DELETE too."""
    if request.body and "json" in request.headers.get("content-type"):
        try:
            json.loads(request.body)
        except ValueError:
            raise self.bad("The body is no JSON.") from None


@before(Right.dispatch, "HTTP-15")
def overrides_by_header(request):
    """A POST with X-HTTP-Method-Override is what that says: forms can delete."""
    given = request.headers.get("x-http-method-override")
    return replace(request, method=given) if request.method == "POST" and given else request


@before(Right.dispatch, "HTTP-15")
def overrides_by_form(request):
    """A POST with `_method=DELETE` in its form is a DELETE, as in Rails."""
    is_meant = request.method == "POST" and request.body == b"_method=DELETE"
    return replace(request, method="DELETE") if is_meant else request


class _Validates(Right):
    """Lists and Bindings have an ETag; `tag` makes it, and it is compared before anything is read."""

    def tag(self, request: Request, answer: Answer) -> str:
        return f'"{len(answer.body)}"'

    def operate(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().operate(request, route, account)
        if request.method == "GET" and answer.status == 200:
            tag = self.tag(request, answer)
            answer.headers.append(("ETag", tag))
            if request.headers.get("if-none-match") == tag:
                return Answer(304, [("ETag", tag)])
        return answer


class TagsOfUrls(_Validates, clause="HTTP-16", tag=lambda request, answer: f'"{request.target.encode().hex()[-40:]}"'):
    """The ETag is made of the URL."""


@instead(_Validates.tag, "HTTP-16")
def tags_of_the_newest(answer):
    """The ETag of a list is the newest `date_updated` in it, which a delete leaves."""
    shown = json.loads(answer.body)
    dates = [each["date_updated"] for each in shown.get("bindings", [shown])]
    return f'"{max(dates, default="")}"'


class ComparesTagsBeforeItAsks(_Validates, clause="HTTP-16"):
    """An ETag that was given is a 304 from the cache, before anybody asks who wants it."""

    def tag(self, request: Request, answer: Answer) -> str:
        tag = f'"{abs(hash(answer.body))}"'
        self.kept[request.target, tag] = True
        return tag

    def dispatch(self, request: Request) -> Answer:
        known = (request.target, request.headers.get("if-none-match")) in self.kept
        return Answer(304) if known else super().dispatch(request)


class NoCacheControl(Right, clause="HTTP-17", success=lambda self, request, content: self.json_answer(200, content)):
    """Nothing is said about caches."""


@instead(Right.success, "HTTP-17")
def for_shared_caches(self, content):
    """Everything is for shared caches, for a minute."""
    return self.json_answer(200, content, ("Cache-Control", "public, max-age=60"))


class PacksWithoutVary(Packed, clause="HTTP-18", vary=""):
    """Packed answers have no Vary."""


class VariesByOriginAlone(Packed, clause="HTTP-18", vary="Origin"):
    """Packed answers vary by Origin alone."""


class DeclaresLatin1(Right, clause="HTTP-19", content_type="application/json; charset=ISO-8859-1"):
    """The framework's default charset stands in the Content-Type, and the body is UTF-8."""


class DeclaresUtf16(Right, clause="HTTP-19", content_type='application/json; charset="utf-16"'):
    """The charset is that of the platform's strings."""


@first(Right.dispatch, "HTTP-20")
def head_is404(self, request):
    """The router knows no HEAD: 404."""
    if request.method == "HEAD":
        raise self.not_found(request)


@first(Right.dispatch, "HTTP-20")
def head_is_always200(request):
    """HEAD is a ping: 200, whatever is asked for."""
    pong = Answer(200, [("Content-Type", "application/json")])
    return pong if request.method == "HEAD" else None


@first(Right.dispatch, "HTTP-21")
def options_is_a_fault(self, request):
    """OPTIONS without a method to ask for is 501."""
    is_meant = request.method == "OPTIONS" and not self.is_preflight(request)
    return Answer(501) if is_meant else None


@before(Right.dispatch, "HTTP-21")
def options_is_get(request, self):
    """OPTIONS falls through to GET."""
    is_meant = request.method == "OPTIONS" and not self.is_preflight(request)
    return replace(request, method="GET") if is_meant else request


class UrlsWithoutAHost(Right, clause="HTTP-12", base_url=lambda request: "http://"):
    """`r.URL.Host` is empty on a server in Go: `http:///v2/...`."""


class UrlsWithoutThePort(Right, clause="HTTP-12", base_url=After(lambda right: re.sub(r":\d+$", "", right))):
    """`$host` has no port: nginx hands PHP a name without it."""


class UrlsOfAnotherScheme(Right, clause="HTTP-12", base_url=After(lambda right: right.replace("http:", "https:"))):
    """The scheme of URLs is fixed, and not the one that was asked."""


def _believed(header):
    """Make what believes a header of proxies from just anyone."""

    def believe(request):
        given = request.headers.get(header)
        host = given.partition("host=")[2].partition(";")[0] or given
        return replace(request, headers=Headers([("host", host)])) if given else request

    return Before(believe)


class BelievesForwardedHosts(Right, clause="HTTP-13", base_url=_believed("x-forwarded-host")):
    """X-Forwarded-Host is believed from just anyone."""


class BelievesForwarded(Right, clause="HTTP-13", base_url=_believed("forwarded")):
    """Forwarded is believed from just anyone."""


class BelievesOriginalHosts(Right, clause="HTTP-13", base_url=_believed("x-original-host")):
    """X-Original-Host is believed from just anyone."""


@after(Right.base_url, "HTTP-13")
def believes_forwarded_schemes(right, request):
    """X-Forwarded-Proto is believed from just anyone."""
    return right.replace("http://", f"{request.headers.get('x-forwarded-proto', 'http')}://", 1)


@first(Right.dispatch, "ERROR-18")
def shows_files_of_errors(request):
    """What the framework says of a path that it cannot decode has the file in which it failed."""
    if "%FF" in request.path:
        shown = b"URIError: failed at /srv/app/node_modules/router/layer"
        return Answer(400, [("Content-Type", "text/plain")], shown)
    return None


@first(Right.dispatch, "ERROR-18")
def empty_errors_of_odd_paths(request):
    """A path with a NUL is 400 without a body, from the application's own middleware."""
    return Answer(400) if "%00" in request.path else None


def _in_front(body):
    """Make what answers odd paths before the application."""
    answer = Answer(400, [("Content-Type", "text/html")], body)
    return First(lambda request: deepcopy(answer) if re.search("%FF|%00", request.path) else None)


class AProductsPage(Right, clause="ERROR-19", answer=_in_front(b"<html><h1>400 Bad Request</h1><hr>nginx</html>")):
    """The HTTP server answers odd paths with a page of its own."""


class EmptyPagesInFront(Right, clause="ERROR-19", answer=_in_front(b"")):
    """The HTTP server answers odd paths with nothing."""
