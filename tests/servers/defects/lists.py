"""Defects of what a list shows."""

from http import HTTPStatus
from urllib.parse import unquote

from ..bases import after, around, before, change, first
from ..http import Answer, Request
from ..right import After, Refusal, Right, Route, only
from ..terms import EMPTY, LIST_PARAMETERS


class ListsAnArray(Right, clause="LIST-01", listed=After(lambda right: right["bindings"])):
    """A list is a bare JSON array; the links to other pages were to come in a header."""


@after(Right.list_bindings, "LIST-01")
def lists_in_parts(answer):
    """A page is part of a list, so its status is 206 where more follows, as PostgREST has it."""
    answer.status = HTTPStatus.PARTIAL_CONTENT if b'"next_page_url":"' in answer.body else answer.status
    return answer


@after(Right.meta, "LIST-02")
def leaves_out_nulls(right):
    """Models are dumped with `exclude_none=True`: a page URL that leads nowhere is left out."""
    return {name: value for name, value in right.items() if value is not None}


class HasNoFirstPage(Right, clause="LIST-02", meta=change(first_page_url=...)):
    """`meta` has the links that its team needs: next and previous, but not first_page_url."""


class KeyOfUsers(Right, clause="LIST-03", meta=change(key="users")):
    """The handler was copied from that of the Users, and `meta.key` still says so."""


class NumbersAsText(Right, clause="LIST-04", meta=change(page=str, page_size=str)):
    """`meta` repeats Page and PageSize as they came out of the query: as text."""


class NumbersAsFloats(Right, clause="LIST-04", meta=change(page=float)):
    """A dynamic language's division gives floats: `"page": 0.0`."""


@after(Right.meta, "LIST-05")
def page_urls_are_paths(right):
    """Page URLs are paths, as `next_page_uri` was in Twilio's API of 2010."""
    urls = {name: value for name, value in right.items() if name.endswith("url") and value is not None}
    return right | {name: value[value.index("/v2/") :] for name, value in urls.items()}


@after(Right.meta, "LIST-05")
def empty_text_for_null(right):
    """A text cannot be null in Go: a page URL that leads nowhere is `""`."""
    return {name: "" if value is None else value for name, value in right.items()}


@after(Right.meta, "LIST-05")
def page_urls_are_iris(right):
    """Page URLs are taken through a function that makes them readable: letters beyond ASCII stand unencoded."""
    urls = {name: value for name, value in right.items() if name.endswith("url") and value is not None}
    return right | {name: _readable(value) for name, value in urls.items()}


def _readable(url: str) -> str:
    return "&".join(_decoded(part) for part in url.split("&"))


def _decoded(part: str) -> str:
    text = unquote(part)
    return text if not text.isascii() and text.isprintable() else part


class AddsCamelCase(Right, clause="LIST-06", meta=After(lambda right: right | {"pageSize": right["page_size"]})):
    """Properties are written in camel case as well, `pageSize`, for the team's own front end."""


class AddsTheOldEnvelope(Right, clause="LIST-06", listed=change(uri="/v2/Services")):
    """`uri`, as in the lists of Twilio's API of 2010, stands beside `meta`, for clients of both."""


def _one_each(name: str) -> After:
    """Make what keeps one Binding, the last, of those that share a property."""
    return After(lambda found, self: sorted({each[name]: each for each in found}.values(), key=self.sort_key))


class JoinsMessageTypes(Right, clause="LIST-07", matching=After(only(lambda binding: binding["message_types"]))):
    """The query joins the message types with an inner join, and loses the Bindings that have none."""


class OneBindingADevice(Right, clause="LIST-07", matching=_one_each("endpoint")):
    """`SELECT DISTINCT ON (endpoint)`: of the users who share a device only one is shown."""


class OneBindingAUser(Right, clause="LIST-07", matching=_one_each("identity")):
    """The rows are gathered in a dict by identity, in which the last one of each user stays."""


class HidesGcm(Right, clause="LIST-07", matching=After(only(lambda binding: binding["binding_type"] != "gcm"))):
    """GCM was switched off in 2019, so its Bindings are no longer listed."""


class EndsAtAHundred(Right, clause="LIST-07", matching=After(lambda found: found[:100])):
    """The search engine behind the list has a limit of its own, a hundred hits, and nobody turns its pages."""


@after(Right.matching, "LIST-07")
def misses_the_newest(found, self, service):
    """Lists are read up to the newest `date_created`, with `<` where `<=` was meant: the newest Binding is missing."""
    newest = max((each["date_created"] for each in self.stored(service)), default="")
    return [each for each in found if each["date_created"] < newest]


@after(Right.matching, "LIST-08")
def multiplies_by_message_types(found):
    """The query joins the message types, and gives a row for each of them: no DISTINCT."""
    return [each for each in found for _ in range(max(len(each["message_types"]), 1))]


@after(Right.matching, "LIST-08")
def lists_every_version(found, self):
    """Every update is a row of an event log, and the list shows the rows: what was updated stands there twice."""
    updated = [each for each in found if each["date_updated"] != each["date_created"]]
    return sorted([*found, *updated], key=self.sort_key)


@around(Right.stored, "LIST-09")
def lists_the_whole_account(right, self, service):
    """The list asks `WHERE account_sid = ?` alone: the Bindings of all services of the account are shown."""
    services = [other for other, owner in self.owners.items() if owner == self.owners[service]]
    return [each for other in services for each in right(service=other)]


@after(Right.matching, "LIST-09")
def lists_a_sample(found, self):
    """The migration left a sample in the table, and it is listed in every service that has Bindings."""
    samples = [each | {"sid": f"BS{'a' * 32}", "endpoint": "sample"} for each in found[:1]]
    return sorted([*found, *samples], key=self.sort_key)


@after(Right.listed, "LIST-10")
def lists_summaries(right):
    """Items of a list are summaries, as in most APIs: what they link to has the rest."""
    names = ("sid", "account_sid", "service_sid", "identity", "binding_type", "url")
    return right | {"bindings": [{name: each[name] for name in names} for each in right["bindings"]]}


@after(Right.listed, "LIST-10")
def lists_from_an_index(right):
    """Lists come from a search index, whose analyser makes small letters of the identities that it stores."""
    return right | {"bindings": [each | {"identity": each["identity"].lower()} for each in right["bindings"]]}


@after(Right.listed, "LIST-10")
def items_link_to_the_list(right):
    """Items are made with the request's own URL for `url`, which is right for a fetch and wrong in a list."""
    return right | {"bindings": [each | {"url": right["meta"]["url"]} for each in right["bindings"]]}


@after(Right.list_bindings, "LIST-11")
def empty_service_is404(answer, self, request, route):
    """`if not bindings: abort(404)`: a service without Bindings is not found."""
    if not self.stored(route.service):
        raise self.not_found(request)
    return answer


@after(Right.list_bindings, "LIST-11")
def empty_service_is204(answer, self, route):
    """Where there is nothing to show, the framework says 204 No Content."""
    return answer if self.stored(route.service) else Answer(204)


class NothingIsNull(Right, clause="LIST-11", listed=change(bindings=lambda value: value or None)):
    """A slice to which nothing was appended is nil in Go, and `null` in JSON."""


@first(Right.list_bindings, "LIST-12")
def unknown_services_are_empty(self, request, route):
    """Nobody looks whether the service exists: `WHERE service_sid = ?` finds nothing, and the list is empty."""
    if route.service in self.owners:
        return None
    return self.success(request, self.listed(request, route.service, self.wanted(request.query), EMPTY))


@first(Right.list_bindings, "LIST-12")
def crashes_on_unknown_services(self, route):
    """`services[sid]` raises a KeyError for a service that does not exist: the list is a 500."""
    self.stored(route.service)


@first(Right.list_bindings, "LIST-13")
def validates_services_of_lists(self, route):
    """The path's parameters are validated like those of the query: a malformed service SID is 400 on a list."""
    if len(route.service) != 34 or not route.service.startswith("IS"):
        raise self.bad("ServiceSid does not match ^IS[0-9a-f]{32}$.")


@before(Right.list_bindings, "LIST-13")
def cuts_services_to_their_length(route):
    """CHAR(34) cuts a service SID off before it is compared: with a tail it is found all the same."""
    return Route(route.service[:34], None)


class IgnoresUnknownParameters(Right, clause="LIST-14", parameters=After(only(lambda one: one[0] in LIST_PARAMETERS))):
    """Unknown parameters are ignored, as web frameworks do: a misspelt filter shows everything."""


@after(Right.parameters, "LIST-14")
def names_in_any_case(given):
    """Names of parameters are compared without their case, as ASP.NET does."""
    known = {name.lower(): name for name in LIST_PARAMETERS}
    return [(known.get(name.lower(), name), value) for name, value in given]


@after(Right.parameters, "LIST-14")
def names_of_arrays(right):
    """`Identity[]` means Identity, as in PHP and Rails."""
    return [(name.removesuffix("[]"), value) for name, value in right]


@first(Right.list_bindings, "LIST-15")
def body_is_part_of_the_query(self, request):
    """`params` holds the query and the body's form, as in Rails: what stands in the body is an unknown parameter."""
    if "urlencoded" in request.headers.get("content-type") and request.body:
        self.check_no_parameters(Request("GET", f"?{request.body.decode('latin-1')}", request.headers))


@first(Right.list_bindings, "LIST-15")
def negotiates_lists(request):
    """The view of the list has a renderer for JSON alone, and an Accept without that is 406."""
    accepted = request.headers.get("accept", "*/*")
    if "json" not in accepted and "*/*" not in accepted:
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, 20406, "A list is available as JSON alone.")


@after(Right.list_bindings, "LIST-15")
def lists_as_tables(answer, request):
    """To whom accepts text/html first, lists are a page for browsers."""
    if not request.headers.get("accept").startswith("text/html"):
        return answer
    return Answer(200, [("Content-Type", "text/html; charset=utf-8")], b"<table></table>")
