"""The servers on other HTTP stacks, written from the contract as teams there would, and their defects.

They have nothing of ours in them. Each is a program with the options `--world FILE`, `--defect NAME` and `--list`.
"""

import functools
import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..support.tools import path_of, unavailable

_HERE = Path(__file__).parent
_FASTIFY = _HERE / "fastify" / "node_modules" / "fastify"
_BUILD = _HERE.parents[1] / "build" / "servers"
_READY = "listening at "

STACKS = {"Node.js": "node", "Fastify": "npm", "Go": "go"}
"""The stacks, each with the tool that it needs."""


@functools.cache
def _command(stack: str) -> Sequence[str | Path]:
    """Return a stack's server command, compiled and with its packages. Skips the test where these are missing."""
    if stack == "Node.js":
        return ("node", _HERE / "node" / "server.mjs")
    if stack == "Fastify":
        if not _FASTIFY.exists():
            unavailable("Fastify is missing: make tests/servers/fastify/node_modules/.installed (it needs npm)")
        return ("node", _HERE / "fastify" / "server.mjs")
    _BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-buildvcs=false", "-o", _BUILD / "go", "."], cwd=_HERE / "go", check=True)
    return (_BUILD / "go",)


def is_there(stack: str) -> bool:
    """Tell whether a stack's tools and packages are on this machine."""
    return path_of(STACKS[stack]) is not None and (stack != "Fastify" or _FASTIFY.exists())


@functools.cache
def defects_on(stack: str) -> list[dict[str, str]]:
    """List all defects that a stack's server can be started with: `name`, `clause` and `defect`, a sentence."""
    command = [*_command(stack), "--list"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


@contextmanager
def serving_on(stack: str, world_file: Path, defect: str | None = None) -> Iterator[str]:
    """Serve a world document while the context lasts; yield the base URL. Raises `RuntimeError` on a failed start."""
    options = [] if defect is None else ["--defect", defect]
    command = [*_command(stack), "--world", world_file, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            if not line.startswith(_READY):
                raise RuntimeError(f"the server on {stack} did not start: {line or 'it ended'}")
            yield line.removeprefix(_READY).strip()
        finally:
            process.kill()
