"""Start-up time: of `chat-bindings serve` and `--help`, beside the import of Connexion alone."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from ...support.running import environment
from .contending import Site, answers, end, free_port
from .results import Json, say, table

_COMMAND = Path(sys.executable).with_name("chat-bindings")
_PAUSE = 0.002


def measure(site: Site, *, rounds: int) -> Json:
    """Medians of rounds, in which each is measured once."""
    steps: dict[str, Callable[[], float]] = {
        "import connexion": lambda: _ended(sys.executable, "-c", "import connexion"),
        "serve, first answer": lambda: _served(site),
        "--help": lambda: _ended(str(_COMMAND), "--help"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    say(f"start-up, {rounds} rounds")
    for number in range(rounds):
        names = list(steps)
        for name in names[number % 3 :] + names[: number % 3]:
            seconds[name].append(steps[name]())
    medians = {name: median(each) for name, each in seconds.items()}
    base = medians["import connexion"]
    return {name: {"seconds": round(each, 3), "ratio": round(each / base, 2)} for name, each in medians.items()}


def _ended(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - started


def _served(site: Site) -> float:
    port = free_port()
    arguments = ["--log-level", "warning", "--port", str(port), "--database", f"sqlite:///{site.database}"]
    started = time.perf_counter()
    process = subprocess.Popen([str(_COMMAND), "serve", *arguments], env=environment(), start_new_session=True)
    try:
        while not answers(port):
            if process.poll() is not None or time.perf_counter() - started > 60:
                raise RuntimeError(f"serve did not start, {process.returncode}")
            time.sleep(_PAUSE)
        return time.perf_counter() - started
    finally:
        end(process)


def tables(results: Json) -> list[str]:
    """The results, for the README."""
    rows = [[name, f"{each['seconds']:.3f}", f"{each['ratio']:.2f}"] for name, each in results.items()]
    return table(["from its start", "seconds", "times `import connexion`"], rows)
