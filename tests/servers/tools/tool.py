"""What a tool is to the comparison: something that runs against a URL and reports findings."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...support.running import World, environment

ROOT = Path(__file__).parents[3]
SPEC = ROOT / "openapi" / "bindings.yaml"
MODULES = Path(__file__).parent / "node_modules"


@dataclass(frozen=True)
class Trial:
    """What a tool reported of one server."""

    findings: frozenset[str]
    """Normalised: without what differs from run to run, such as SIDs, positions and ports."""
    notes: tuple[str, ...] = ()
    """What went otherwise than a user would want: a tool that did not end, a report that is missing."""


@dataclass(frozen=True)
class Site:
    """Where a tool works: a server, the world that it holds, and a folder of the tool's own."""

    url: str
    world_file: Path
    world: World
    folder: Path
    seed: int


class Tool(Protocol):
    """A tool."""

    name: str
    settings: str
    """How it is run, in a few words: results with other settings are not comparable."""
    is_random: bool
    """Whether it sends other requests with another seed."""

    def version(self) -> str: ...

    def missing(self) -> str | None:
        """Why it cannot run here."""

    def run(self, site: Site) -> Trial: ...


@dataclass(frozen=True)
class Ended:
    """A process that came to its end, or was brought to it."""

    returncode: int | None
    """None when it did not end in its time."""
    output: str


def finish(command: Sequence[object], seconds: float, folder: Path) -> Ended:
    """Run a command in a folder, for so many seconds at most; then it is killed, with all that it has started."""
    process = subprocess.Popen(
        [str(part) for part in command], cwd=folder, env=environment(PYTHONPATH=str(ROOT)), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=10)
        return Ended(None, output)
    return Ended(process.returncode, output)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def python(*arguments: object) -> list[object]:
    """A command of this Python."""
    return [sys.executable, "-m", *arguments]


def not_ended(tool: str, seconds: float) -> tuple[str, ...]:
    """The note of a tool that did not end."""
    return (f"{tool} did not end within {seconds:g} seconds",)


def unique(findings: Iterable[str]) -> frozenset[str]:
    """Findings, each once."""
    return frozenset(finding.strip() for finding in findings if finding.strip())
