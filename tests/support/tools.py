"""Tools that Python does not bring, and that some tests need."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

COMMANDS = {
    "curl": (("curl",), "curl is missing: apt-get install curl"),
    "node": (("node",), "Node.js is missing: apt-get install nodejs"),
    "oasdiff": (("oasdiff",), "oasdiff is missing: make build/bin/oasdiff (it needs Go)"),
    "npm": (("npm",), "npm is missing: apt-get install npm"),
    "go": (("go",), "Go is missing: apt-get install golang-go"),
    "cargo": (("cargo",), "Rust is missing: apt-get install cargo"),
    "flock": (("flock",), "flock is missing: apt-get install util-linux"),
    "mvn": (("mvn",), "Maven is missing: apt-get install maven"),
    "javac": (("javac",), "A JDK is missing: apt-get install default-jdk-headless"),
    "dotnet": (("dotnet",), ".NET is missing: install its SDK 10"),
    "php": (("php",), "PHP is missing: apt-get install php-cli php-curl php-mbstring"),
    "ruby": (("ruby",), "Ruby is missing: apt-get install ruby"),
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "Chromium is missing: apt-get install chromium"),
    "promtool": (("promtool",), "promtool is missing: make build/bin/promtool (by apt-get)"),
    "unshare": (("unshare",), "unshare is missing: apt-get install util-linux"),
    "systemd-analyze": (("systemd-analyze",), "systemd-analyze is missing: apt-get install systemd"),
    "buildah": (("buildah",), "buildah is missing: apt-get install --no-install-recommends buildah"),
    "wrk": (("wrk",), "wrk is missing: apt-get install wrk"),
    "strace": (("strace",), "strace is missing: apt-get install strace"),
    "faketime": (("faketime",), "faketime is missing: apt-get install faketime"),
    "chattr": (("chattr",), "chattr is missing: apt-get install e2fsprogs"),
    "setpriv": (("setpriv",), "setpriv is missing: apt-get install util-linux"),
    "prlimit": (("prlimit",), "prlimit is missing: apt-get install util-linux"),
}
"""The names of each tool, and the message where it is missing."""

QUICK = {
    "curl",
    "flock",
    "namespace",
    "node",
    "prlimit",
    "root",
    "setpriv",
    "systemd-analyze",
    "twilio-python",
    "unshare",
}
"""Tools of tests that `make test` runs, where they are installed; all others are for `make ci`."""

_MADE = Path(__file__).parents[2] / "build" / "bin"
"""The folder of the tools that `make` builds."""


def path_of(tool: str) -> str | None:
    """Return the path of a tool; None when it is missing."""
    places = os.pathsep.join([str(_MADE), os.environ.get("PATH", os.defpath)])
    return next(filter(None, (shutil.which(name, path=places) for name in COMMANDS[tool][0])), None)


def missing(tool: str) -> str | None:
    """Describe a missing tool and the mend; None when it is there, or not one of these. "root" means root's rights."""
    if tool == "root" and os.geteuid() != 0:
        return "only root may do this: run it as root"
    return COMMANDS[tool][1] if tool in COMMANDS and path_of(tool) is None else None


def unavailable(what: str) -> NoReturn:
    """Skip the test; in CI, where nothing but .NET may be missing, fail it."""
    if os.environ.get("CI") == "true" and what != COMMANDS["dotnet"][1]:  # no .NET is to be had on CI's machines
        pytest.fail(f"{what} (in CI nothing may be missing)", pytrace=False)
    pytest.skip(what)
