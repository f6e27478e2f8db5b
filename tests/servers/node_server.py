"""The server on Node, which keeps the contract as a team with another language would, and its defects.

It has nothing of ours in it and needs nothing but `node` (20 or later).
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SERVER = Path(__file__).with_name("node") / "server.mjs"
_READY = "listening at "
_ENDS_WITHIN_S = 60


@dataclass(frozen=True)
class NodeDefect:
    """Something that Node teams get wrong."""

    name: str
    clause: str
    """The clause that is meant to catch it."""
    defect: str
    """What is wrong, in a sentence."""


def node_defects() -> list[NodeDefect]:
    """All defects that the server on Node can be started with."""
    listed = subprocess.run(["node", _SERVER, "--list"], capture_output=True, text=True, check=True, timeout=60)
    return [NodeDefect(**entry) for entry in json.loads(listed.stdout)]


@contextmanager
def serving_node(world_file: Path, defect: str | None = None) -> Iterator[str]:
    """Serve a world document while the context lasts: the base URL. Raises `RuntimeError` when it does not start."""
    options = [] if defect is None else ["--defect", defect]
    command = ["node", _SERVER, "--world", world_file, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _base_url(process)
        finally:
            _end(process)


def _base_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(_READY):
        raise RuntimeError(f"the server on Node did not start: {line or 'it ended'}")
    return line.removeprefix(_READY).strip()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
