"""Start-up time: of `chat-bindings serve` and `--help`, beside the import of Connexion alone."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

from ...support import raw
from ...support.running import environment
from ..figures import table
from .contending import Site, running, served, turns

_COMMAND = Path(sys.executable).with_name("chat-bindings")
_BASE = "import connexion"


def measure(site: Site, *, rounds: int) -> list[str]:
    """Take each step once in each round."""
    steps: dict[str, Callable[[], float]] = {
        _BASE: lambda: _run(sys.executable, "-c", _BASE),
        "serve, first answer": lambda: _serve(site),
        "--help": lambda: _run(_COMMAND, "--help"),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for name in turns("start-up", list(steps), rounds):
        seconds[name].append(steps[name]())
    medians = {name: median(seconds[name]) for name in steps}
    rows = [[name, f"{each:.3f}", f"{each / medians[_BASE]:.2f}"] for name, each in medians.items()]
    return table(["from its start", "seconds", f"times `{_BASE}`"], rows)


def _run(*command: object) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - began


def _serve(site: Site) -> float:
    began = time.perf_counter()
    with running(served, site) as service:
        raw.ask(service.url, "GET", "/")
        return time.perf_counter() - began
