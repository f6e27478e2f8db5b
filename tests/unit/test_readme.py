"""The README, as a reader who types what it says."""

import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from ..support.running import environment

README = Path(__file__).parents[2] / "README.md"

VARIES = [
    (re.compile(r"\b([A-Z]{2})[0-9a-f]{32}\b"), r"\1..."),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "..."),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "(time)"),
    (re.compile(r"127\.0\.0\.1:\d+"), "(address)"),
    (re.compile(r"[0-9]+ requests in [0-9.]+ s"), "(requests) requests in (seconds) s"),
    (re.compile(r"\s+$", re.MULTILINE), ""),
]


class Step(NamedTuple):
    command: str
    output: list[str]


def steps() -> list[Step]:
    """Each command of the README's console blocks, with the output that is shown for it."""
    found: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], []))
            else:
                found[-1].output.append(line)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def steady(text: str) -> list[str]:
    """Lines without what differs from run to run."""
    for pattern, replacement in VARIES:
        text = pattern.sub(replacement, text)
    return text.splitlines()


@pytest.mark.needs("curl")
def test_the_commands_of_the_readme_print_what_it_shows(tmp_path):
    """Typed one after the other, the README's commands print what it shows, but for SIDs, tokens and times."""
    ports = {"8000": free_port(), "8001": free_port()}
    port = ports["8000"]
    script = ["exec 2>&1"]
    for step in steps():
        command = re.sub(r"(127\.0\.0\.1:|-port )(800[01])\b", lambda m: f"{m[1]}{ports[m[2]]}", step.command)
        script.append(command)
        if command.endswith("&"):
            script.append(f"until curl -s -o /dev/null http://127.0.0.1:{port}; do sleep 0.1; done")
        script.append("echo; echo @@@")
    script.append("kill %1; wait %1; echo ended with $?")
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=environment(PATH=path, CHAT_BINDINGS_PORT=str(port)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    *outputs, last = done.stdout.split("@@@\n")
    assert len(outputs) == len(steps()) > 8
    for step, output in zip(steps(), outputs, strict=True):
        assert steady(output.strip()) == steady("\n".join(step.output)), step.command
    assert last.strip() == "ended with 0"


def test_the_readmes_map_names_what_is_there():
    """Each file and folder in the README's map is where the map says."""
    text = README.read_text(encoding="utf-8")
    block = text.partition("## The map of the parts")[2].partition("Who imports whom")[0]
    stack: list[tuple[int, Path]] = []
    named = 0
    for line in filter(str.strip, block.splitlines()):
        indent = len(line) - len(line.lstrip())
        while stack and stack[-1][0] >= indent:
            stack.pop()
        parent = stack[-1][1] if stack else README.parent
        for name in line.strip().partition("  ")[0].split():
            assert (parent / name).exists(), f"{parent.name}/{name}"
            named += 1
        stack.append((indent, parent / line.split()[0]))
    assert named > 20


def test_the_readmes_make_targets_are_there():
    """Each `make` target that the README names is in the Makefile."""
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)\b", README.read_text(encoding="utf-8")))
    assert {"run", "test", "check", "fuzz"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
