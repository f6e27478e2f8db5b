"""A thread for one call after the other. Handing a call over takes half as long as with an executor."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any


class Call:
    """A call in the thread, as the event loop sees it."""

    def __init__(self, do: Callable[..., Any], *arguments: Any) -> None:
        self._do = do
        self._arguments = arguments
        self._running = Lock()
        self._running.acquire()
        self._result: Any = None
        self._error: BaseException | None = None
        self._notify: Callable[[], object] | None = None

    def run(self) -> None:
        try:
            self._result = self._do(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - it is the caller's, whatever it is
            self._error = error
        self._running.release()
        if self._notify is not None:
            self._notify()

    def ends_within(self, seconds: float) -> bool:
        """Block until the call has ended, for so long at the most. Return whether it has."""
        has_ended = self._running.acquire(timeout=seconds)
        if has_ended:
            self._running.release()
        return has_ended

    async def wait(self, seconds: float = 0.0) -> Any:
        """Return or raise what the call did. The event loop blocks for some seconds first: a thread wakes sooner."""
        if not self.ends_within(seconds):
            loop, woken = asyncio.get_running_loop(), asyncio.Event()

            def notify() -> None:
                with suppress(RuntimeError):  # the event loop is closed
                    loop.call_soon_threadsafe(woken.set)

            self._notify = notify
            if self._running.locked():  # else it ended before it could see `_notify`
                await woken.wait()
        if self._error is not None:
            raise self._error
        return self._result


class Calls:
    """The thread. It ends with the process, or by `stop`."""

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def begin(self, do: Callable[..., Any], *arguments: Any) -> Call:
        """Begin a call, behind those before it."""
        call = Call(do, *arguments)
        self._queue.put(call)
        return call

    def stop(self) -> None:
        """End the thread after the calls that it has."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (call := self._queue.get()) is not None:
            call.run()
            del call  # whose result may be large
