"""SDKs on a server on loopback in plain HTTP, without a certificate, a host name or root, by the code of the guide."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..support.running import Service, World, environment
from .machine import HERE, MODULES

LOOPBACK = HERE / "loopback"
GUIDE = HERE.parents[1] / "openapi" / "guides" / "test-clients.md"
HELPERS = HERE / "helpers"
NAMES = ("node/chat-bindings.mjs", "java/ChatBindings.java", "go/chatbindings.go", "csharp/ChatBindings.cs")
PASTED = [*sorted(LOOPBACK.glob("*.*")), *(HELPERS / name for name in NAMES)]
"""The files that the guide shows whole. Those of Node.js, Java, Go and C# are run by test_helpers.py."""

# a block of code, but for whole modules of pytest, which test_pytest_plugin.py runs, and the other shell blocks
CODE = re.compile(
    r"^```(?:js|java|go|csharp|php|ruby|python|sh)\n((?!chat-bindings |import pytest).*?)^```", re.DOTALL | re.MULTILINE
)

# The SDKs for PHP and Ruby come by Composer and as a gem, which CI does not reach: there the programs run on stand-ins.
# By hand, with TWILIO_PHP and TWILIO_RUBY, they ran on twilio-php 8.12.0 and twilio-ruby 7.11.1.
PROGRAMS = {
    "python": ("twilio-python", [sys.executable, "python/loopback.py"]),
    "php": ("php", ["php", "php/loopback.php"]),
    "ruby": ("ruby", ["ruby", "-w", "ruby/loopback.rb"]),
}
COMMANDS = ["curl", "twilio-cli"]
ABSENT = 404

pytestmark = pytest.mark.usefixtures("unmeasured")


def printed(command: list[str], folder: Path, **variables: str) -> str:
    """Run a command in a folder, which must succeed, and return its output."""
    path = os.pathsep.join([str(MODULES / ".bin"), os.environ["PATH"]])
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, check=False, timeout=60, encoding="utf-8",
        env=environment(PATH=path, TWILIO_DISABLE_AUTOUPDATE="true", TWILIO_SKIP_NEW_VERSION_CHECK="true", **variables),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize(
    "command",
    [pytest.param(command, marks=pytest.mark.needs(need)) for need, command in PROGRAMS.values()],
    ids=PROGRAMS,
)
def test_programs(command, service: Service, world: World):
    """A client walks a list page by page, and gets 404 for a missing Binding."""
    held = world.hundred
    output = printed([*command, service.url, *world.auth, held["sid"]], HERE / "programs")
    sids = sorted(binding["sid"] for binding in held["bindings"])
    assert json.loads(output) == {"listed": sids, "absent": ABSENT}


@pytest.mark.parametrize("tool", [pytest.param(tool, marks=pytest.mark.needs(tool)) for tool in COMMANDS])
def test_commands(tool, service: Service, world: World, tmp_path):
    """The guide's command lists the first 20 Bindings."""
    held = world.hundred
    text = (LOOPBACK / f"{tool}.sh").read_text(encoding="utf-8")
    text = text.replace("http://127.0.0.1:8000", service.url).replace(f"IS{'X' * 32}", held["sid"])
    credentials = {"TWILIO_ACCOUNT_SID": world.auth[0], "TWILIO_AUTH_TOKEN": world.auth[1], "HOME": str(tmp_path)}
    listed = re.findall(r"\bBS[0-9a-f]{32}\b", printed(["sh", "-c", text], LOOPBACK, **credentials))
    assert list(dict.fromkeys(listed)) == sorted(binding["sid"] for binding in held["bindings"])[:20]


def test_guide_shows_the_files():
    """Each file is a block of the guide, whole, and the guide shows no other code of these languages."""
    shown = CODE.findall(GUIDE.read_text(encoding="utf-8"))
    files = [path.read_text(encoding="utf-8") for path in PASTED]
    assert [text for text in files if text not in shown] == []
    files.append((HELPERS / "node" / "bindings.test.mjs").read_text(encoding="utf-8"))
    assert [code for code in shown if not any(code in text for text in files)] == []


def test_every_tab_is_in_the_guide():
    """Each of the nine tabs of Twilio's page has a heading, in its order."""
    headings = re.findall(r"^### (.*)", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:9] == ["Node.js", "Python", "C#", "Java", "Go", "PHP", "Ruby", "twilio-cli", "curl"]
