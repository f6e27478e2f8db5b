"""The recipe for Schemathesis, as the page of downloads has it, finds nothing wrong with the reference service."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from chat_bindings.site.site import version

from ...support.running import environment

COMMANDS = re.compile(r'<pre tabindex="0" id="fuzz-commands">(.*?)</pre>', re.DOTALL)
CONTRACTS = ("bindings.yaml", "bindings.bundled.json", "bindings.dereferenced.json", "bindings.3.1.json")


@pytest.fixture(scope="module")
def recipe(site) -> tuple[Path, str]:
    """Make the folder of the downloads, and read the commands that the page shows."""
    page = (site / version() / "downloads.html").read_text(encoding="utf-8")
    return site / version() / "downloads", unescape(COMMANDS.search(page)[1])


def test_the_recipe_names_files_that_are_there(recipe):
    """Each spec that it runs is a download, and so is the configuration, which reads the variables that it sets."""
    folder, commands = recipe
    assert re.findall(r"schemathesis run (\S+) ", commands) == ["bindings.yaml", "registration.yaml"]
    assert all((folder / name).is_file() for name in (*CONTRACTS, "registration.yaml", "schemathesis.toml"))
    used = set(re.findall(r"\$\{(\w+)\}", (folder / "schemathesis.toml").read_text(encoding="utf-8")))
    assert used == {"ACCOUNT_SID", "AUTH_TOKEN", "SERVICE_SID"}
    assert used <= set(re.findall(r"[A-Z_]+", commands))


@pytest.mark.nightly("hundreds of requests for each spec; part of `make fuzz`")
@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_recipe_ends_with_0(recipe, demo, tmp_path, contract):
    """Both runs end with 0, as published, with the demo's address and token; so they do from each rendition."""
    folder, commands = recipe
    commands = commands.replace("http://127.0.0.1:8000", demo.url).replace("run bindings.yaml", f"run {contract}")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    finished = subprocess.run(
        ["bash", "-euc", commands], cwd=folder, input=f"{demo.password}\n", capture_output=True, text=True, check=False,
        env=environment(PATH=path), timeout=1200,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert demo.password not in finished.stdout + finished.stderr
