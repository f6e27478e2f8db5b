"""The time of a full run of `verify`: near, 150 ms away, and where 20 requests a second are let through."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...support.running import Service, World, environment, run_cli
from .results import Json, say, table

_SERVERS = {"150 ms away": "slow150", "20 requests a second": "limits-the-rate"}


def measure(folder: Path) -> Json:
    """Verify the reference service, and a server with each delay: seconds, requests and the verdict."""
    world_file = folder / "verify-world.json"
    World.made(world_file)
    results = {}
    database = f"sqlite:///{folder}/verify.db"
    if run_cli("import", world_file, "--database", database).returncode:
        raise RuntimeError("the fixtures' world cannot be imported")
    with Service(database) as service:
        results["near: the reference service"] = _verified(service.url, world_file, folder)
    for name, server in _SERVERS.items():
        with _serving(server, world_file) as url:
            results[name] = _verified(url, world_file, folder)
    return results


def _verified(url: str, world_file: Path, folder: Path) -> Json:
    say(f"verify {url}")
    began = time.perf_counter()
    run = run_cli("verify", url, "--fixtures", world_file, "--strict", "--report-dir", folder / "report", timeout=600)
    seconds = time.perf_counter() - began
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stderr)
    report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    return {"seconds": round(seconds, 1), "requests": report["requests"], "verdict": report["verdict"]}


@contextmanager
def _serving(server: str, world_file: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.servers", server, "--world", str(world_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as running:
        try:
            assert running.stdout is not None
            yield running.stdout.readline().rpartition(" ")[2].strip()
        finally:
            running.terminate()


def tables(results: Json) -> list[str]:
    """Give the results as a table."""
    rows = [[name, f"{each['seconds']:.1f}", str(each["requests"]), each["verdict"]] for name, each in results.items()]
    return table(["verify of a server", "seconds", "requests", "verdict"], rows)
