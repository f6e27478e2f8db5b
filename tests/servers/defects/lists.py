"""Defects of what a list shows."""

from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from ..http import Answer, Request
from ..right import Binding, Page, Refusal, Right, Route, Wanted


class _ShowsLists(Right):
    """A list is shown otherwise; `show` makes it of the right one."""

    def show(self, content: dict[str, Any], wanted: Wanted) -> Any:
        return content

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        wanted = self.wanted(request.query)
        service = self.service(request, route, account)
        page = self.page(service, wanted, self.position(service, wanted))
        items = [self.represent(request, service, each) for each in page.bindings]
        content = {"meta": self.meta(request, service, wanted, page), "bindings": items}
        return self.success(request, self.show(content, wanted))


class _ShowsMeta(Right):
    """`meta` is shown otherwise; `show` makes it of the right one."""

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return meta

    def meta(self, request: Request, service: str, wanted: Wanted, page: Page) -> dict[str, Any]:
        return self.show(super().meta(request, service, wanted, page), wanted)


class ListsAnArray(_ShowsLists):
    """A list is a bare JSON array; the links to other pages were to come in a header."""

    clause = "LIST-01"

    def show(self, content: dict[str, Any], wanted: Wanted) -> Any:
        return content["bindings"]


class ListsInParts(Right):
    """A page is part of a list, so its status is 206 where more follows, as PostgREST has it."""

    clause = "LIST-01"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().list_bindings(request, route, account)
        answer.status = HTTPStatus.PARTIAL_CONTENT if b'"next_page_url":"' in answer.body else answer.status
        return answer


class LeavesOutNulls(_ShowsMeta):
    """Models are dumped with `exclude_none=True`: a page URL that leads nowhere is left out."""

    clause = "LIST-02"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return {name: value for name, value in meta.items() if value is not None}


class HasNoFirstPage(_ShowsMeta):
    """`meta` has the links that its team needs: next and previous, but not first_page_url."""

    clause = "LIST-02"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return {name: value for name, value in meta.items() if name != "first_page_url"}


class KeyOfUsers(_ShowsMeta):
    """The handler was copied from that of the Users, and `meta.key` still says so."""

    clause = "LIST-03"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return meta | {"key": "users"}


class NumbersAsText(_ShowsMeta):
    """`meta` repeats Page and PageSize as they came out of the query: as text."""

    clause = "LIST-04"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return meta | {"page": str(meta["page"]), "page_size": str(meta["page_size"])}


class NumbersAsFloats(_ShowsMeta):
    """A dynamic language's division gives floats: `"page": 0.0`."""

    clause = "LIST-04"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return meta | {"page": float(meta["page"])}


class PageUrlsArePaths(_ShowsMeta):
    """Page URLs are paths, as `next_page_uri` was in Twilio's API of 2010."""

    clause = "LIST-05"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        urls = {name: value for name, value in meta.items() if name.endswith("url") and value is not None}
        return meta | {name: value[value.index("/v2/") :] for name, value in urls.items()}


class EmptyTextForNull(_ShowsMeta):
    """A text cannot be null in Go: a page URL that leads nowhere is `""`."""

    clause = "LIST-05"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return {name: "" if value is None else value for name, value in meta.items()}


class PageUrlsAreIris(_ShowsMeta):
    """Page URLs are taken through a function that makes them readable: letters beyond ASCII stand unencoded."""

    clause = "LIST-05"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        urls = {name: value for name, value in meta.items() if name.endswith("url") and value is not None}
        return meta | {name: _readable(value) for name, value in urls.items()}


def _readable(url: str) -> str:
    return "&".join(_decoded(part) for part in url.split("&"))


def _decoded(part: str) -> str:
    text = unquote(part)
    return text if not text.isascii() and text.isprintable() else part


class AddsCamelCase(_ShowsMeta):
    """Properties are written in camel case as well, `pageSize`, for the team's own front end."""

    clause = "LIST-06"

    def show(self, meta: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
        return meta | {"pageSize": meta["page_size"]}


class AddsTheOldEnvelope(_ShowsLists):
    """`uri`, as in the lists of Twilio's API of 2010, stands beside `meta`, for clients of both."""

    clause = "LIST-06"

    def show(self, content: dict[str, Any], wanted: Wanted) -> Any:
        return content | {"uri": "/v2/Services"}


class _Selects(Right):
    """A list selects other Bindings; `select` makes them of the right ones."""

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return found

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        return sorted(self.select(service, super().matching(service, wanted)), key=self.sort_key)


class JoinsMessageTypes(_Selects):
    """The query joins the message types with an inner join, and loses the Bindings that have none."""

    clause = "LIST-07"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return [each for each in found if each["message_types"]]


class OneBindingADevice(_Selects):
    """`SELECT DISTINCT ON (endpoint)`: of the users who share a device only one is shown."""

    clause = "LIST-07"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return list({each["endpoint"]: each for each in found}.values())


class OneBindingAUser(_Selects):
    """The rows are gathered in a dict by identity, in which the last one of each user stays."""

    clause = "LIST-07"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return list({each["identity"]: each for each in found}.values())


class HidesGcm(_Selects):
    """GCM was switched off in 2019, so its Bindings are no longer listed."""

    clause = "LIST-07"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return [each for each in found if each["binding_type"] != "gcm"]


class EndsAtAHundred(_Selects):
    """The search engine behind the list has a limit of its own, a hundred hits, and nobody turns its pages."""

    clause = "LIST-07"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return found[:100]


class MissesTheNewest(_Selects):
    """Lists are read up to the newest `date_created`, with `<` where `<=` was meant: the newest Binding is missing."""

    clause = "LIST-07"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        with self.lock:
            newest = max((each["date_created"] for each in self.services[service].values()), default="")
        return [each for each in found if each["date_created"] < newest]


class MultipliesByMessageTypes(_Selects):
    """The query joins the message types, and gives a row for each of them: no DISTINCT."""

    clause = "LIST-08"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return [each for each in found for _ in range(max(len(each["message_types"]), 1))]


class ListsEveryVersion(_Selects):
    """Every update is a row of an event log, and the list shows the rows: what was updated stands there twice."""

    clause = "LIST-08"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        return [*found, *(each for each in found if each["date_updated"] != each["date_created"])]


class ListsTheWholeAccount(Right):
    """The list asks `WHERE account_sid = ?` alone: the Bindings of all services of the account are shown."""

    clause = "LIST-09"

    def stored(self, service: str) -> list[Binding]:
        services = [other for other, owner in self.owners.items() if owner == self.owners[service]]
        return [each for other in services for each in super(ListsTheWholeAccount, self).stored(other)]


class ListsASample(_Selects):
    """The migration left a sample in the table, and it is listed in every service that has Bindings."""

    clause = "LIST-09"

    def select(self, service: str, found: list[Binding]) -> list[Binding]:
        if not found:
            return found
        return [*found, found[0] | {"sid": f"BS{'a' * 32}", "endpoint": "sample"}]


class ListsSummaries(_ShowsLists):
    """Items of a list are summaries, as in most APIs: what they link to has the rest."""

    clause = "LIST-10"

    def show(self, content: dict[str, Any], wanted: Wanted) -> Any:
        names = ("sid", "account_sid", "service_sid", "identity", "binding_type", "url")
        return content | {"bindings": [{name: each[name] for name in names} for each in content["bindings"]]}


class ListsFromAnIndex(_ShowsLists):
    """Lists come from a search index, whose analyser makes small letters of the identities that it stores."""

    clause = "LIST-10"

    def show(self, content: dict[str, Any], wanted: Wanted) -> Any:
        return content | {"bindings": [each | {"identity": each["identity"].lower()} for each in content["bindings"]]}


class ItemsLinkToTheList(_ShowsLists):
    """Items are made with the request's own URL for `url`, which is right for a fetch and wrong in a list."""

    clause = "LIST-10"

    def show(self, content: dict[str, Any], wanted: Wanted) -> Any:
        return content | {"bindings": [each | {"url": content["meta"]["url"]} for each in content["bindings"]]}


class EmptyServiceIs404(Right):
    """`if not bindings: abort(404)`: a service without Bindings is not found."""

    clause = "LIST-11"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().list_bindings(request, route, account)
        if not self.stored(route.service):
            raise self.not_found(request)
        return answer


class EmptyServiceIs204(Right):
    """Where there is nothing to show, the framework says 204 No Content."""

    clause = "LIST-11"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().list_bindings(request, route, account)
        return answer if self.stored(route.service) else Answer(204)


class NothingIsNull(_ShowsLists):
    """A slice to which nothing was appended is nil in Go, and `null` in JSON."""

    clause = "LIST-11"

    def show(self, content: dict[str, Any], wanted: Wanted) -> Any:
        return content | {"bindings": content["bindings"] or None}


class UnknownServicesAreEmpty(Right):
    """Nobody looks whether the service exists: `WHERE service_sid = ?` finds nothing, and the list is empty."""

    clause = "LIST-12"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        if route.service in self.owners:
            return super().list_bindings(request, route, account)
        meta = self.meta(
            request, route.service, self.wanted(request.query), Page([], has_previous=False, has_next=False)
        )
        return self.success(request, {"meta": meta, "bindings": []})


class CrashesOnUnknownServices(Right):
    """`services[sid]` raises a KeyError for a service that does not exist: the list is a 500."""

    clause = "LIST-12"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        self.stored(route.service)
        return super().list_bindings(request, route, account)


class ValidatesServicesOfLists(Right):
    """The path's parameters are validated like those of the query: a malformed service SID is 400 on a list."""

    clause = "LIST-13"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        if len(route.service) != 34 or not route.service.startswith("IS"):
            raise self.bad("ServiceSid does not match ^IS[0-9a-f]{32}$.")
        return super().list_bindings(request, route, account)


class CutsServicesToTheirLength(Right):
    """CHAR(34) cuts a service SID off before it is compared: with a tail it is found all the same."""

    clause = "LIST-13"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        return super().list_bindings(request, Route(route.service[:34], None), account)


class IgnoresUnknownParameters(Right):
    """Unknown parameters are ignored, as web frameworks do: a misspelt filter shows everything."""

    clause = "LIST-14"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        known = ("BindingType", "Identity", "PageSize", "Page", "PageToken")
        return [(name, value) for name, value in super().parameters(query) if name in known]


class NamesInAnyCase(Right):
    """Names of parameters are compared without their case, as ASP.NET does."""

    clause = "LIST-14"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        known = {name.lower(): name for name in ("BindingType", "Identity", "PageSize", "Page", "PageToken")}
        return [(known.get(name.lower(), name), value) for name, value in super().parameters(query)]


class NamesOfArrays(Right):
    """`Identity[]` means Identity, as in PHP and Rails."""

    clause = "LIST-14"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        return [(name.removesuffix("[]"), value) for name, value in super().parameters(query)]


class BodyIsPartOfTheQuery(Right):
    """`params` holds the query and the body's form, as in Rails: what stands in the body is an unknown parameter."""

    clause = "LIST-15"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        if "urlencoded" in request.headers.get("content-type") and request.body:
            self.check_no_parameters(Request("GET", f"?{request.body.decode('latin-1')}", request.headers))
        return super().list_bindings(request, route, account)


class NegotiatesLists(Right):
    """The view of the list has a renderer for JSON alone, and an Accept without that is 406."""

    clause = "LIST-15"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        accepted = request.headers.get("accept", "*/*")
        if "json" not in accepted and "*/*" not in accepted:
            raise Refusal(HTTPStatus.NOT_ACCEPTABLE, 20406, "A list is available as JSON alone.")
        return super().list_bindings(request, route, account)


class ListsAsTables(Right):
    """To whom accepts text/html first, lists are a page for browsers."""

    clause = "LIST-15"

    def list_bindings(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().list_bindings(request, route, account)
        if not request.headers.get("accept").startswith("text/html"):
            return answer
        return Answer(200, [("Content-Type", "text/html; charset=utf-8")], b"<table></table>")
