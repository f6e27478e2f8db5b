"""The GitHub Action: its steps, run as a runner would run them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ..servers.catalogue import by_name
from ..servers.running import serving
from ..support.running import environment

FOLDER = Path(__file__).parents[2] / ".github" / "actions" / "verify"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text(encoding="utf-8"))


def filled(text: str, inputs: dict[str, str]) -> str:
    """A value with its expressions evaluated, as far as the action has any."""
    text = re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: inputs[match[1]], text)
    assert "${{ inputs.fuzz-examples != '0'" in text or "${{" not in text
    return re.sub(r"\$\{\{.*\}\}", "", text)


def run(step: dict, inputs: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a step of the action."""
    given = {name: filled(value, inputs) for name, value in step["env"].items()}
    runner = {
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTION_PATH": str(FOLDER),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder, env=environment(**runner, **given), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "code", "verdict"), [("right", 0, "conformant"), ("no-challenge", 1, "violations")])
def test_action(tmp_path, world_file, world, name, code, verdict):
    """The action ends as the command does, tells its verdict, and leaves reports and a summary."""
    defaults = {key: value.get("default", "") for key, value in ACTION["inputs"].items()}
    (tmp_path / "chat-bindings" / "bin").mkdir(parents=True)
    command = Path(sys.executable).with_name("chat-bindings")
    (tmp_path / "chat-bindings" / "bin" / "chat-bindings").symlink_to(command)
    with serving(by_name(name), world.document) as url:
        inputs = defaults | {"base-url": url, "fixtures": str(world_file), "only": "AUTH-05 AUTH-01", "strict": "true"}
        ended = run(ACTION["runs"]["steps"][1], inputs, tmp_path)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"verdict={verdict}\n"
    assert "AUTH-05" in (tmp_path / "summary").read_text(encoding="utf-8") or code == 0
    reports = {path.name for path in (tmp_path / defaults["report-dir"]).iterdir()}
    assert reports == {"report.json", "junit.xml", "report.html"}


def test_the_action_installs_the_command(tmp_path):
    """Its first step installs the command from the action's own repository."""
    defaults = {key: value.get("default", "") for key, value in ACTION["inputs"].items()}
    installed = run(ACTION["runs"]["steps"][0], defaults | {"python": sys.executable}, tmp_path)
    assert installed.returncode == 0, installed.stderr
    command = [tmp_path / "chat-bindings" / "bin" / "chat-bindings", "verify", "--list", "--only", "PAGE-05"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert listed.returncode == 0, listed.stderr
    assert "PAGE-05" in listed.stdout
