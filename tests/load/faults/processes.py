"""Faults of the service's own processes and of their clock, on any engine."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from ...support.processes import children
from ...support.running import wait_until
from ..engines import ENGINES
from .matrix import NOTHING, OK, REFUSED, Scene, Setting, fault


class OwnClock(Setting):
    """A clock for the service alone."""

    def __enter__(self) -> Self:
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self._shift = (
            Path(self.ends.enter_context(tempfile.TemporaryDirectory(prefix="chat-bindings-clock-"))) / "shift"
        )
        self.under = [
            "env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={self._shift}", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
        ]  # fmt: skip
        self.shift(0)
        return self

    def shift(self, seconds: int) -> None:
        """Set it forward by so many seconds."""
        self._shift.write_text(f"{seconds:+}")


@fault("the clock jumps back a day", *ENGINES, writes=OK, setting=OwnClock, needs=["faketime"])
def clock(scene: Scene) -> Iterator[None]:
    before = scene.ask.register("a device")
    scene.setting.shift(-86400)
    later = scene.ask.register("another device")
    assert later["date_created"] < before["date_created"], "the clock did not jump"
    assert scene.ask.register("a device") == before, "a time of a Binding moved back"
    yield
    scene.setting.shift(0)


@fault(
    "a worker is killed", *ENGINES,
    reads=OK | NOTHING, writes=OK | NOTHING, wrong=REFUSED | NOTHING, options=["--workers", "2"],
)  # fmt: skip
def worker_killed(scene: Scene) -> Iterator[None]:
    workers = len(children(scene.service.pid))
    os.kill(children(scene.service.pid)[-1], signal.SIGKILL)
    yield
    assert wait_until(lambda: len(children(scene.service.pid)) == workers, 60), "no other worker came"


@fault("the service is killed, and started again", *ENGINES, reads=NOTHING, writes=NOTHING, wrong=NOTHING)
def service_killed(scene: Scene) -> Iterator[None]:
    scene.service.kill()
    yield
    scene.start()
