"""Defects of HTTP: headers, preflights, redirects, encodings, framing."""

import gzip
import hashlib
import re
import secrets
import uuid
import zlib
from dataclasses import replace
from typing import Any

from ..bases import after, first, instead
from ..http import Answer, Request
from ..right import After, Before, Right, Wanted

_LARGE = 8192
_VARY = ("Vary", "Accept-Encoding")
_NONCE = "-_v7"
"""How a token begins, so that each has one of the characters that are not safe in a query."""


@after(Right.finish, "HTTP-01")
def no_request_id(answer):
    """No answer carries Twilio-Request-Id: it was thought to be of Twilio's own infrastructure."""
    answer.headers = [pair for pair in answer.headers if pair[0] != "Twilio-Request-Id"]
    return answer


@after(Right.finish, "HTTP-01")
def no_request_id_on_errors(answer):
    """The id is set by an after-request hook, which the framework leaves out for exceptions."""
    if answer.status >= 400:
        answer.headers = [pair for pair in answer.headers if pair[0] != "Twilio-Request-Id"]
    return answer


class RequestIdIsAUuid(Right, clause="HTTP-01", request_id=lambda request: str(uuid.uuid4())):
    """The id is a UUID with hyphens, as the tracing library makes them."""


@instead(Right.request_id, "HTTP-02")
def one_request_id_for_all(self):
    """The id is a default argument, evaluated once when the module is loaded."""
    return self.kept.setdefault("id", f"RQ{secrets.token_hex(16)}")


@after(Right.request_id, "HTTP-02")
def request_id_of_the_connection(right, request):
    """The id is made when a connection is accepted, and is the same for all requests on it."""
    return str(request.connection.setdefault("id", right))


@instead(Right.request_id, "HTTP-02")
def request_id_of_the_url(request):
    """The id is the hash of method and URL, to be found again in the log: asking twice gives the same."""
    return "RQ" + hashlib.md5(f"{request.method} {request.target}".encode()).hexdigest()


class NoCors(Right, clause="HTTP-03", cors=lambda request, answer: []):
    """Browsers were never thought of: no Access-Control-Allow-Origin."""


class NoCorsOnErrors(Right, clause="HTTP-03", cors=After(lambda right, answer: right if answer.status < 400 else [])):
    """nginx' `add_header` without `always` leaves errors out, so a browser cannot read a 401."""


@first(Right.preflight, "HTTP-04")
def preflight_needs_credentials(self, request):
    """Authentication stands before CORS in the stack, and browsers send no credentials with a preflight: 401."""
    self.account(request)


class PreflightIsNotAllowed(Right, clause="HTTP-04", is_preflight=lambda request: False):
    """OPTIONS is no method of the paths: a preflight is 405."""


class PreflightForgetsDelete(Right, clause="HTTP-05", preflight_methods=lambda route: "GET, HEAD, POST"):
    """The CORS library's default methods are GET, HEAD and POST: a browser cannot delete."""


class PreflightForgetsAuthorization(Right, clause="HTTP-05", preflight_headers="*"):
    """The allowed headers are `*`, which does not cover Authorization (Fetch standard)."""


@first(Right.dispatch, "HTTP-06", match=Before(lambda path: path.removesuffix("/")))
def redirects_to_a_slash(self, request):
    """Flask's strict_slashes: the route of lists is written with a slash at its end, and without it redirects there."""
    route = self.route(request)
    is_list = route is not None and route.sid is None and request.method == "GET"
    if not is_list or request.path.endswith("/"):
        return None
    self.account(request)
    query = f"?{request.query}" if request.query else ""
    return Answer(301, [("Location", f"{request.path}/{query}")])


@first(Right.list_bindings, "HTTP-06")
def redirects_to_its_defaults(self, request, route, account):
    """A list without PageSize is redirected to itself with PageSize=50, so that caches see one URL."""
    wanted = self.wanted(request.query)
    if "PageSize" in request.query:
        return None
    service = self.service(request, route, account)
    return Answer(302, [("Location", self.page_url(request, service, wanted, wanted.page, wanted.token))])


@first(Right.dispatch, "HTTP-06")
def redirects_overrides(request):
    """A method override is for forms, and what a form sends is answered with 303, See Other."""
    if request.method == "GET" and request.headers.get("x-http-method-override"):
        return Answer(303, [("Location", request.path)])
    return None


@first(Right.dispatch, "HTTP-06")
def redirects_forms_methods(request):
    """`_method`, which a form's page has in its query, is taken out of the URL by a redirect."""
    return Answer(302, [("Location", request.path)]) if request.method == "GET" and "_method" in request.query else None


@instead(Right.success, "HTTP-07")
def answers_are_text(self, content):
    """The body is JSON and the type the framework's default for a str: text/html."""
    return Answer(200, [("Content-Type", "text/html; charset=utf-8")], self.dump(content))


@instead(Right.success, "HTTP-07")
def answers_are_hal(self, content):
    """The type is that of HAL, because there are `links`."""
    return Answer(200, [("Content-Type", "application/hal+json")], self.dump(content))


def _packed(answer, coding="gzip"):
    """Pack the body of an answer, and say so."""
    body = gzip.compress(answer.body) if coding == "gzip" else zlib.compress(answer.body)
    return replace(answer, body=body, headers=[*answer.headers, ("Content-Encoding", coding), _VARY])


@after(Right.success, "HTTP-08")
def always_packs(answer):
    """Answers are stored packed, and sent so to everybody."""
    return _packed(answer)


@after(Right.success, "HTTP-08")
def packs_where_the_header_is(answer, request):
    """Any Accept-Encoding is taken for consent, `identity` too."""
    return _packed(answer) if "accept-encoding" in request.headers else answer


@after(Right.success, "HTTP-08")
def packs_unless_identity(answer, request):
    """Whoever accepts some coding is sent gzip, which all browsers can read."""
    return answer if request.headers.get("accept-encoding") in ("", "identity") else _packed(answer)


@after(Right.success, "HTTP-08")
def deflates_for_gzip(answer, request):
    """zlib is at hand, so what accepts gzip is sent deflate: the same algorithm in another wrapping."""
    return _packed(answer, "deflate") if request.headers.get("accept-encoding") in ("gzip", "deflate") else answer


@instead(Right.match, "HTTP-09")
def paths_in_any_case(path):
    """Routes match without case, as Express' and IIS' do."""
    return re.fullmatch(r"/v2/Services/([^/]+)/Bindings(?:/([^/]+))?", path, re.IGNORECASE)


class UrlsWithoutTheVersion(Right, clause="HTTP-10", service_url=After(lambda right: right.replace("/v2/", "/"))):
    """A proxy strips /v2 before the application sees the path; the URLs that it makes lack it too."""


class UrlsInSnakeCase(Right, clause="HTTP-10", page_url=After(lambda right: right.replace("PageSize=", "page_size="))):
    """The page URLs are made of the names of the handler's arguments: page_size, which the API refuses."""


class TokensAreNotEncoded(Right, clause="HTTP-10", seal=After(lambda right: _NONCE + right)):
    """Tokens are standard Base64 and stand in URLs as they are: a `+` of theirs comes back as a space."""

    def open(self, token: str) -> Any:
        if not token.startswith(_NONCE):
            raise self.bad("PageToken must be taken from a page URL.")
        return super().open(token.removeprefix(_NONCE))

    def token_given(self, text: str | None) -> str | None:
        return None if text is None else text.replace("+", "-").replace("/", "_")

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, None)
        return url if token is None else f"{url}&PageToken={token.replace('-', '+').replace('_', '/')}"


@after(Right.finish, "HTTP-11")
def counts_characters(answer):
    """Content-Length is the length of the text, not of its bytes: what is beyond ASCII is cut off, and left over."""
    if answer.header("content-length") is None and answer.body:
        answer.headers.append(("Content-Length", str(len(answer.body.decode()))))
    return answer


@after(Right.success, "HTTP-11")
def packs_after_counting(answer, request):
    """The middleware that packs stands outside of the one that counts: large bodies are shorter than announced."""
    if len(answer.body) < _LARGE or "gzip" not in request.headers.get("accept-encoding"):
        return answer
    packed = _packed(answer)
    return replace(packed, headers=[*packed.headers, ("Content-Length", str(len(answer.body)))], close=True)


@after(Right.success, "HTTP-11")
def cuts_large_answers_off(answer):
    """A buffer of 8 KiB holds the answer, and a partial write is not continued: the connection ends too early."""
    if len(answer.body) > _LARGE:
        answer.headers.append(("Content-Length", str(len(answer.body))))
        answer.body = answer.body[:_LARGE]
        answer.close = True
    return answer


@after(Right.error, "HTTP-11")
def ends_errors_with_a_spare_line(answer):
    """A line feed is printed after the body of an error and is not counted: the next answer begins with it."""
    answer.headers.append(("Content-Length", str(len(answer.body))))
    answer.body += b"null\r\n"
    return answer
