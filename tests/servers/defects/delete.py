"""Defects of deleting a Binding."""

import time
from http import HTTPStatus
from typing import Any

from ..bases import first, instead
from ..http import Answer, Request
from ..right import Binding, Caught, Refusal, Right, Route, Wanted


@instead(Right.deletion, "DELETE-01")
def deletes_with200(self, request):
    """A delete answers 200 and `{"deleted": true}`, as Stripe does."""
    return self.success(request, {"deleted": True})


class AcceptsADelete(Right, clause="DELETE-01", deletion=lambda request: Answer(HTTPStatus.ACCEPTED)):
    """Deletes go through a queue elsewhere in the system, so this one says 202 as well."""


class HangsUpAfterADelete(Right, clause="DELETE-01", deletion=lambda request: Answer(204, dropped=True)):
    """Something after the deletion, a hook say, ends the worker: the connection is closed without an answer."""


@instead(Right.deletion, "DELETE-02")
def sends_null_with204(self):
    """The JSON renderer runs on every answer, so a 204 has the body `null`, and a Content-Length of 4."""
    return self.json_answer(204, None)


@instead(Right.deletion, "DELETE-02")
def announces_a_length_with204():
    """The middleware that sets Content-Length has `{}` in hand; the body is left out later, the header stays."""
    return Answer(204, [("Content-Type", "application/json"), ("Content-Length", "2")], close=True)


class _KeepsWhatWasDeleted(Right):
    """Deletes softly: what was deleted stays in a table of its own, which no operation reads."""

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.gone: dict[str, dict[str, Binding]] = {service: {} for service in self.services}

    def remove(self, service: str, sid: str) -> bool:
        with self.lock:
            found = super().find(service, sid)
            if found is not None:
                self.gone[service][sid] = found
            return super().remove(service, sid)


class FetchesWhatWasDeleted(_KeepsWhatWasDeleted, clause="DELETE-03"):
    """Deletes are soft, and the query of the fetch lacks `WHERE deleted_at IS NULL`."""

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        return self.gone[service].get(route.sid or "") or super().binding(request, route, service)


class CachesFetches(Right, clause="DELETE-03"):
    """Fetches go through a cache by SID that lives for five minutes, and a delete does not invalidate it."""

    def binding(self, request: Request, route: Route, service: str) -> Binding:
        key = service, route.sid or ""
        if key not in self.kept:
            self.kept[key] = super().binding(request, route, service)
        return self.kept[key]


class DeletesAgain(_KeepsWhatWasDeleted, clause="DELETE-04"):
    """Deletes are soft: `UPDATE ... SET deleted_at = now()` finds the row again, and a second delete is 204 too."""

    def remove(self, service: str, sid: str) -> bool:
        return super().remove(service, sid) or sid in self.gone[service]


@first(_KeepsWhatWasDeleted.remove, "DELETE-04")
def crashes_on_deleting_again(self, service, sid):
    """The second tombstone of a Binding breaks a unique index: deleting again is a 500."""
    if sid in self.gone[service]:
        raise KeyError(sid)


class ListsWhatWasDeleted(_KeepsWhatWasDeleted, clause="DELETE-05"):
    """Deletes are soft, and the query of the list without filters lacks `WHERE deleted_at IS NULL`."""

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        found = super().matching(service, wanted)
        if wanted.types or wanted.identities:
            return found
        return sorted([*found, *self.gone[service].values()], key=self.sort_key)


class _LeavesAnIndex(_KeepsWhatWasDeleted):
    """An index of deleted Bindings is not emptied; `is_indexed` says for which lists it is read."""

    def is_indexed(self, wanted: Wanted) -> bool:
        return False

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        found = super().matching(service, wanted)
        if not self.is_indexed(wanted):
            return found
        stale = [each for each in self.gone[service].values() if self.is_wanted(each, wanted)]
        return sorted([*found, *stale], key=self.sort_key)


class LeavesTheIndexOfIdentities(_LeavesAnIndex, clause="DELETE-06", is_indexed=lambda wanted: bool(wanted.identities)):
    """A second table holds the Bindings by identity, as in Cassandra; the delete forgets it."""


@instead(_LeavesAnIndex.is_indexed, "DELETE-06")
def leaves_the_index_of_types(wanted):
    """Redis holds a set of Bindings for each type; the delete removes the hash and forgets the set."""
    return bool(wanted.types) and not wanted.identities


class _DeletesByAProperty(Right):
    """Deletes all Bindings of the service that share a property with the one that is meant."""

    shared = ""

    def remove(self, service: str, sid: str) -> bool:
        with self.lock:
            meant = self.find(service, sid)
            if meant is None:
                return False
            for each in self.stored(service):
                if each[self.shared] == meant[self.shared]:
                    super().remove(service, each["sid"])
            return True


class DeletesTheUser(_DeletesByAProperty, clause="DELETE-07", shared="identity"):
    """`DELETE FROM bindings WHERE identity = ...`: all devices of the user go."""


class DeletesTheDevice(_DeletesByAProperty, clause="DELETE-07", shared="endpoint"):
    """The device is unregistered at the push service, so all its users lose it."""


class DeletesTheNextOfTheCredential(Right, clause="DELETE-07"):
    """An index of credentials is cleared from the Binding's entry to the next one: that Binding goes as well."""

    def remove(self, service: str, sid: str) -> bool:
        with self.lock:
            meant = self.find(service, sid)
            if meant is None:
                return False
            key = meant["credential_sid"], sid
            entries = sorted((each["credential_sid"], each["sid"]) for each in self.stored(service))
            for credential, each in entries[entries.index(key) :][:2]:
                if credential == meant["credential_sid"]:
                    super().remove(service, each)
            return True


@instead(Right.delete, "DELETE-08")
def deletes_nothing_with204(self, request, route, account):
    """Nobody looks at the number of rows that the DELETE touched: what was never there is 204."""
    self.check_no_parameters(request)
    self.remove(self.service(request, route, account), route.sid or "")
    return self.deletion(request)


class HangsUpAtADeleteOfNothing(Right, clause="DELETE-08", delete=Caught(lambda refusal: Answer(500, dropped=True))):
    """What is not there is nil, which the delete does not expect: it panics, and the connection is closed."""


@first(Right.delete, "DELETE-09")
def validates_sids_of_a_delete(self, route):
    """The path's parameters are validated as the query's are: a malformed SID is 400 on a delete."""
    if len(route.service) != 34 or len(route.sid or "") != 34:
        raise self.bad("A SID has two letters and 32 hexadecimal digits.")


@first(Right.delete, "DELETE-09")
def deletes_in_unknown_services(self, request, route):
    """The service is joined when it is there; a delete in one that is not finds nothing to do, and says 204."""
    return self.deletion(request) if route.service not in self.owners else None


class DeletesInAnyServiceOfTheAccount(Right, clause="DELETE-10"):
    """The Binding is deleted by account and SID, whichever of the account's services the path names."""

    def remove(self, service: str, sid: str) -> bool:
        own = [other for other, owner in self.owners.items() if owner == self.owners[service]]
        return any(super(DeletesInAnyServiceOfTheAccount, self).remove(other, sid) for other in own)


class DeletesElsewhereWith404(DeletesInAnyServiceOfTheAccount, clause="DELETE-10"):
    """The row is deleted by its SID; that it stood in another service is noticed after the commit: a 404."""

    def remove(self, service: str, sid: str) -> bool:
        stood_here = self.find(service, sid) is not None
        return super().remove(service, sid) and stood_here


class IgnoresParametersOfADelete(Right, clause="DELETE-11"):
    """Nobody reads the query of a delete: `?Identity=bob` deletes as if it were not there."""

    def check_no_parameters(self, request: Request) -> None:
        if request.method != "DELETE":
            super().check_no_parameters(request)


@first(Right.delete, "DELETE-12")
def validates_after_deleting(self, request, route, account):
    """The query is validated in an after-request hook: the 400 comes when the Binding is gone."""
    service = self.service(request, route, account)
    if request.query:
        self.remove(service, route.sid or "")


@first(Right.delete, "DELETE-13")
def refuses_a_body_on_a_delete(self, request):
    """A proxy drops deletes that have a body: 400."""
    if request.body:
        raise self.bad("A DELETE has no body.")


@first(Right.delete, "DELETE-13")
def deletes_need_json(request):
    """Every method but GET needs `Content-Type: application/json` or none; SDKs send that of forms: 415."""
    if not request.headers.get("content-type", "application/json").startswith("application/json"):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 20415, "The Content-Type must be application/json.")


class ComesBackWithTheSnapshot(_KeepsWhatWasDeleted, clause="DELETE-14"):
    """The store is kept in memory and refreshed from a snapshot after twenty requests: deletes are undone."""

    def answer(self, request: Request) -> Answer:
        with self.lock:
            if next(self.numbers) % 20 == 0:
                for service, gone in self.gone.items():
                    self.services[service].update(gone)
                    gone.clear()
        return super().answer(request)


class ComesBackFromAReplica(_KeepsWhatWasDeleted, clause="DELETE-14"):
    """A replica that missed the delete is promoted half a second later, and serves from then on."""

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.promoted_at = float("inf")

    def remove(self, service: str, sid: str) -> bool:
        self.promoted_at = min(self.promoted_at, time.monotonic() + 0.5)
        return super().remove(service, sid)

    def answer(self, request: Request) -> Answer:
        with self.lock:
            if time.monotonic() > self.promoted_at:
                self.promoted_at = float("inf")
                for service, gone in self.gone.items():
                    self.services[service].update(gone)
        return super().answer(request)


class EveryWorkerHasItsMemory(_KeepsWhatWasDeleted, clause="DELETE-14"):
    """The store is a dict in each of two workers: every fourth request meets the one that did not delete."""

    requests = 0

    def answer(self, request: Request) -> Answer:
        self.requests = next(self.numbers)
        return super().answer(request)

    def find(self, service: str, sid: str) -> Binding | None:
        found = super().find(service, sid)
        return found or (self.gone[service].get(sid) if self.requests % 4 == 0 else None)
