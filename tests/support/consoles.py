"""Console blocks of our documentation, run in order."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from .forking import write_program
from .processes import free_port
from .running import environment

VARIES = [
    (re.compile(r"\b([A-Z]{2})[0-9a-f]{32}\b"), r"\1..."),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "..."),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "(time)"),
    (re.compile(r"127\.0\.0\.1:\d+"), "(address)"),
    (re.compile(r"[0-9]+ requests in [0-9.]+ s"), "(requests) requests in (seconds) s"),
    (re.compile(r"\s+$", re.MULTILINE), ""),
]
"""Patterns of output that differs from run to run, and their replacements."""

_END = "@@@"


class Step(NamedTuple):
    """A command, and the lines that are shown for it."""

    command: str
    output: list[str]


def blocks(path: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def steps(path: Path, language: str = "console") -> list[Step]:
    """Yield each command of a document's console blocks, with its shown output."""
    found: list[Step] = []
    for block in blocks(path, language):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], []))
            else:
                found[-1].output.append(line)
    return found


def steady(text: str) -> list[str]:
    """Replace the parts of lines that differ from run to run."""
    for pattern, replacement in VARIES:
        text = pattern.sub(replacement, text)
    return text.splitlines()


def check(shown: list[Step], folder: Path, **variables: str) -> None:
    """Run commands one after the other in a folder: each must print its shown output, but for what varies.

    A service that a command starts in the background is awaited, and must end cleanly in the end. Ports 8000 and 8001
    are replaced by free ones.
    """
    ports = {"8000": str(free_port()), "8001": str(free_port())}
    port = ports["8000"]
    script, begun = ["exec 2>&1"], False
    for step in shown:
        command = re.sub(r"(127\.0\.0\.1:|-port )(800[01])\b", lambda found: found[1] + ports[found[2]], step.command)
        script.append(command)
        if command.endswith("&"):
            begun = True
            script.append(f"until curl -s -o /dev/null http://127.0.0.1:{port}; do sleep 0.1; done")
        script.append(f"echo; echo {_END}")
    if begun:
        script.append("kill %1; wait %1; echo ended with $?")
    with tempfile.TemporaryDirectory() as programs:
        write_program(Path(programs))
        path = f"{programs}:{Path(sys.executable).parent}:{environment()['PATH']}"
        env = environment(PATH=path, CHAT_BINDINGS_PORT=port, **variables)
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)], cwd=folder, env=env, capture_output=True, text=True, timeout=600,
            check=False,
        )  # fmt: skip
    *outputs, last = done.stdout.split(f"{_END}\n")
    assert len(outputs) == len(shown), done.stdout + done.stderr
    for step, output in zip(shown, outputs, strict=True):
        assert steady(output.strip()) == steady("\n".join(step.output)), step.command
    assert last.strip() == ("ended with 0" if begun else "")
