"""SDKs pointed at a server on loopback in plain HTTP, without a certificate, a name or root; the guide's code is that."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import load
from ..support.running import Service, World, environment
from .machine import HERE, MODULES

LOOPBACK = HERE / "loopback"
GUIDE = HERE.parents[1] / "openapi" / "guides" / "test-clients.md"
PASTED = sorted(
    [*LOOPBACK.iterdir()]
    + [HERE / "helpers" / name for name in ("node/chat-bindings.mjs", "java/ChatBindings.java", "go/chatbindings.go")]
    + [HERE / "helpers" / "csharp" / "ChatBindings.cs"]
)
"""The files that the guide shows whole. Those of Node.js, Java, Go and C# are run by test_helpers.py."""

PROGRAMS = {
    "python": ("twilio-python", [sys.executable, "loopback.py"]),
    "php": ("php", ["php", "loopback.php"]),
    "ruby": ("ruby", ["ruby", "-w", "loopback.rb"]),
}
COMMANDS = ["curl", "twilio-cli"]
ABSENT = 404


@pytest.fixture(scope="module")
def target(unmeasured: None, world_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:  # noqa: ARG001
    """A service that holds the fixtures' world."""
    with Service(load(tmp_path_factory.mktemp("target") / "service.db", world_file)) as running:
        yield running


def printed(command: list[str], folder: Path, **variables: str) -> str:
    """What a command prints in a folder. It must succeed."""
    path = os.pathsep.join([str(MODULES / ".bin"), os.environ["PATH"]])
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, check=False, timeout=60, encoding="utf-8",
        env=environment(PATH=path, TWILIO_DISABLE_AUTOUPDATE="true", TWILIO_SKIP_NEW_VERSION_CHECK="true", **variables),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("language", [pytest.param(name, marks=pytest.mark.needs(PROGRAMS[name][0])) for name in PROGRAMS])
def test_programs(language, target: Service, world: World):
    """A client walks a list page by page, and is answered with 404 where there is nothing."""
    service = world.hundred
    command = [*PROGRAMS[language][1], target.url, *world.auth, service["sid"]]
    sids = sorted(binding["sid"] for binding in service["bindings"])
    assert json.loads(printed(command, HERE / "programs" / language)) == {"listed": sids, "absent": ABSENT}


@pytest.mark.parametrize("tool", [pytest.param(tool, marks=pytest.mark.needs(tool)) for tool in COMMANDS])
def test_commands(tool, target: Service, world: World, tmp_path):
    """The guide's command lists the first 20 Bindings."""
    service = world.hundred
    text = (LOOPBACK / f"{tool}.sh").read_text(encoding="utf-8")
    text = text.replace("http://127.0.0.1:8000", target.url).replace(f"IS{'X' * 32}", service["sid"])
    credentials = {"TWILIO_ACCOUNT_SID": world.auth[0], "TWILIO_AUTH_TOKEN": world.auth[1], "HOME": str(tmp_path)}
    listed = re.findall(r"\bBS[0-9a-f]{32}\b", printed(["sh", "-c", text], LOOPBACK, **credentials))
    assert list(dict.fromkeys(listed)) == sorted(binding["sid"] for binding in service["bindings"])[:20]


@pytest.mark.parametrize("file", PASTED, ids=lambda file: file.name)
def test_guide_shows_the_file(file):
    """The guide's block is the file, whole."""
    blocks = re.findall(r"^```\w+\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert file.read_text(encoding="utf-8") in blocks


def test_every_tab_is_in_the_guide():
    """Each of the nine tabs of Twilio's page has a heading, in its order."""
    tabs = ["Node.js", "Python", "C#", "Java", "Go", "PHP", "Ruby", "twilio-cli", "curl"]
    assert [line[4:] for line in GUIDE.read_text(encoding="utf-8").splitlines() if line[4:] in tabs][: len(tabs)] == tabs
