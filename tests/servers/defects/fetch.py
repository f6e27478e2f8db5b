"""Defects of fetching a Binding."""

import time
from http import HTTPStatus

from ..bases import after, around, before, first, instead
from ..http import Answer
from ..right import Before, Refusal, Right, Route


@instead(Right.fetch, "FETCH-01")
def wraps_a_binding_in_data(self, request, route, account):
    """The serializer puts what it is given under `data`, as JSON:API does."""
    self.check_no_parameters(request)
    service = self.service(request, route, account)
    binding = self.binding(request, route, service)
    return self.success(request, {"data": self.represent(request, service, binding)})


@after(Right.binding, "FETCH-01")
def fetches_the_first_of_the_user(found, self, service):
    """The Binding's user is looked up, and then the first of the user's devices is shown: one each was assumed."""
    same = (each for each in self.stored(service) if each["identity"] == found["identity"])
    return min(same, key=self.sort_key)


@first(Right.fetch, "FETCH-02")
def null_for_what_is_missing(self, request, route, account):
    """The handler returns what the look-up returned, and None is a 200 with `null`."""
    service = self.service(request, route, account)
    return self.success(request, None) if self.find(service, route.sid or "") is None else None


@instead(Right.binding, "FETCH-02")
def crashes_on_what_is_missing(self, route, service):
    """`cursor.fetchone()["sid"]` without a look at None: a Binding that is not there is a 500."""
    found = self.find(service, route.sid or "")
    return found if found["sid"] else {}


@instead(Right.binding, "FETCH-02")
def gone_for_what_is_missing(self, route, service):
    """A Binding that is not there is 410 Gone, as the team thinks that it must have been deleted."""
    found = self.find(service, route.sid or "")
    if found is None:
        raise Refusal(HTTPStatus.GONE, 20404, "The Binding is gone.")
    return found


@first(Right.binding, "FETCH-03")
def validates_binding_sids(self, route):
    """The framework validates path parameters as it does the query's, and answers 400 to a malformed SID."""
    if len(route.sid or "") != 34:
        raise self.bad("Sid does not match ^BS[0-9a-fA-F]{32}$.")


@instead(Right.find, "FETCH-03")
def finds_bindings_by_their_beginning(self, service, sid):
    """The beginning of a SID is enough (`sid LIKE :sid || '%'`), as with git's commits."""
    found = [each for each in self.stored(service) if each["sid"].startswith(sid)]
    return found[0] if len(found) == 1 else None


class CutsSidsToTheirLength(Right, clause="FETCH-03", find=Before(lambda sid: sid[:34])):
    """MySQL's CHAR(34) cuts off what is too long before it compares, so a SID with a tail is found."""


@first(Right.fetch, "FETCH-04")
def forbids_unknown_services(self, route):
    """A policy asks whether the service is among the account's, and says 403 before anybody looks whether it exists."""
    if self.owners.get(route.service) is None:
        raise Refusal(HTTPStatus.FORBIDDEN, 20403, "The account has no access to this service.")


@before(Right.fetch, "FETCH-04")
def ignores_the_service_of_a_fetch(route, self, account):
    """The Binding is fetched by its SID alone, since that is unique; the service in the path is decoration."""
    own = (service for service, owner in self.owners.items() if owner == account)
    return next((Route(each, route.sid) for each in own if self.find(each, route.sid or "")), route)


@first(Right.fetch, "FETCH-05")
def reads_service_sids_as_hexadecimal(route):
    """Services are stored by 16 bytes: `bytes.fromhex` raises at a malformed SID, and the fetch is a 500."""
    if len(bytes.fromhex(route.service.removeprefix("IS"))) != 16:
        raise ValueError("a service has 16 bytes")


@first(Right.binding, "FETCH-06")
def fetches_from_any_service_of_the_account(self, route, service):
    """The Binding is looked up by account and SID: it is also found under another service of the account."""
    for other, owner in self.owners.items():
        if owner == self.owners[service] and (found := self.find(other, route.sid or "")):
            return found
    return None


@around(Right.check_no_parameters, "FETCH-07")
def ignores_parameters_of_a_fetch(right, request):
    """Nobody reads the query of a fetch, so nobody refuses what stands in it."""
    if request.method == "DELETE":
        right()


@instead(Right.check_no_parameters, "FETCH-07")
def one_schema_for_all_queries(self, request):
    """One schema validates the queries of all operations, so a fetch takes the parameters of a list."""
    self.wanted(request.query)


@after(Right.fetch, "FETCH-08")
def touches_what_it_reads(answer, self, route):
    """The fetch saves a last-seen time, and the ORM's `onupdate=now` moves `date_updated` with it."""
    binding = self.find(route.service, route.sid or "")
    if binding is not None:
        binding["date_updated"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return answer


@after(Right.fetch, "FETCH-08")
def extends_the_stored_types(answer, self, route):
    """The view appends its default to the array that is stored, as both are the same object."""
    binding = self.find(route.service, route.sid or "")
    if binding is not None:
        binding["message_types"].append("new_message")
    return answer


@first(Right.fetch, "FETCH-09")
def refuses_a_body_on_a_fetch(self, request):
    """The gateway takes a GET with a body for an attack and refuses it."""
    if request.body:
        raise self.bad("A GET has no body.")


@first(Right.fetch, "FETCH-09")
def negotiates_the_type(request):
    """The framework negotiates, as Rails and Django REST Framework do: an Accept without JSON is a 406."""
    accepted = request.headers.get("accept", "*/*").lower()
    if not any(known in accepted for known in ("*/*", "application/*", "application/json")):
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, 20406, "Only application/json is available.")


@first(Right.fetch, "FETCH-09")
def refuses_content_types_on_a_fetch(request):
    """A filter for JSON APIs refuses any other Content-Type with 415, on a GET too, where SDKs send form's."""
    if not request.headers.get("content-type", "application/json").startswith("application/json"):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 20415, "The Content-Type must be application/json.")


@after(Right.fetch, "FETCH-09")
def pages_for_browsers(answer, request):
    """A browsable API answers HTML to whom accepts text/html before JSON."""
    if not request.headers.get("accept").lower().startswith("text/html"):
        return answer
    return Answer(200, [("Content-Type", "text/html; charset=utf-8")], b"<pre>" + answer.body + b"</pre>")
