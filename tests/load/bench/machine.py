"""The machine and the versions that were measured."""

import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

import apsw

from . import wrk
from .contending import PRISM
from .results import Json

_PACKAGES = ("chat-bindings", "connexion", "fastapi", "granian", "httptools", "orjson", "pydantic", "starlette",
             "uvicorn", "uvloop")  # fmt: skip


def describe() -> Json:
    """What to name beside the numbers."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu[1] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "versions": {name: version(name) for name in _PACKAGES} | {"wrk": wrk.version()} | _prism(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _prism() -> dict[str, str]:
    package = PRISM.parents[1] / "@stoplight" / "prism-cli" / "package.json"
    return {"prism": json.loads(package.read_text(encoding="utf-8"))["version"]} if package.exists() else {}


def sentence(machine: Json) -> str:
    """The machine in a line."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']:.0f} GB, {machine['system']}, "
        f"Python {machine['python']}, SQLite {machine['sqlite']}; {versions}."
    )
