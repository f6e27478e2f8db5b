"""The journal as server-sent events."""

import asyncio
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx

from ...support.answers import document
from ...support.running import wait_until
from .conftest import serving, world

MOST = document("control.yaml")["paths"]["/v1/requests/stream"]["get"]["x-max-streams"]

Event = tuple[str, dict[str, object]]


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Yield the events of a stream, as they come."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "":
            if fields:
                yield fields["event"], json.loads(fields["data"])
            fields = {}
        elif line[0] != ":":
            fields[name] = value


@contextmanager
def streaming(served, **parameters: object) -> Iterator[Iterator[Event]]:
    """Open a stream."""
    with served.control.stream("GET", "requests/stream", params=parameters) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
        yield events(answer.iter_lines())


def test_requests_come_as_they_are_answered(served):
    """First those of the journal, then each new one that matches; a clear is an event too."""
    served.register("before")
    with streaming(served, operation="registerBinding") as coming:
        assert next(coming)[1]["body"]["Identity"] == "before"
        served.bindings()
        served.register("after")
        name, shown = next(coming)
        assert (name, shown["body"]["Identity"]) == ("request", "after")
        assert shown == served.requests(since=shown["number"] - 1)[0]
        served.control.post("reset")
        assert next(coming) == ("clear", {"last": shown["number"]})
        served.register("again")
        assert next(coming)[1]["number"] == shown["number"] + 1


def test_a_stream_begins_after_a_number_and_ends_after_its_duration(served):
    """A stream with a duration of 0 is the content of the journal."""
    last = served.control.get("requests").json()["last"]
    for size in range(1, 5):
        served.bindings(PageSize=size)
    answer = served.control.get("requests/stream", params={"since": last + 2, "duration": 0})
    assert [shown["query"] for _, shown in events(iter(answer.text.split("\n")))] == ["PageSize=3", "PageSize=4"]
    started = time.monotonic()
    quiet = served.control.get("requests/stream", params={"since": last + 4, "duration": 1})
    assert [*events(iter(quiet.text.split("\n")))] == []
    assert time.monotonic() - started > 0.9
    head = served.control.head("requests/stream")
    assert (head.status_code, head.content) == (200, b"")


def test_streams_are_bounded_in_number(served):
    """One more is a 429; a client that hangs up makes room, and HEAD takes none."""
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(streaming(served))
        refused = served.control.get("requests/stream")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
        shown = document("control.yaml")["components"]["examples"]["too_many_streams"]["value"]
        assert refused.json() == shown
    assert wait_until(lambda: served.control.get("requests/stream", params={"duration": 0}).status_code == 200, 60)


def test_the_end_of_the_service_ends_streams_and_waits(tmp_path):
    """It does not wait for them."""
    with serving(tmp_path, "--world", "-", "--no-docs", stdin=json.dumps(world())) as served:
        found: list[object] = []
        waiting = threading.Thread(target=lambda: found.append(served.requests(wait=60)))
        waiting.start()
        with (
            httpx.Client(base_url=served.control_url, timeout=60) as other,
            other.stream("GET", "/requests/stream") as one,
            other.stream("GET", "/requests/stream") as another,
        ):
            served.control.get("requests")
            started = time.monotonic()
            served.process.send_signal(signal.SIGTERM)
            assert (one.read(), another.read()) == (b"", b"")
        waiting.join(60)
        assert served.process.wait(60) == 0
        assert found == [[]]
        assert time.monotonic() - started < 20  # a service that waits for them takes its 30 seconds of grace


def test_a_quiet_stream_sends_comments(monkeypatch):
    """So that proxies keep it open, and so that a client that is gone is seen."""
    from chat_bindings.server.control import journal as journals

    monkeypatch.setattr(journals, "_KEEP_ALIVE", 0.01)

    async def quiet() -> list[bytes]:
        return [part async for part in journals.Journal(10).stream(0, journals.RequestFilter(), 0.2)]

    parts = asyncio.run(quiet())
    assert parts[:3] == [b"", b": nothing new\n\n", b": nothing new\n\n"]
