"""Defects of deleting a Binding."""

import time
from http import HTTPStatus
from typing import Any

from ..bases import after, around, first, instead
from ..http import Answer, Request
from ..right import Binding, Caught, Refusal, Right


@instead(Right.deletion, "DELETE-01")
def deletes_with200(self, request):
    """A delete answers 200 and `{"deleted": true}`, as Stripe does."""
    return self.success(request, {"deleted": True})


class AcceptsADelete(Right, clause="DELETE-01", deletion=lambda request: Answer(HTTPStatus.ACCEPTED)):
    """Deletes go through a queue elsewhere in the system, so this one says 202 as well."""


class HangsUpAfterADelete(Right, clause="DELETE-01", deletion=lambda request: Answer(204, dropped=True)):
    """Something after the deletion, a hook say, ends the worker: the connection is closed without an answer."""


class SendsNullWith204(Right, clause="DELETE-02", deletion=lambda self, request: self.json_answer(204, None)):
    """The JSON renderer runs on every answer, so a 204 has the body `null`, and a Content-Length of 4."""


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


@first(Right.binding, "DELETE-03", _KeepsWhatWasDeleted)
def fetches_what_was_deleted(self, route, service):
    """Deletes are soft, and the query of the fetch lacks `WHERE deleted_at IS NULL`."""
    return self.gone[service].get(route.sid or "")


@around(Right.binding, "DELETE-03")
def caches_fetches(right, self, route, service):
    """Fetches go through a cache by SID that lives for five minutes, and a delete does not invalidate it."""
    key = service, route.sid or ""
    if key not in self.kept:
        self.kept[key] = right()
    return self.kept[key]


@around(_KeepsWhatWasDeleted.remove, "DELETE-04")
def deletes_again(right, self, service, sid):
    """Deletes are soft: `UPDATE ... SET deleted_at = now()` finds the row again, and a second delete is 204 too."""
    return right() or sid in self.gone[service]


@first(_KeepsWhatWasDeleted.remove, "DELETE-04")
def crashes_on_deleting_again(self, service, sid):
    """The second tombstone of a Binding breaks a unique index: deleting again is a 500."""
    if sid in self.gone[service]:
        raise KeyError(sid)


@after(Right.matching, "DELETE-05", _KeepsWhatWasDeleted)
def lists_what_was_deleted(found, self, service, wanted):
    """Deletes are soft, and the query of the list without filters lacks `WHERE deleted_at IS NULL`."""
    return found if wanted.types or wanted.identities else _with_gone(self, service, wanted, found)


def _with_gone(self, service, wanted, found):
    """Add what was deleted to a list, as far as it fits."""
    gone = [each for each in self.gone[service].values() if self.is_wanted(each, wanted)]
    return sorted([*found, *gone], key=self.sort_key)


@after(Right.matching, "DELETE-06", _KeepsWhatWasDeleted)
def leaves_the_index_of_identities(found, self, service, wanted):
    """A second table holds the Bindings by identity, as in Cassandra; the delete forgets it."""
    return _with_gone(self, service, wanted, found) if wanted.identities else found


@after(Right.matching, "DELETE-06", _KeepsWhatWasDeleted)
def leaves_the_index_of_types(found, self, service, wanted):
    """Redis holds a set of Bindings for each type; the delete removes the hash and forgets the set."""
    return _with_gone(self, service, wanted, found) if wanted.types and not wanted.identities else found


class _DeletesMore(Right):
    """Deletes more than the Binding that is meant; `doomed` gives the SIDs."""

    def doomed(self, service: str, meant: Binding) -> list[str]:
        return []

    def remove(self, service: str, sid: str) -> bool:
        with self.lock:
            meant = self.find(service, sid)
            for each in [] if meant is None else self.doomed(service, meant):
                super().remove(service, each)
            return meant is not None


def _sharing(name):
    """Make what gives all Bindings that share a property with one."""
    return lambda self, service, meant: [each["sid"] for each in self.stored(service) if each[name] == meant[name]]


class DeletesTheUser(_DeletesMore, clause="DELETE-07", doomed=_sharing("identity")):
    """`DELETE FROM bindings WHERE identity = ...`: all devices of the user go."""


class DeletesTheDevice(_DeletesMore, clause="DELETE-07", doomed=_sharing("endpoint")):
    """The device is unregistered at the push service, so all its users lose it."""


@instead(_DeletesMore.doomed, "DELETE-07")
def deletes_the_next_of_the_credential(self, service, meant):
    """An index of credentials is cleared from the Binding's entry to the next one: that Binding goes as well."""
    entries = sorted((each["credential_sid"], each["sid"]) for each in self.stored(service))
    place = entries.index((meant["credential_sid"], meant["sid"]))
    return [sid for credential, sid in entries[place : place + 2] if credential == meant["credential_sid"]]


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


@around(Right.remove, "DELETE-10")
def deletes_in_any_service_of_the_account(right, self, service):
    """The Binding is deleted by account and SID, whichever of the account's services the path names."""
    return any(right(service=other) for other, owner in self.owners.items() if owner == self.owners[service])


@around(Right.remove, "DELETE-10", deletes_in_any_service_of_the_account)
def deletes_elsewhere_with404(right, self, service, sid):
    """The row is deleted by its SID; that it stood in another service is noticed after the commit: a 404."""
    stood_here = self.find(service, sid) is not None
    return right() and stood_here


@around(Right.check_no_parameters, "DELETE-11")
def ignores_parameters_of_a_delete(right, request):
    """Nobody reads the query of a delete: `?Identity=bob` deletes as if it were not there."""
    if request.method != "DELETE":
        right()


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


@first(Right.answer, "DELETE-14", _KeepsWhatWasDeleted)
def comes_back_with_the_snapshot(self):
    """The store is kept in memory and refreshed from a snapshot after twenty requests: deletes are undone."""
    with self.lock:
        if next(self.numbers) % 20 == 0:
            for service, gone in self.gone.items():
                self.services[service].update(gone)
                gone.clear()


class ComesBackFromAReplica(_KeepsWhatWasDeleted, clause="DELETE-14"):
    """A replica that missed the delete is promoted half a second later, and serves from then on."""

    promoted_at = float("inf")

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
