"""What the tools are run against: the right servers, and the wrong ones."""

import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...support.guessing import UNLIMITED
from ...support.running import Service, environment, run_cli
from .tool import ROOT, python

_URL = re.compile(r"https?://[^\s/]+")
_ENDS_WITHIN_S = 10

KINDS = ("python", "node")

Start = Callable[[Path], AbstractContextManager[str]]
"""Starts a server, which may use the folder that it is given: its base URL, while the context lasts."""


@dataclass(frozen=True)
class Subject:
    """A server that can be started, as often as is wanted, each time with the whole world."""

    name: str
    clause: str
    """The clause that is meant to catch it; empty of a right server."""
    start: Start

    @property
    def area(self) -> str:
        """What its clause is about."""
        return self.clause.partition("-")[0]


def right(kinds: Collection[str], world_file: Path, folder: Path) -> Iterator[Subject]:
    """The servers that keep the contract: the reference, and those that the wrong ones of some kinds are made of."""
    database = folder / "reference.db"
    imported = run_cli("import", world_file, "--database", f"sqlite:///{database}")
    if imported.returncode != 0:
        raise RuntimeError(f"the world was not imported: {imported.stderr}")
    yield Subject("chat-bindings serve", "", partial(_reference, database))
    if "python" in kinds:
        yield Subject("right", "", partial(_python, "right", world_file))
    if "node" in kinds:
        yield Subject("node:right", "", partial(_node, None, world_file))


def wrong(kinds: Collection[str], world_file: Path) -> Iterator[Subject]:
    """The servers of some kinds with one defect each."""
    if "python" in kinds:
        from ..catalogue import name_of, wrong

        for defect in wrong():
            yield Subject(name_of(defect), defect.clause, partial(_python, name_of(defect), world_file))
    if "node" in kinds:
        from ..node_server import node_defects

        for other in node_defects():
            yield Subject(f"node:{other.name}", other.clause, partial(_node, other.name, world_file))


@contextmanager
def _reference(template: Path, folder: Path) -> Iterator[str]:
    database = Path(shutil.copy(template, folder / "reference.db"))
    with Service(database, *UNLIMITED) as service:
        yield service.url


def _node(name: str | None, world_file: Path, folder: Path) -> AbstractContextManager[str]:
    from ..node_server import serving_node

    return serving_node(world_file, name)


@contextmanager
def _python(name: str, world_file: Path, folder: Path) -> Iterator[str]:
    command = [str(part) for part in python("tests.servers", name, "--world", world_file, "--port", 0)]
    with (folder / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = _URL.search(process.stdout.readline())
            if not found:
                raise RuntimeError(
                    f"{name} did not start: {(folder / 'server.log').read_text(encoding='utf-8')[-500:]}"
                )
            yield found[0]
        finally:
            process.terminate()
            try:
                process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_ENDS_WITHIN_S)
            process.stdout.close()
