"""Measured tables: Markdown, the machine, and the sections of the guides, each written by its make target."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import apsw

ROOT = Path(__file__).parents[2]
PRISM = ROOT / "tests" / "load" / "bench" / "prism" / "node_modules"

_PACKAGES = (
    "chat-bindings", "connexion", "fastapi", "httptools", "orjson", "pydantic", "starlette", "uvicorn", "uvloop",
)  # fmt: skip


def say(*lines: str) -> None:
    """Print, and flush."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Format a Markdown table."""
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def machine() -> str:
    """Describe the machine and the measured versions in a line."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join([*(f"{name} {version(name)}" for name in _PACKAGES), *_tools()])
    return (
        f"{cpu[1] if cpu else platform.processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}; {versions}."
    )


def _tools() -> Iterator[str]:
    if shutil.which("wrk"):
        ended = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
        yield f"wrk {ended.stdout.split()[1].removeprefix('debian/')}"
    package = PRISM / "@stoplight" / "prism-cli" / "package.json"
    if package.exists():
        yield f"prism {json.loads(package.read_text(encoding='utf-8'))['version']}"


def publish(guide: str, section: str, lines: Sequence[str], *, is_kept: bool) -> None:
    """Print lines, and on request write them into a section of a guide."""
    say("", *lines)
    if is_kept:
        write(guide, section, machine(), lines)


def write(guide: str, section: str, measured_on: str, lines: Sequence[str]) -> Path:
    """Replace a section of a guide by a sentence on machine and date, and some lines."""
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d} on {measured_on}"
    return replace(ROOT / "openapi" / "guides" / f"{guide}.md", section, [measured, "", *lines])


def excerpt(lines: Sequence[str], rows: Sequence[str], columns: int) -> list[str]:
    """Return some rows of a table by their first cells, with its head, and its first columns alone."""
    cells = [line.strip("| ").split(" | ") for line in lines[: lines.index("")]]
    return table(cells[0][:columns], [row[:columns] for row in cells[2:] if row[0] in rows])


def replace(path: Path, section: str, lines: Sequence[str]) -> Path:
    """Replace the lines of a section, between its two markers.

    The markers are link reference definitions of Markdown, which no page shows. Raises ValueError for a section that
    the file lacks.
    """
    text = path.read_text(encoding="utf-8")
    begin, end = f"[figures-{section}]: # 'written by make'\n", f"[end-{section}]: # 'written by make'\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{path.name} has no section {section}: it begins with {begin.strip()}")
    body = "\n".join([begin, *lines, "", end])
    path.write_text(pattern.sub(lambda _: body, text), encoding="utf-8")
    return path
