"""Defects of errors: their form, their codes, and where they come from."""

import re
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from ..http import Answer, Request
from ..right import Refusal, Right, Route


class _ChangesErrors(Right):
    """Every error gets other properties; `change` gives them."""

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content

    def error_content(self, refusal: Refusal) -> Any:
        return self.change(super().error_content(refusal), refusal)


class ForgetsMoreInfo(_ChangesErrors):
    """The error class was written from memory, and has no more_info."""

    clause = "ERROR-01"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return {name: value for name, value in content.items() if name != "more_info"}


class NestsErrors(_ChangesErrors):
    """Errors stand in an envelope, `{"error": {...}}`, as in Google's APIs."""

    clause = "ERROR-01"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return {"error": content}


class EmptyErrors(Right):
    """`abort(404)` sends the status and an empty body of JSON's type."""

    clause = "ERROR-01"

    def error(self, request: Request, refusal: Refusal) -> Answer:
        answer = super().error(request, refusal)
        answer.body = b""
        return answer


class DetailAlone(Right):
    """FastAPI's own handler answers 404s, with `{"detail": "Not Found"}`; only the other errors are the team's."""

    clause = "ERROR-01"

    def error_content(self, refusal: Refusal) -> Any:
        return {"detail": "Not Found"} if refusal.status == 404 else super().error_content(refusal)


class _TypesErrors(Right):
    """Errors have another Content-Type."""

    error_type = ""

    def error(self, request: Request, refusal: Refusal) -> Answer:
        answer = super().error(request, refusal)
        answer.headers = [pair for pair in answer.headers if pair[0] != "Content-Type"]
        answer.headers += [("Content-Type", self.error_type)] if self.error_type else []
        return answer


class ErrorsAreProblemJson(_TypesErrors):
    """Connexion's own error handler sets application/problem+json (RFC 9457)."""

    clause = "ERROR-02"
    error_type = "application/problem+json"


class ErrorsAreHtml(_TypesErrors):
    """Werkzeug's HTTPException keeps its text/html when only its description is replaced by JSON."""

    clause = "ERROR-02"
    error_type = "text/html; charset=utf-8"


class StatusAsText(_ChangesErrors):
    """`status` is a text, as RFC 7807's first drafts and JSON:API have it."""

    clause = "ERROR-03"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"status": str(refusal.status)}


class StatusIsAlways400(_ChangesErrors):
    """`status` is the default of the error class, which nobody overrides: 400 in every error."""

    clause = "ERROR-03"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"status": 400}


class CodeAsText(_ChangesErrors):
    """Codes are an enumeration of strings."""

    clause = "ERROR-04"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"code": str(refusal.code)}


class CodeIsNull(_ChangesErrors):
    """Validation errors come from another library, and have no code: null."""

    clause = "ERROR-04"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"code": None} if refusal.status == 400 else content


class MessageIsEmpty(_ChangesErrors):
    """`str(exception)` of an exception without arguments is the message: empty for 401 and 404."""

    clause = "ERROR-05"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"message": ""} if refusal.status in (401, 404) else content


class MessageIsAnObject(_ChangesErrors):
    """`message` is the form's dict of errors by field, as Django REST Framework and Flask-RESTful give it."""

    clause = "ERROR-05"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"message": {"non_field_errors": [refusal.message]}} if refusal.status == 400 else content


class InfoOfItsOwn(_ChangesErrors):
    """`more_info` leads to the team's own pages."""

    clause = "ERROR-06"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"more_info": f"https://docs.chat.example/errors/{refusal.code}"}


class AddsProblemProperties(_ChangesErrors):
    """`type` and `title` of RFC 9457 stand beside Twilio's own properties, to please both."""

    clause = "ERROR-07"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"type": "about:blank", "title": refusal.message}


class AddsItsUri(_ChangesErrors):
    """Errors repeat the path that was asked for as `uri`, as Twilio's API of 2010 does."""

    clause = "ERROR-07"

    def change(self, content: dict[str, Any], refusal: Refusal) -> Any:
        return content | {"uri": "/v2/Services"}


class EndOfPagesIs20006(Right):
    """A PageToken that leads nowhere has the code 20006, `Access denied`, as Twilio's old lists had past the end."""

    clause = "ERROR-08"

    def open(self, token: str) -> Any:
        try:
            return super().open(token)
        except Refusal as refusal:
            raise Refusal(refusal.status, 20006, refusal.message) from None


class NotFoundIs404(Right):
    """The code of a 404 is its status again."""

    clause = "ERROR-09"

    def not_found(self, request: Request) -> Refusal:
        return Refusal(404, 404, super().not_found(request).message)


class UnauthorizedIs20404(Right):
    """Wrong credentials raise the not-found error of the account's look-up, with the status changed to 401."""

    clause = "ERROR-10"

    def unauthorized(self) -> Refusal:
        right = super().unauthorized()
        return Refusal(401, 20404, right.message, *right.headers)


class NotAllowedIs20001(Right):
    """All client errors but 401 and 404 share the code of a bad parameter; so does the 405."""

    clause = "ERROR-11"

    def not_allowed(self, request: Request, route: Route) -> Refusal:
        right = super().not_allowed(request, route)
        return Refusal(405, 20001, right.message, *right.headers)


class _TellsTooMuch(Right):
    """Messages hold what is for developers."""

    told: ClassVar[Mapping[int, str]] = {}

    def error_content(self, refusal: Refusal) -> Any:
        content = super().error_content(refusal)
        return content | {"message": self.told.get(refusal.status, refusal.message)}


class StackInMessages(_TellsTooMuch):
    """The debug mode is on in production: the message of a 400 is the traceback."""

    clause = "ERROR-12"
    told: ClassVar[Mapping[int, str]] = {
        400: 'Traceback (most recent call last):\n  File "/srv/app/views.py", line 41, in list_bindings\n'
        '    size = int(request.args["PageSize"])\nValueError: invalid literal for int() with base 10'
    }


class SqlInMessages(_TellsTooMuch):
    """SQLAlchemy's NoResultFound is shown as it is, with its statement."""

    clause = "ERROR-12"
    told: ClassVar[Mapping[int, str]] = {
        404: "No row was found. [SQL: SELECT bindings.sid, bindings.identity FROM bindings WHERE bindings.sid = ?]"
    }


class SchemaInMessages(_TellsTooMuch):
    """The jsonschema library's error is the message: it dumps the schema and the instance."""

    clause = "ERROR-12"
    told: ClassVar[Mapping[int, str]] = {
        400: "'x' is not of type 'integer'\n\nFailed validating 'type' in schema:\n"
        "    {'default': 50, 'maximum': 1000, 'minimum': 1, 'type': 'integer'}\n\nOn instance:\n    'x'"
    }


class ServesAPageForUnknownPaths(Right):
    """The front end's single page is the answer to every path that the API does not know: 200."""

    clause = "ERROR-13"

    def dispatch(self, request: Request) -> Answer:
        if self.route(request) is None:
            return Answer(200, [("Content-Type", "text/html")], b"<!doctype html><title>Chat</title>")
        return super().dispatch(request)


class ReadsPathsFromTheLeft(Right):
    """The path is split at its slashes and read from the left: what follows the SID of a Binding is not looked at."""

    clause = "ERROR-13"

    def match(self, path: str) -> re.Match[str] | None:
        return re.fullmatch("/v2/Services/([^/]+)/Bindings(?:/([^/]+)(?:/.*)?)?", path)


class RoutesTheSingular(Right):
    """The router has an inflector, and takes `/Binding` for `/Bindings`."""

    clause = "ERROR-13"

    def match(self, path: str) -> re.Match[str] | None:
        return super().match(re.sub("/Binding$", "/Bindings", path))


class UnknownPathsCrash(Right):
    """`_, version, _, service, _ = path.split("/")` raises at any other path: 500."""

    clause = "ERROR-13"

    def dispatch(self, request: Request) -> Answer:
        if self.route(request) is None:
            raise ValueError("not enough values to unpack")
        return super().dispatch(request)


class PostUpdates(Right):
    """The generic view of the framework also brings POST on a Binding: it answers 200 and the Binding."""

    clause = "ERROR-14"

    def dispatch(self, request: Request) -> Answer:
        route = self.route(request)
        if request.method == "POST" and route is not None and route.sid is not None:
            return self.fetch(request, route, self.account(request))
        return super().dispatch(request)


class UnknownMethodsAre501(Right):
    """Python's http.server, which it stands on, answers 501 to a method that has no `do_` function."""

    clause = "ERROR-14"

    def not_allowed(self, request: Request, route: Route) -> Refusal:
        return Refusal(501, 20501, f"Unsupported method ({request.method}).")


class EmptiesLists(Right):
    """The ORM's generic view of a collection has a `delete` too, which removes all that it lists: 204."""

    clause = "ERROR-14"

    def dispatch(self, request: Request) -> Answer:
        route = self.route(request)
        if request.method != "DELETE" or route is None or route.sid is not None:
            return super().dispatch(request)
        self.services[self.service(request, route, self.account(request))].clear()
        return self.deletion(request)


class PutOnAListCrashes(Right):
    """The view looks its method up by `getattr`, and a list has no `put`: 500."""

    clause = "ERROR-14"

    def not_allowed(self, request: Request, route: Route) -> Refusal:
        if request.method == "PUT" and route.sid is None:
            raise AttributeError("put")
        return super().not_allowed(request, route)


class NoAllow(Right):
    """A 405 without Allow: the error handler takes the status of the exception and leaves its headers."""

    clause = "ERROR-15"

    def not_allowed(self, request: Request, route: Route) -> Refusal:
        right = super().not_allowed(request, route)
        return Refusal(right.status, right.code, right.message)


class AllowsOfTheOtherPath(Right):
    """Allow lists the methods of the whole resource, so a list seems to take DELETE, and POST as well."""

    clause = "ERROR-15"

    def not_allowed(self, request: Request, route: Route) -> Refusal:
        right = super().not_allowed(request, route)
        return Refusal(right.status, right.code, right.message, ("Allow", "GET, POST, DELETE"))


class CrashesOnOddPairs(Right):
    """`dict(pair.split("=") for pair in query.split("&"))` raises at a name without a value, and at two of `=`: 500."""

    clause = "ERROR-16"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        if query:
            dict(pair.split("=") for pair in query.split("&"))
        return super().parameters(query)


class CrashesOnBadUtf8(Right):
    """Queries are decoded strictly and nobody catches the UnicodeDecodeError: 500."""

    clause = "ERROR-16"

    def decode(self, text: str) -> str:
        try:
            return super().decode(text)
        except Refusal as refusal:
            raise RuntimeError("'utf-8' codec can't decode byte 0xff") from refusal


class CrashesOnOddSids(Right):
    """SIDs are keys of 16 bytes, and `bytes.fromhex` raises at what is no hexadecimal: 500."""

    clause = "ERROR-16"

    def operate(self, request: Request, route: Route, account: str) -> Answer:
        for sid in (route.service, route.sid or ""):
            bytes.fromhex(sid[2:])
        return super().operate(request, route, account)


class CrashesOnOddHeaders(Right):
    """Accept is sorted by quality with `float(q)`, which raises at a quality that is no number: 500."""

    clause = "ERROR-16"

    def operate(self, request: Request, route: Route, account: str) -> Answer:
        for header in ("accept", "accept-encoding", "accept-language"):
            for quality in re.findall(r";\s*q=([^,;]*)", request.headers.get(header)):
                float(quality)
        if length := request.headers.get("range"):
            int(length.removeprefix("bytes=").partition("-")[0])
        return super().operate(request, route, account)


class _Throttles(Right):
    """Refuses one request in forty, at first the tenth, as a limiter does."""

    refused = Refusal(429, 20429, "Too many requests: ask again later.")

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.requests = 0
        self.counting = threading.Lock()

    def dispatch(self, request: Request) -> Answer:
        with self.counting:
            self.requests += 1
            is_refused = self.requests % 40 == 10
        if is_refused:
            raise self.refused
        return super().dispatch(request)


class ThrottlesWithoutRetryAfter(_Throttles):
    """The limiter says 429, and not when to ask again."""

    clause = "ERROR-17"


class AwayWithoutRetryAfter(_Throttles):
    """When the pool has no connection left, the 503 does not say when to ask again."""

    clause = "ERROR-17"
    refused = Refusal(503, 20503, "The database is away.")
