"""The helpers for tests in other languages: the official SDKs pass tests on them, and a server ends with its tests."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ..support.running import environment, wait_until
from .generated.test_generated import errors
from .machine import BUILT, GO_HELPERS, HERE, JAVA_PROGRAMS, QUICK_JAVA

HELPERS = HERE / "helpers"
ON_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
CSHARP = BUILT / "csharp-helpers"

pytestmark = pytest.mark.usefixtures("unmeasured")  # other tests run all of this


class Run(NamedTuple):
    """The tests' command of a language, and the output that shows that all of them passed."""

    needs: str
    command: list[object]
    passed: str


RUNS = {
    "node": Run("twilio-node", ["node", "--test", "bindings.test.mjs"], "# pass 5"),
    "java": Run(
        "twilio-java",
        [*QUICK_JAVA, "-cp", f"{JAVA_PROGRAMS}/classes{os.pathsep}{JAVA_PROGRAMS}/dependency/*",
         "org.junit.platform.console.ConsoleLauncher", "execute", "--select-class=BindingsTest"],
        "[         5 tests successful      ]",
    ),
    "go": Run("twilio-go", [GO_HELPERS, "-test.v"], "--- PASS: TestADeletion"),
    "csharp": Run("dotnet", ["dotnet", CSHARP / "Bindings.Tests.dll"], "Total: 5, Errors: 0, Failed: 0"),
}  # fmt: skip


def of(language: str, *others: object) -> Any:
    return pytest.param(language, *others, marks=pytest.mark.needs(RUNS[language].needs))


def start(language: str, *before: str, path: str = ON_PATH) -> subprocess.Popen[str]:
    """Start the tests of a language, as the last words of a command."""
    folder = HELPERS / language
    if language == "csharp":
        subprocess.run(["dotnet", "build", "--nologo", "-o", CSHARP], cwd=folder, check=True, timeout=600)
    env = environment(PATH=path, WORLD=str(HELPERS / "world.json"))
    command = [*before, *map(str, RUNS[language].command)]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )


@pytest.mark.parametrize("language", [of(language) for language in RUNS])
def test_sdk_tests_pass_on_a_helper(language):
    """Faults, the journal and resets are what the tests of each language expect."""
    with start(language) as run:
        output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert RUNS[language].passed in output


@pytest.mark.parametrize(
    ("language", "killed"), [*(of(language, "process") for language in RUNS), of("node", "runner"), of("go", "runner")]
)
def test_the_server_ends_with_a_killed_run(language, killed, tmp_path):
    """Killed when its server has just begun, a process of tests takes it along, and so does a runner above it."""
    announced = tmp_path / "announced.json"  # the helper waits for what stands there
    wrapper = tmp_path / "chat-bindings"
    served = Path(sys.executable).with_name("chat-bindings")
    wrapper.write_text(f'#!/bin/sh\nexec {served} "$@" 3>&1 > {announced}\n')
    wrapper.chmod(0o755)
    before = ["sh", "-c", '"$@" & wait', "sh"] if (language, killed) == ("go", "runner") else []
    with start(language, *before, path=os.pathsep.join([str(tmp_path), ON_PATH])) as run:
        assert wait_until(lambda: announced.exists() and announced.read_text().endswith("}\n"), 60)
        server = json.loads(announced.read_text())["pid"]
        os.kill(parent_of(server) if killed == "process" else run.pid, signal.SIGKILL)
        assert wait_until(lambda: parent_of(server) is None, 60)
        run.communicate(timeout=60)


def test_code_for_csharp_is_csharp():
    """The code for C# keeps the language's grammar, also without .NET."""
    for file in [*HELPERS.glob("csharp/*.cs"), HERE / "loopback" / "Loopback.cs"]:
        assert errors(file.read_text(encoding="utf-8")) == [], file


def parent_of(pid: int) -> int | None:
    """Return the parent of a process; None where the process has ended."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except FileNotFoundError:
        return None
    return None if state == "Z" else int(parent)
