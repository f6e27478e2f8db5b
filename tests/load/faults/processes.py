"""Faults of the service's own processes and of their clock, on any engine."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...support.processes import children
from ...support.running import wait_until
from ..engines import ENGINES
from .matrix import NOTHING, OK, REFUSED, Scene, fault


@contextmanager
def own_clock(scene: Scene) -> Iterator[None]:
    """Give the service a clock of its own."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    with tempfile.TemporaryDirectory(prefix="chat-bindings-clock-") as folder:
        scene.files = Path(folder) / "shift"
        scene.under = [
            "env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={scene.files}", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
        ]  # fmt: skip
        set_clock(scene, 0)
        yield


def set_clock(scene: Scene, seconds: int) -> None:
    """Set the clock of the service forward by so many seconds."""
    scene.files.write_text(f"{seconds:+}")


@fault("the clock jumps back a day", *ENGINES, writes=OK, setting=own_clock, needs=["faketime"])
def clock(scene: Scene) -> Iterator[None]:
    before = scene.ask.register("a device")
    set_clock(scene, -86400)
    later = scene.ask.register("another device")
    assert later["date_created"] < before["date_created"], "the clock did not jump"
    assert scene.ask.register("a device") == before, "a time of a Binding moved back"
    yield
    set_clock(scene, 0)


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
