"""Defects of HTTP: headers, preflights, redirects, encodings, framing."""

import gzip
import hashlib
import re
import secrets
import zlib
from typing import Any

from ..http import Answer, Request
from ..right import Refusal, Right, Route, Wanted

_LARGE = 8192
_NONCE = "-_v7"
"""How a token begins, so that each has one of the characters that are not safe in a query."""


class NoRequestId(Right):
    """No answer carries Twilio-Request-Id: it was thought to be of Twilio's own infrastructure."""

    clause = "HTTP-01"

    def finish(self, request: Request, answer: Answer) -> Answer:
        answer = super().finish(request, answer)
        answer.headers = [pair for pair in answer.headers if pair[0] != "Twilio-Request-Id"]
        return answer


class NoRequestIdOnErrors(NoRequestId):
    """The id is set by an after-request hook, which the framework leaves out for exceptions."""

    clause = "HTTP-01"

    def finish(self, request: Request, answer: Answer) -> Answer:
        return super().finish(request, answer) if answer.status >= 400 else Right.finish(self, request, answer)


class RequestIdIsAUuid(Right):
    """The id is a UUID with hyphens, as the tracing library makes them."""

    clause = "HTTP-01"

    def request_id(self, request: Request) -> str:
        digits = secrets.token_hex(16)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class OneRequestIdForAll(Right):
    """The id is a default argument, evaluated once when the module is loaded."""

    clause = "HTTP-02"

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.id = f"RQ{secrets.token_hex(16)}"

    def request_id(self, request: Request) -> str:
        return self.id


class RequestIdOfTheConnection(Right):
    """The id is made when a connection is accepted, and is the same for all requests on it."""

    clause = "HTTP-02"

    def request_id(self, request: Request) -> str:
        return str(request.connection.setdefault("id", super().request_id(request)))


class RequestIdOfTheUrl(Right):
    """The id is the hash of method and URL, to be found again in the log: asking twice gives the same."""

    clause = "HTTP-02"

    def request_id(self, request: Request) -> str:
        return "RQ" + hashlib.md5(f"{request.method} {request.target}".encode()).hexdigest()


class NoCors(Right):
    """Browsers were never thought of: no Access-Control-Allow-Origin."""

    clause = "HTTP-03"

    def cors(self, request: Request, answer: Answer) -> list[tuple[str, str]]:
        return []


class NoCorsOnErrors(Right):
    """nginx' `add_header` without `always` leaves errors out, so a browser cannot read a 401."""

    clause = "HTTP-03"

    def cors(self, request: Request, answer: Answer) -> list[tuple[str, str]]:
        return super().cors(request, answer) if answer.status < 400 else []


class PreflightNeedsCredentials(Right):
    """Authentication stands before CORS in the stack, and browsers send no credentials with a preflight: 401."""

    clause = "HTTP-04"

    def preflight(self, request: Request, route: Route) -> Answer:
        self.account(request)
        return super().preflight(request, route)


class PreflightIsNotAllowed(Right):
    """OPTIONS is no method of the paths: a preflight is 405."""

    clause = "HTTP-04"

    def is_preflight(self, request: Request) -> bool:
        return False


class _PreflightsOtherwise(Right):
    """A preflight has another value in one of its headers."""

    name, value = "", ""

    def preflight(self, request: Request, route: Route) -> Answer:
        answer = super().preflight(request, route)
        answer.headers = [(name, self.value if name == self.name else value) for name, value in answer.headers]
        return answer


class PreflightForgetsDelete(_PreflightsOtherwise):
    """The CORS library's default methods are GET, HEAD and POST: a browser cannot delete."""

    clause = "HTTP-05"
    name, value = "Access-Control-Allow-Methods", "GET, HEAD, POST"


class PreflightForgetsAuthorization(_PreflightsOtherwise):
    """The allowed headers are `*`, which does not cover Authorization (Fetch standard)."""

    clause = "HTTP-05"
    name, value = "Access-Control-Allow-Headers", "*"


class RedirectsToASlash(Right):
    """Flask's strict_slashes: the route of lists is written with a slash at its end, and without it redirects there."""

    clause = "HTTP-06"

    def match(self, path: str) -> re.Match[str] | None:
        return super().match(path.removesuffix("/"))

    def dispatch(self, request: Request) -> Answer:
        route = self.route(request)
        is_list = route is not None and route.sid is None and request.method == "GET"
        if not is_list or request.path.endswith("/"):
            return super().dispatch(request)
        self.account(request)
        query = f"?{request.query}" if request.query else ""
        return Answer(301, [("Location", f"{request.path}/{query}")])


class RedirectsToItsDefaults(Right):
    """A list without PageSize is redirected to itself with PageSize=50, so that caches see one URL."""

    clause = "HTTP-06"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        wanted = self.wanted(request.query)
        if "PageSize" in request.query:
            return super().list_bindings(request, route, account)
        service = self.service(request, route, account)
        return Answer(302, [("Location", self.page_url(request, service, wanted, wanted.page, wanted.token))])


class RedirectsOverrides(Right):
    """A method override is for forms, and what a form sends is answered with 303, See Other."""

    clause = "HTTP-06"

    def dispatch(self, request: Request) -> Answer:
        if request.method == "GET" and request.headers.get("x-http-method-override"):
            return Answer(303, [("Location", request.path)])
        return super().dispatch(request)


class RedirectsFormsMethods(Right):
    """`_method`, which a form's page has in its query, is taken out of the URL by a redirect."""

    clause = "HTTP-06"

    def dispatch(self, request: Request) -> Answer:
        if request.method == "GET" and "_method" in request.query:
            return Answer(302, [("Location", request.path)])
        return super().dispatch(request)


class _TypesAnswers(Right):
    """Answers with content have another type; errors have the right one."""

    type = ""

    def success(self, request: Request, content: Any) -> Answer:
        return Answer(200, [("Content-Type", self.type)], self.dump(content))


class AnswersAreText(_TypesAnswers):
    """The body is JSON and the type the framework's default for a str: text/html."""

    clause = "HTTP-07"
    type = "text/html; charset=utf-8"


class AnswersAreHal(_TypesAnswers):
    """The type is that of HAL, because there are `links`."""

    clause = "HTTP-07"
    type = "application/hal+json"


class _Packs(Right):
    """Packs the body of some answers in one way, and says what it goes by."""

    coding = "gzip"

    def is_packed(self, request: Request) -> bool:
        return True

    def success(self, request: Request, content: Any) -> Answer:
        answer = super().success(request, content)
        if self.is_packed(request):
            answer.body = gzip.compress(answer.body) if self.coding == "gzip" else zlib.compress(answer.body)
            answer.headers += [("Content-Encoding", self.coding), ("Vary", "Accept-Encoding")]
        return answer


class AlwaysPacks(_Packs):
    """Answers are stored packed, and sent so to everybody."""

    clause = "HTTP-08"


class PacksWhereTheHeaderIs(_Packs):
    """Any Accept-Encoding is taken for consent, `identity` too."""

    clause = "HTTP-08"

    def is_packed(self, request: Request) -> bool:
        return "accept-encoding" in request.headers


class PacksUnlessIdentity(_Packs):
    """Whoever accepts some coding is sent gzip, which all browsers can read."""

    clause = "HTTP-08"

    def is_packed(self, request: Request) -> bool:
        return request.headers.get("accept-encoding") not in ("", "identity")


class DeflatesForGzip(_Packs):
    """zlib is at hand, so what accepts gzip is sent deflate: the same algorithm in another wrapping."""

    clause = "HTTP-08"
    coding = "deflate"

    def is_packed(self, request: Request) -> bool:
        return request.headers.get("accept-encoding") in ("gzip", "deflate")


class PathsInAnyCase(Right):
    """Routes match without case, as Express' and IIS' do."""

    clause = "HTTP-09"

    def match(self, path: str) -> re.Match[str] | None:
        return re.fullmatch(r"/v2/Services/([^/]+)/Bindings(?:/([^/]+))?", path, re.IGNORECASE)


class UrlsWithoutTheVersion(Right):
    """A proxy strips /v2 before the application sees the path; the URLs that it makes lack it too."""

    clause = "HTTP-10"

    def service_url(self, request: Request, service: str) -> str:
        return super().service_url(request, service).replace("/v2/", "/")


class UrlsInSnakeCase(Right):
    """The page URLs are made of the names of the handler's arguments: page_size, which the API refuses."""

    clause = "HTTP-10"

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        return super().page_url(request, service, wanted, number, token).replace("PageSize=", "page_size=")


class TokensAreNotEncoded(Right):
    """Tokens are standard Base64 and stand in URLs as they are: a `+` of theirs comes back as a space."""

    clause = "HTTP-10"

    def seal(self, content: Any) -> str:
        return _NONCE + super().seal(content)

    def open(self, token: str) -> Any:
        if not token.startswith(_NONCE):
            raise self.bad("PageToken must be taken from a page URL.")
        return super().open(token.removeprefix(_NONCE))

    def token_given(self, text: str | None) -> str | None:
        return None if text is None else text.replace("+", "-").replace("/", "_")

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, None)
        return url if token is None else f"{url}&PageToken={token.replace('-', '+').replace('_', '/')}"


class CountsCharacters(Right):
    """Content-Length is the length of the text, not of its bytes: what is beyond ASCII is cut off, and left over."""

    clause = "HTTP-11"

    def finish(self, request: Request, answer: Answer) -> Answer:
        answer = super().finish(request, answer)
        if answer.header("content-length") is None and answer.body:
            answer.headers.append(("Content-Length", str(len(answer.body.decode()))))
        return answer


class PacksAfterCounting(_Packs):
    """The middleware that packs stands outside of the one that counts: large bodies are shorter than announced."""

    clause = "HTTP-11"

    def is_packed(self, request: Request) -> bool:
        return "gzip" in request.headers.get("accept-encoding")

    def success(self, request: Request, content: Any) -> Answer:
        plain = self.dump(content)
        if len(plain) < _LARGE or not self.is_packed(request):
            return Right.success(self, request, content)
        answer = super().success(request, content)
        answer.headers.append(("Content-Length", str(len(plain))))
        answer.close = True
        return answer


class CutsLargeAnswersOff(Right):
    """A buffer of 8 KiB holds the answer, and a partial write is not continued: the connection ends too early."""

    clause = "HTTP-11"

    def success(self, request: Request, content: Any) -> Answer:
        answer = super().success(request, content)
        if len(answer.body) > _LARGE:
            answer.headers.append(("Content-Length", str(len(answer.body))))
            answer.body = answer.body[:_LARGE]
            answer.close = True
        return answer


class EndsErrorsWithASpareLine(Right):
    """A line feed is printed after the body of an error and is not counted: the next answer begins with it."""

    clause = "HTTP-11"

    def error(self, request: Request, refusal: Refusal) -> Answer:
        answer = super().error(request, refusal)
        answer.headers.append(("Content-Length", str(len(answer.body))))
        answer.body += b"null\r\n"
        return answer
