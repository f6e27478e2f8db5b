"""Commands from openapi/node_modules, which `make test` installs when there is npm."""

import subprocess
from pathlib import Path

from ...support.running import environment
from ...support.tools import unavailable

ROOT = Path(__file__).parents[3]
_BIN = ROOT / "openapi" / "node_modules" / ".bin"


def run(tool: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end; does not raise. A tool that is not installed makes the test one that cannot be run."""
    if not (_BIN / tool).exists():
        unavailable(f"{tool} is missing: make openapi/node_modules/.installed")
    command = [str(_BIN / tool), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment(NO_COLOR="1", **variables)
    )
