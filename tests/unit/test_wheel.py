"""What is installed from the wheel, on its own: no source tree, another directory."""

import re
import signal
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ..support.running import environment

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run(command, check=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The command of an empty virtual environment with nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", wheel], check=True, timeout=300)
    return folder / "bin" / "chat-bindings"


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [installed, "serve", "--demo", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment()) as running:
        yield running
        running.kill()


def test_the_wheel_carries_the_specs_and_no_package_called_handlers(wheel):
    """The specs and migrations are in the wheel, under the package's own name alone."""
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.partition("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"chat_bindings"}
    specs = {"bindings.yaml", "registration.yaml", "report.yaml", "world.yaml"}
    assert specs <= {name.rpartition("/")[2] for name in names if name.startswith("chat_bindings/openapi/")}
    assert "chat_bindings/storage/migrations/0001_initial.sql" in names
    assert "chat_bindings/py.typed" in names
    assert "chat_bindings/commands/templates/report.html.j2" in names
    assert "chat_bindings/contract/test_page.py" in names
    assert "chat_bindings/openapi/clients/common.yaml" in names
    assert "chat_bindings/openapi/clients/templates/go/README.mustache" in names


def test_fixtures_import_and_export_work_from_anywhere(installed, tmp_path):
    """A world is made, imported and exported from a directory that has nothing of ours."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [installed, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("fixtures", "-o", "world.json")
    run("import", "world.json", "--database", "sqlite:///bindings.db")
    run("export", "-o", "again.json", "--database", "sqlite:///bindings.db")
    assert (tmp_path / "again.json").stat().st_size > 10_000


def test_a_client_needs_its_extra(installed, tmp_path):
    """Without openapi-generator `client` says in a sentence what to install, ends with 2, and leaves nothing."""
    command = [installed, "client", "go", "-o", "there"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: openapi-generator is missing: pip install 'chat-bindings[clients]'. Nothing was written.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_demo_answers_its_own_curl_line(demo):
    """`serve --demo` prints how to fetch the Binding of Twilio's page, and that works; SIGINT ends it with 0."""
    assert demo.stdout is not None
    match = None
    while not match:
        line = demo.stdout.readline()
        assert line, "it ended without a curl line"
        match = re.search(r"curl -u (\w+):(\w+) (http\S+)", line)
    user, password, url = match.groups()
    answer = httpx.get(url, auth=(user, password), timeout=20)
    assert answer.status_code == 200
    assert answer.json()["identity"] == "TestUser"
    demo.send_signal(signal.SIGINT)
    assert demo.wait(20) == 0
