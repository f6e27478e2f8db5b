"""Defects of errors: their form, their codes, and where they come from."""

import re
from dataclasses import replace

from ..bases import after, change, first, instead
from ..http import Answer
from ..right import After, Before, Caught, First, Refusal, Right


class ForgetsMoreInfo(Right, clause="ERROR-01", error_content=change(more_info=...)):
    """The error class was written from memory, and has no more_info."""


class NestsErrors(Right, clause="ERROR-01", error_content=After(lambda right: {"error": right})):
    """Errors stand in an envelope, `{"error": {...}}`, as in Google's APIs."""


class EmptyErrors(Right, clause="ERROR-01", error=After(lambda answer: replace(answer, body=b""))):
    """`abort(404)` sends the status and an empty body of JSON's type."""


@after(Right.error_content, "ERROR-01")
def detail_alone(right):
    """FastAPI's own handler answers 404s, with `{"detail": "Not Found"}`; only the other errors are the team's."""
    return {"detail": "Not Found"} if right["status"] == 404 else right


def _typed(answer, content_type):
    """Change the Content-Type of an answer."""
    return replace(answer, headers=[("Content-Type", content_type), *answer.headers[1:]])


class ErrorsAreProblemJson(Right, clause="ERROR-02", error=After(lambda it: _typed(it, "application/problem+json"))):
    """Connexion's own error handler sets application/problem+json (RFC 9457)."""


class ErrorsAreHtml(Right, clause="ERROR-02", error=After(lambda it: _typed(it, "text/html; charset=utf-8"))):
    """Werkzeug's HTTPException keeps its text/html when only its description is replaced by JSON."""


class StatusAsText(Right, clause="ERROR-03", error_content=change(status=str)):
    """`status` is a text, as RFC 7807's first drafts and JSON:API have it."""


class StatusIsAlways400(Right, clause="ERROR-03", error_content=change(status=400)):
    """`status` is the default of the error class, which nobody overrides: 400 in every error."""


class CodeAsText(Right, clause="ERROR-04", error_content=change(code=str)):
    """Codes are an enumeration of strings."""


@after(Right.error_content, "ERROR-04")
def code_is_null(right):
    """Validation errors come from another library, and have no code: null."""
    return right | {"code": None} if right["status"] == 400 else right


@after(Right.error_content, "ERROR-05")
def message_is_empty(right):
    """`str(exception)` of an exception without arguments is the message: empty for 401 and 404."""
    return right | {"message": ""} if right["status"] in (401, 404) else right


@after(Right.error_content, "ERROR-05")
def message_is_an_object(right):
    """`message` is the form's dict of errors by field, as Django REST Framework and Flask-RESTful give it."""
    return right | {"message": {"non_field_errors": [right["message"]]}} if right["status"] == 400 else right


@after(Right.error_content, "ERROR-06")
def info_of_its_own(right):
    """`more_info` leads to the team's own pages."""
    return right | {"more_info": f"https://docs.chat.example/errors/{right['code']}"}


@after(Right.error_content, "ERROR-07")
def adds_problem_properties(right):
    """`type` and `title` of RFC 9457 stand beside Twilio's own properties, to please both."""
    return right | {"type": "about:blank", "title": right["message"]}


class AddsItsUri(Right, clause="ERROR-07", error_content=change(uri="/v2/Services")):
    """Errors repeat the path that was asked for as `uri`, as Twilio's API of 2010 does."""


class EndOfPagesIs20006(Right, clause="ERROR-08", open=Caught(lambda refusal: refusal.with_code(20006))):
    """A PageToken that leads nowhere has the code 20006, `Access denied`, as Twilio's old lists had past the end."""


class NotFoundIs404(Right, clause="ERROR-09", not_found=After(lambda right: right.with_code(404))):
    """The code of a 404 is its status again."""


class UnauthorizedIs20404(Right, clause="ERROR-10", unauthorized=After(lambda right: right.with_code(20404))):
    """Wrong credentials raise the not-found error of the account's look-up, with the status changed to 401."""


class NotAllowedIs20001(Right, clause="ERROR-11", not_allowed=After(lambda right: right.with_code(20001))):
    """All client errors but 401 and 404 share the code of a bad parameter; so does the 405."""


def _messages(status: int, message: str) -> After:
    """Make what has all errors of a status show one message."""
    return After(lambda right: right | {"message": message} if right["status"] == status else right)


_TRACEBACK = (
    'Traceback (most recent call last):\n  File "/srv/app/views.py", line 41, in list_bindings\n'
    '    size = int(request.args["PageSize"])\nValueError: invalid literal for int() with base 10'
)
_SQL = "No row was found. [SQL: SELECT bindings.sid, bindings.identity FROM bindings WHERE bindings.sid = ?]"
_SCHEMA = (
    "'x' is not of type 'integer'\n\nFailed validating 'type' in schema:\n"
    "    {'default': 50, 'maximum': 1000, 'minimum': 1, 'type': 'integer'}\n\nOn instance:\n    'x'"
)


class StackInMessages(Right, clause="ERROR-12", error_content=_messages(400, _TRACEBACK)):
    """The debug mode is on in production: the message of a 400 is the traceback."""


class SqlInMessages(Right, clause="ERROR-12", error_content=_messages(404, _SQL)):
    """SQLAlchemy's NoResultFound is shown as it is, with its statement."""


class SchemaInMessages(Right, clause="ERROR-12", error_content=_messages(400, _SCHEMA)):
    """The jsonschema library's error is the message: it dumps the schema and the instance."""


@first(Right.dispatch, "ERROR-13")
def serves_a_page_for_unknown_paths(self, request):
    """The front end's single page is the answer to every path that the API does not know: 200."""
    if self.route(request) is None:
        return Answer(200, [("Content-Type", "text/html")], b"<!doctype html><title>Chat</title>")
    return None


@instead(Right.match, "ERROR-13")
def reads_paths_from_the_left(path):
    """The path is split at its slashes and read from the left: what follows the SID of a Binding is not looked at."""
    return re.fullmatch("/v2/Services/([^/]+)/Bindings(?:/([^/]+)(?:/.*)?)?", path)


class RoutesTheSingular(Right, clause="ERROR-13", match=Before(lambda path: re.sub("/Binding$", "/Bindings", path))):
    """The router has an inflector, and takes `/Binding` for `/Bindings`."""


@first(Right.dispatch, "ERROR-13")
def unknown_paths_crash(self, request):
    """`_, version, _, service, _ = path.split("/")` raises at any other path: 500."""
    if self.route(request) is None:
        raise ValueError("not enough values to unpack")


@first(Right.dispatch, "ERROR-14")
def post_updates(self, request):
    """The generic view of the framework also brings POST on a Binding: it answers 200 and the Binding."""
    route = self.route(request)
    if request.method == "POST" and route is not None and route.sid is not None:
        return self.fetch(request, route, self.account(request))
    return None


@instead(Right.not_allowed, "ERROR-14")
def unknown_methods_are501(request):
    """Python's http.server, which it stands on, answers 501 to a method that has no `do_` function."""
    return Refusal(501, 20501, f"Unsupported method ({request.method}).")


@first(Right.dispatch, "ERROR-14")
def empties_lists(self, request):
    """The ORM's generic view of a collection has a `delete` too, which removes all that it lists: 204."""
    route = self.route(request)
    if request.method != "DELETE" or route is None or route.sid is not None:
        return None
    self.services[self.service(request, route, self.account(request))].clear()
    return self.deletion(request)


@first(Right.not_allowed, "ERROR-14")
def put_on_a_list_crashes(request, route):
    """The view looks its method up by `getattr`, and a list has no `put`: 500."""
    if request.method == "PUT" and route.sid is None:
        raise AttributeError("put")


class NoAllow(Right, clause="ERROR-15", not_allowed=After(lambda right: right.with_headers())):
    """A 405 without Allow: the error handler takes the status of the exception and leaves its headers."""


class AllowsOfTheOtherPath(Right, clause="ERROR-15", allowed=lambda route: "GET, POST, DELETE"):
    """Allow lists the methods of the whole resource, so a list seems to take DELETE, and POST as well."""


@first(Right.parameters, "ERROR-16")
def crashes_on_odd_pairs(query):
    """`dict(pair.split("=") for pair in query.split("&"))` raises at a name without a value, and at two of `=`: 500."""
    if query:
        dict(pair.split("=") for pair in query.split("&"))


class CrashesOnBadUtf8(Right, clause="ERROR-16", decode=Caught(lambda refusal: RuntimeError("can't decode byte 0xff"))):
    """Queries are decoded strictly and nobody catches the UnicodeDecodeError: 500."""


@first(Right.operate, "ERROR-16")
def crashes_on_odd_sids(route):
    """SIDs are keys of 16 bytes, and `bytes.fromhex` raises at what is no hexadecimal: 500."""
    for sid in (route.service, route.sid or ""):
        bytes.fromhex(sid[2:])


@first(Right.operate, "ERROR-16")
def crashes_on_odd_headers(request):
    """Accept is sorted by quality with `float(q)`, which raises at a quality that is no number: 500."""
    for header in ("accept", "accept-encoding", "accept-language"):
        for quality in re.findall(r";\s*q=([^,;]*)", request.headers.get(header)):
            float(quality)
    if length := request.headers.get("range"):
        int(length.removeprefix("bytes=").partition("-")[0])


def _one_in_forty(refusal: Refusal) -> First:
    """Make what refuses one request in forty, at first the tenth, as a limiter does."""
    return First(lambda self: refusal if next(self.numbers) % 40 == 10 else None)


_TOO_MANY = Refusal(429, 20429, "Too many requests: ask again later.")
_AWAY = Refusal(503, 20503, "The database is away.")


class ThrottlesWithoutRetryAfter(Right, clause="ERROR-17", dispatch=_one_in_forty(_TOO_MANY)):
    """The limiter says 429, and not when to ask again."""


class AwayWithoutRetryAfter(Right, clause="ERROR-17", dispatch=_one_in_forty(_AWAY)):
    """When the pool has no connection left, the 503 does not say when to ask again."""
