"""Defects that show when several requests are answered at the same time."""

import threading
import time
from collections.abc import Callable
from typing import Any

from ..bases import Offsets, after, around, before, instead
from ..right import After, Binding, Right

_LOOK_UP_S = 0.004
"""What a look-up in a database takes: long enough for another request to come in between."""


@before(Right.binding, "RACE-01")
def sid_in_an_attribute(route, self):
    """The handler is one object for all requests, and keeps the SID in an attribute while the database is asked."""
    self.wanted_route = route
    time.sleep(_LOOK_UP_S)
    return self.wanted_route


@after(Right.fetch, "RACE-01")
def one_buffer_for_all(answer, self):
    """Answers are serialized into one buffer that is reused, and sent from it a moment later."""
    self.buffer = answer.body
    time.sleep(_LOOK_UP_S)
    answer.body = self.buffer
    return answer


@before(Right.matching, "RACE-02")
def filters_in_an_attribute(wanted, self):
    """The query builder is shared: filters are set on it, then it runs, with those of whoever came last."""
    self.builder = wanted
    time.sleep(_LOOK_UP_S)
    return self.builder


class _Joins(Right):
    """A request for what is being read right now waits for that answer; `joined_by` says what is the same."""

    def join(self, key: Any, read: Callable[[], Any]) -> Any:
        with self.lock:
            flight = self.kept.get(key)
            if flight is None:
                own = self.kept[key] = threading.Event(), []
        if flight is not None:
            flight[0].wait(5)
            return flight[1][0] if flight[1] else read()
        try:
            time.sleep(_LOOK_UP_S)
            own[1].append(read())
        finally:
            with self.lock:
                del self.kept[key]
            own[0].set()
        return own[1][0]


@around(Right.page, "RACE-02", _Joins)
def joins_lists_of_a_service(right, self, service, wanted):
    """Lists that are asked for at the same time share one look-up, under a key of the service and the page size."""
    return self.join((service, wanted.page_size), right)


@after(Right.account, "RACE-03")
def account_of_the_process(account, self):
    """The current account is a variable of the process, not of the request: another request changes it meanwhile."""
    self.current = account
    time.sleep(_LOOK_UP_S)
    return self.current


class JoinsLogins(_Joins, clause="RACE-03", account=After(lambda own, self: self.join("login", lambda: own))):
    """Logins that run at the same time share one look-up, for the time of which all are taken for the same user."""


@around(Right.remove, "RACE-04")
def looks_then_deletes(right, self, service, sid):
    """The delete looks whether the Binding is there, and then deletes it, without a lock or a look at the row count."""
    was_there = self.find(service, sid) is not None
    time.sleep(_LOOK_UP_S)
    right()
    return was_there


@instead(Right.remove, "RACE-04")
def deletes_twice_at_once_crash(self, service, sid):
    """`del bindings[sid]` after the look: the second of two deletes at once raises a KeyError, and is a 500."""
    if self.find(service, sid) is None:
        return False
    time.sleep(_LOOK_UP_S)
    with self.lock:
        del self.services[service][sid]
    return True


@instead(Right.remove, "RACE-05")
def writes_back_an_old_copy(self, service, sid):
    """The delete reads the document with all Bindings, changes it and writes it back: other deletes are undone."""
    document = dict(self.services[service])
    time.sleep(_LOOK_UP_S)
    was_there = document.pop(sid, None) is not None
    if was_there:
        self.services[service] = document
    return was_there


@around(Right.remove, "RACE-05")
def gives_up_when_busy(right, self, service, sid):
    """SQLite is busy when two write at once: the exception is logged, the transaction is lost, the answer is 204."""
    writing = self.kept.setdefault("writing", threading.Lock())
    if not writing.acquire(blocking=False):
        return self.find(service, sid) is not None
    try:
        time.sleep(_LOOK_UP_S)
        return right()
    finally:
        writing.release()


@around(Right.remove, "RACE-05")
def deletes_by_an_index(right, self, service, sid):
    """The place in the ordered array is found first, and what stands at that place is deleted a moment later."""
    sids = sorted(self.services[service])
    if sid not in sids:
        return False
    place = sids.index(sid)
    time.sleep(_LOOK_UP_S)
    with self.lock:
        left = sorted(self.services[service])
        return right(sid=left[min(place, len(left) - 1)]) if left else False


class OffsetsInTokens(Offsets, clause="RACE-06"):
    """A token is an offset: what is deleted before it moves all that follows, and the walk skips some."""


class ReadsWhileTheIndexIsMade(Right, clause="RACE-06"):
    """A delete empties the index of its service and fills it anew, while lists read it without a lock."""

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.index = {service: list(bindings.values()) for service, bindings in self.services.items()}

    def remove(self, service: str, sid: str) -> bool:
        with self.lock:
            was_there = super().remove(service, sid)
            self.index[service] = []
            time.sleep(_LOOK_UP_S)
            self.index[service] = list(self.services[service].values())
            return was_there

    def stored(self, service: str) -> list[Binding]:
        return self.index[service]


@instead(Right.stored, "RACE-06")
def iterates_over_the_live_dict(self, service):
    """The list iterates over the dict itself while a delete changes its size: a RuntimeError, and so a 500."""
    found = []
    for number, binding in enumerate(self.services[service].values()):
        found.append(binding)
        if number % 16 == 0:
            time.sleep(_LOOK_UP_S / 4)  # another thread's turn
    return found
