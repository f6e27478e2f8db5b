"""Defects of what browsers, proxies, frameworks and caches add to requests."""

import gzip
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..http import Answer, Headers, Request
from ..right import Right, Route


class RefusesOtherReferrers(Right):
    """Rack's protection against foreign pages answers 403 to a Referer from elsewhere."""

    clause = "HTTP-14"

    def dispatch(self, request: Request) -> Answer:
        if request.method == "GET" and "elsewhere" in request.headers.get("referer"):
            return Answer(403, [("Content-Type", "text/plain")], b"Forbidden")
        return super().dispatch(request)


class RangesOfItems(Right):
    """An item's Accept is matched strictly: what is not JSON is 406."""

    clause = "HTTP-14"

    def dispatch(self, request: Request) -> Answer:
        if "xml" in request.headers.get("accept") and "*" not in request.headers.get("accept"):
            return Answer(406, [("Content-Type", "text/plain")], b"Not Acceptable")
        return super().dispatch(request)


class FormsAreParameters(Right):
    """A form in the body of a GET is merged into the query, as Rack's `params` are."""

    clause = "HTTP-14"

    def dispatch(self, request: Request) -> Answer:
        if request.method == "GET" and b"PageSize=1&" in request.body:
            given = urlencode([pair for pair in parse_qsl(request.body.decode()) if pair[0] == "PageSize"])
            request = replace(request, target=f"{request.target}&{given}" if request.query else request.target)
        return super().dispatch(request)


class NotModifiedWhateverIsAsked(Right):
    """Any If-None-Match is a 304: the client has it, after all."""

    clause = "HTTP-14"

    def operate(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().operate(request, route, account)
        return Answer(304) if "if-none-match" in request.headers and request.method == "GET" else answer


class RefusesForeignDeletes(Right):
    """A DELETE with an Origin from elsewhere is 403: it could be forged."""

    clause = "DELETE-16"

    def dispatch(self, request: Request) -> Answer:
        if request.method == "DELETE" and request.headers.get("origin") and request.headers.get("referer"):
            return Answer(403, [("Content-Type", "text/plain")], b"Forbidden")
        return super().dispatch(request)


class OverridesDeletes(Right):
    """The method in X-HTTP-Method-Override counts, whatever the method was."""

    clause = "DELETE-16"

    def dispatch(self, request: Request) -> Answer:
        given = request.headers.get("x-http-method-override")
        return super().dispatch(replace(request, method=given) if request.method == "DELETE" and given else request)


class BrokenBodiesAreRefused(Right):
    """A body that is no JSON though it says so is 400, as body parsers have it, on a DELETE too."""

    clause = "DELETE-16"

    def delete(self, request: Request, route: Route, account: str) -> Answer:
        if request.body and "json" in request.headers.get("content-type"):
            try:
                json.loads(request.body)
            except ValueError:
                raise self.bad("The body is no JSON.") from None
        return super().delete(request, route, account)


class OverridesByHeader(Right):
    """A POST with X-HTTP-Method-Override is what that says: forms can delete."""

    clause = "HTTP-15"

    def dispatch(self, request: Request) -> Answer:
        given = request.headers.get("x-http-method-override")
        return super().dispatch(replace(request, method=given) if request.method == "POST" and given else request)


class OverridesByForm(Right):
    """A POST with `_method=DELETE` in its form is a DELETE, as in Rails."""

    clause = "HTTP-15"

    def dispatch(self, request: Request) -> Answer:
        is_meant = request.method == "POST" and request.body == b"_method=DELETE"
        return super().dispatch(replace(request, method="DELETE") if is_meant else request)


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


class TagsOfUrls(_Validates):
    """The ETag is made of the URL."""

    clause = "HTTP-16"

    def tag(self, request: Request, answer: Answer) -> str:
        return f'"{request.target.encode().hex()[-40:]}"'


class TagsOfTheNewest(_Validates):
    """The ETag of a list is the newest `date_updated` in it, which a delete leaves."""

    clause = "HTTP-16"

    def tag(self, request: Request, answer: Answer) -> str:
        shown = json.loads(answer.body)
        dates = [each["date_updated"] for each in shown.get("bindings", [shown])]
        return f'"{max(dates, default="")}"'


class ComparesTagsBeforeItAsks(_Validates):
    """An ETag that was given is a 304 from the cache, before anybody asks who wants it."""

    clause = "HTTP-16"

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.given: set[tuple[str, str]] = set()

    def tag(self, request: Request, answer: Answer) -> str:
        tag = f'"{abs(hash(answer.body))}"'
        self.given.add((request.target, tag))
        return tag

    def dispatch(self, request: Request) -> Answer:
        known = (request.target, request.headers.get("if-none-match")) in self.given
        return Answer(304) if known else super().dispatch(request)


class _Caches(Right):
    """Answers with Bindings have another Cache-Control."""

    control = ""

    def success(self, request: Request, content: Any) -> Answer:
        headers = [("Cache-Control", self.control)] if self.control else []
        return self.json_answer(200, content, *headers)


class NoCacheControl(_Caches):
    """Nothing is said about caches."""

    clause = "HTTP-17"


class ForSharedCaches(_Caches):
    """Everything is for shared caches, for a minute."""

    clause = "HTTP-17"
    control = "public, max-age=60"


class _Packs(Right):
    """Bodies come packed, without a word to caches."""

    vary = ""

    def finish(self, request: Request, answer: Answer) -> Answer:
        if (
            answer.body
            and "gzip" in request.headers.get("accept-encoding")
            and "q=0" not in request.headers.get("accept-encoding")
        ):
            answer.body = gzip.compress(answer.body, mtime=0)
            answer.headers.append(("Content-Encoding", "gzip"))
            if self.vary:
                answer.headers.append(("Vary", self.vary))
        return super().finish(request, answer)


class PacksWithoutVary(_Packs):
    """Packed answers have no Vary."""

    clause = "HTTP-18"


class VariesByOriginAlone(_Packs):
    """Packed answers vary by Origin alone."""

    clause = "HTTP-18"
    vary = "Origin"


class DeclaresLatin1(Right):
    """The framework's default charset stands in the Content-Type, and the body is UTF-8."""

    clause = "HTTP-19"

    def content_type(self) -> str:
        return "application/json; charset=ISO-8859-1"


class DeclaresUtf16(Right):
    """The charset is that of the platform's strings."""

    clause = "HTTP-19"

    def content_type(self) -> str:
        return 'application/json; charset="utf-16"'


class HeadIs404(Right):
    """The router knows no HEAD: 404."""

    clause = "HTTP-20"

    def dispatch(self, request: Request) -> Answer:
        if request.method == "HEAD":
            raise self.not_found(request)
        return super().dispatch(request)


class HeadIsAlways200(Right):
    """HEAD is a ping: 200, whatever is asked for."""

    clause = "HTTP-20"

    def dispatch(self, request: Request) -> Answer:
        return (
            Answer(200, [("Content-Type", "application/json")])
            if request.method == "HEAD"
            else super().dispatch(request)
        )


class OptionsIsAFault(Right):
    """OPTIONS without a method to ask for is 501."""

    clause = "HTTP-21"

    def dispatch(self, request: Request) -> Answer:
        return (
            Answer(501) if request.method == "OPTIONS" and not self.is_preflight(request) else super().dispatch(request)
        )


class OptionsIsGet(Right):
    """OPTIONS falls through to GET."""

    clause = "HTTP-21"

    def dispatch(self, request: Request) -> Answer:
        is_meant = request.method == "OPTIONS" and not self.is_preflight(request)
        return super().dispatch(replace(request, method="GET") if is_meant else request)


class _HasOrigins(Right):
    """URLs have another origin."""

    def origin(self, request: Request) -> str:
        return "http://" + request.headers.get("host")

    def base_url(self, request: Request) -> str:
        return f"{self.origin(request)}{self.prefix}"


class UrlsWithoutAHost(_HasOrigins):
    """`r.URL.Host` is empty on a server in Go: `http:///v2/...`."""

    clause = "HTTP-12"

    def origin(self, request: Request) -> str:
        return "http://"


class UrlsWithoutThePort(_HasOrigins):
    """`$host` has no port: nginx hands PHP a name without it."""

    clause = "HTTP-12"

    def origin(self, request: Request) -> str:
        return "http://" + request.headers.get("host").partition(":")[0]


class UrlsOfAnotherScheme(_HasOrigins):
    """The scheme of URLs is fixed, and not the one that was asked."""

    clause = "HTTP-12"

    def origin(self, request: Request) -> str:
        return "https://" + request.headers.get("host")


class _Believes(Right):
    """A header of proxies is believed from just anyone."""

    header = ""

    def base_url(self, request: Request) -> str:
        given = request.headers.get(self.header)
        if not given:
            return super().base_url(request)
        believed = Headers([("host", given.partition("host=")[2].partition(";")[0] or given)])
        return super().base_url(replace(request, headers=believed))


class BelievesForwardedHosts(_Believes):
    """X-Forwarded-Host is believed from just anyone."""

    clause = "HTTP-13"
    header = "x-forwarded-host"


class BelievesForwarded(_Believes):
    """Forwarded is believed from just anyone."""

    clause = "HTTP-13"
    header = "forwarded"


class BelievesOriginalHosts(_Believes):
    """X-Original-Host is believed from just anyone."""

    clause = "HTTP-13"
    header = "x-original-host"


class BelievesForwardedSchemes(Right):
    """X-Forwarded-Proto is believed from just anyone."""

    clause = "HTTP-13"

    def base_url(self, request: Request) -> str:
        scheme = request.headers.get("x-forwarded-proto", "http")
        return super().base_url(request).replace("http://", f"{scheme}://", 1)


class ShowsFilesOfErrors(Right):
    """What the framework says of a path that it cannot decode has the file in which it failed."""

    clause = "ERROR-18"

    def dispatch(self, request: Request) -> Answer:
        if "%FF" in request.path:
            return Answer(
                400, [("Content-Type", "text/plain")], b"URIError: failed at /srv/app/node_modules/router/layer"
            )
        return super().dispatch(request)


class EmptyErrorsOfOddPaths(Right):
    """A path with a NUL is 400 without a body, from the application's own middleware."""

    clause = "ERROR-18"

    def dispatch(self, request: Request) -> Answer:
        return Answer(400) if "%00" in request.path else super().dispatch(request)


class _AnswersInFront(Right):
    """The HTTP server answers odd paths before the application."""

    shown = b""

    def answer(self, request: Request) -> Answer:
        if "%FF" in request.path or "%00" in request.path:
            return Answer(400, [("Content-Type", "text/html")], self.shown)
        return super().answer(request)


class AProductsPage(_AnswersInFront):
    """The HTTP server answers odd paths with a page of its own."""

    clause = "ERROR-19"
    shown = b"<html><h1>400 Bad Request</h1><hr>nginx</html>"


class EmptyPagesInFront(_AnswersInFront):
    """The HTTP server answers odd paths with nothing."""

    clause = "ERROR-19"
