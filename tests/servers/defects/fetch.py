"""Defects of fetching a Binding."""

import time
from http import HTTPStatus
from typing import Any

from ..http import Answer, Request
from ..right import Before, Binding, Refusal, Right, Route


class WrapsABindingInData(Right, clause="FETCH-01"):
    """The serializer puts what it is given under `data`, as JSON:API does."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        self.check_no_parameters(request)
        service = self.service(request, route, account)
        binding = self.binding(request, route, service)
        return self.success(request, {"data": self.represent(request, service, binding)})


class FetchesTheFirstOfTheUser(Right, clause="FETCH-01"):
    """The Binding's user is looked up, and then the first of the user's devices is shown: one each was assumed."""

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        found = super().binding(request, route, service)
        same = (each for each in self.stored(service) if each["identity"] == found["identity"])
        return min(same, key=self.sort_key)


class NullForWhatIsMissing(Right, clause="FETCH-02"):
    """The handler returns what the look-up returned, and None is a 200 with `null`."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        service = self.service(request, route, account)
        if self.find(service, route.sid or "") is None:
            return self.success(request, None)
        return super().fetch(request, route, account)


class CrashesOnWhatIsMissing(Right, clause="FETCH-02"):
    """`cursor.fetchone()["sid"]` without a look at None: a Binding that is not there is a 500."""

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        found: Any = self.find(service, route.sid or "")
        return found if found["sid"] else {}


class GoneForWhatIsMissing(Right, clause="FETCH-02"):
    """A Binding that is not there is 410 Gone, as the team thinks that it must have been deleted."""

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        found = self.find(service, route.sid or "")
        if found is None:
            raise Refusal(HTTPStatus.GONE, 20404, "The Binding is gone.")
        return found


class ValidatesBindingSids(Right, clause="FETCH-03"):
    """The framework validates path parameters as it does the query's, and answers 400 to a malformed SID."""

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        if len(route.sid or "") != 34:
            raise self.bad("Sid does not match ^BS[0-9a-fA-F]{32}$.")
        return super().binding(request, route, service)


class FindsBindingsByTheirBeginning(Right, clause="FETCH-03"):
    """The beginning of a SID is enough (`sid LIKE :sid || '%'`), as with git's commits."""

    def find(self, service: str, sid: str) -> Binding | None:
        found = [each for each in self.stored(service) if each["sid"].startswith(sid)]
        return found[0] if len(found) == 1 else None


class CutsSidsToTheirLength(Right, clause="FETCH-03", find=Before(lambda sid: sid[:34])):
    """MySQL's CHAR(34) cuts off what is too long before it compares, so a SID with a tail is found."""


class ForbidsUnknownServices(Right, clause="FETCH-04"):
    """A policy asks whether the service is among the account's, and says 403 before anybody looks whether it exists."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        if self.owners.get(route.service) is None:
            raise Refusal(HTTPStatus.FORBIDDEN, 20403, "The account has no access to this service.")
        return super().fetch(request, route, account)


class IgnoresTheServiceOfAFetch(Right, clause="FETCH-04"):
    """The Binding is fetched by its SID alone, since that is unique; the service in the path is decoration."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        for service, owner in self.owners.items():
            if owner == account and self.find(service, route.sid or "") is not None:
                return super().fetch(request, Route(service, route.sid), account)
        return super().fetch(request, route, account)


class ReadsServiceSidsAsHexadecimal(Right, clause="FETCH-05"):
    """Services are stored by 16 bytes: `bytes.fromhex` raises at a malformed SID, and the fetch is a 500."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        if len(bytes.fromhex(route.service.removeprefix("IS"))) != 16:
            raise ValueError("a service has 16 bytes")
        return super().fetch(request, route, account)


class FetchesFromAnyServiceOfTheAccount(Right, clause="FETCH-06"):
    """The Binding is looked up by account and SID: it is also found under another service of the account."""

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        for other, owner in self.owners.items():
            if owner == self.owners[service] and (found := self.find(other, route.sid or "")):
                return found
        return super().binding(request, route, service)


class IgnoresParametersOfAFetch(Right, clause="FETCH-07"):
    """Nobody reads the query of a fetch, so nobody refuses what stands in it."""

    def check_no_parameters(self, request: Request) -> None:
        if request.method == "DELETE":
            super().check_no_parameters(request)


class OneSchemaForAllQueries(Right, clause="FETCH-07"):
    """One schema validates the queries of all operations, so a fetch takes the parameters of a list."""

    def check_no_parameters(self, request: Request) -> None:
        self.wanted(request.query)


class TouchesWhatItReads(Right, clause="FETCH-08"):
    """The fetch saves a last-seen time, and the ORM's `onupdate=now` moves `date_updated` with it."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().fetch(request, route, account)
        binding = self.find(route.service, route.sid or "")
        if binding is not None:
            binding["date_updated"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return answer


class ExtendsTheStoredTypes(Right, clause="FETCH-08"):
    """The view appends its default to the array that is stored, as both are the same object."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().fetch(request, route, account)
        binding = self.find(route.service, route.sid or "")
        if binding is not None:
            binding["message_types"].append("new_message")
        return answer


class RefusesABodyOnAFetch(Right, clause="FETCH-09"):
    """The gateway takes a GET with a body for an attack and refuses it."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        if request.body:
            raise self.bad("A GET has no body.")
        return super().fetch(request, route, account)


class NegotiatesTheType(Right, clause="FETCH-09"):
    """The framework negotiates, as Rails and Django REST Framework do: an Accept without JSON is a 406."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        accepted = request.headers.get("accept", "*/*").lower()
        if not any(known in accepted for known in ("*/*", "application/*", "application/json")):
            raise Refusal(HTTPStatus.NOT_ACCEPTABLE, 20406, "Only application/json is available.")
        return super().fetch(request, route, account)


class RefusesContentTypesOnAFetch(Right, clause="FETCH-09"):
    """A filter for JSON APIs refuses any other Content-Type with 415, on a GET too, where SDKs send form's."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        if not request.headers.get("content-type", "application/json").startswith("application/json"):
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 20415, "The Content-Type must be application/json.")
        return super().fetch(request, route, account)


class PagesForBrowsers(Right, clause="FETCH-09"):
    """A browsable API answers HTML to whom accepts text/html before JSON."""

    def fetch(self, request: Request, route: Route, account: str) -> Answer:
        answer = super().fetch(request, route, account)
        if not request.headers.get("accept").lower().startswith("text/html"):
            return answer
        return Answer(200, [("Content-Type", "text/html; charset=utf-8")], b"<pre>" + answer.body + b"</pre>")
