"""The GitHub Action, whose steps run as on a runner."""

import re
import subprocess
from pathlib import Path
from typing import Any

from .running import environment
from .specs import read

FOLDER = Path(__file__).parents[2] / ".github" / "actions" / "verify"
ACTION: dict[str, Any] = read(FOLDER / "action.yml")
INPUTS: dict[str, str] = {key: value.get("default", "") for key, value in ACTION["inputs"].items()}
"""The inputs' defaults."""
INSTALL, VERIFY, *_ = ACTION["runs"]["steps"]


def run(step: dict[str, Any], inputs: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a step. `folder` is the runner's own, and where it begins."""
    given = {name: _filled(value, inputs) for name, value in step["env"].items()}
    runner = {
        "GITHUB_ACTIONS": "true",
        "RUNNER_TEMP": str(folder),
        "GITHUB_ACTION_PATH": str(FOLDER),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder, env=environment(**runner, **given), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def _filled(text: str, inputs: dict[str, str]) -> str:
    """Evaluate the expressions in a value, as far as the action has any."""
    text = re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: inputs[match[1]], text)
    assert "${{ inputs.fuzz-examples != '0'" in text or "${{" not in text
    return re.sub(r"\$\{\{.*\}\}", "", text)
