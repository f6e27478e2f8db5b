"""The installed wheel, without the source tree and in another folder."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chat_bindings.site.folder import publish

from ..support.action import INPUTS, INSTALL, run
from ..support.files import files_of
from ..support.running import environment

pytestmark = [
    pytest.mark.ci("builds the wheel and installs it"),
    pytest.mark.long,
    pytest.mark.usefixtures("unmeasured"),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an empty environment with nothing but the wheel and what it needs, as the action installs it."""
    folder = tmp_path_factory.mktemp("runner")
    done = run(INSTALL, INPUTS | {"python": sys.executable}, folder)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stdout + done.stderr  # setuptools: a folder of data that is no package
    return folder / "chat-bindings" / "bin" / "chat-bindings"


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [installed, "serve", "--demo", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment()) as running:
        yield running
        running.kill()


def test_the_wheel_carries_the_specs_and_no_package_called_handlers(installed):
    """The specs and migrations are in the wheel, under the package's own name alone."""
    (record,) = installed.parents[1].glob("lib/python*/site-packages/chat_bindings-*.dist-info/RECORD")
    names = [line.partition(",")[0] for line in record.read_text(encoding="utf-8").splitlines()]
    roots = {name.partition("/")[0] for name in names if not name.startswith("../")}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"chat_bindings"}
    specs = {"bindings.yaml", "registration.yaml", "report.yaml", "world.yaml", "workflows.arazzo.yaml"}
    specs |= {"differences.yaml", "faults.yaml", "control.yaml"}
    assert specs <= {name.rpartition("/")[2] for name in names if name.startswith("chat_bindings/openapi/")}
    assert "chat_bindings/storage/migrations/sqlite/0001_initial.sql" in names
    assert "chat_bindings/storage/migrations/postgresql/0001_initial.sql" in names
    assert "chat_bindings/py.typed" in names
    assert "chat_bindings/verify/report/templates/report.html.j2" in names
    assert {"chat_bindings/server/control/page.html.j2", "chat_bindings/openapi/site/control.js"} <= {*names}
    assert "chat_bindings/verify/clauses/paging/pages.py" in names
    assert "chat_bindings/openapi/clients/common.yaml" in names
    assert "chat_bindings/openapi/clients/templates/go/README.mustache" in names


def test_the_action_installs_the_command(installed, tmp_path):
    """The first step of the GitHub Action installs the command, with the clauses, from the action's own repository."""
    command = [installed, "verify", "--list", "--only", "PAGE-05"]
    listed = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, env=environment()
    )
    assert listed.returncode == 0, listed.stderr
    assert "PAGE-05" in listed.stdout


def test_tests_get_servers(installed, tmp_path):
    """Where the wheel is installed beside pytest, pytest has the plugin: a test gets a server by naming the fixture."""
    pip = [installed.parent / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", Path("constraints.txt").absolute(), "pytest"], timeout=300, check=True)
    (tmp_path / "test_mine.py").write_text(
        "def test_mine(chat_bindings_server):\n"
        "    assert [one['identity'] for one in chat_bindings_server.bindings()] == ['TestUser']\n"
    )
    command = [installed.parent / "python", "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, env=environment()
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_fixtures_import_and_export_work_from_anywhere(installed, tmp_path):
    """A world is made, imported and exported from a directory that has nothing of ours."""

    def done_by(*arguments: str) -> str:
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

    done_by("fixtures", "-o", "world.json")
    done_by("import", "world.json", "--database", "sqlite:///bindings.db")
    done_by("export", "-o", "again.json", "--database", "sqlite:///bindings.db")
    assert (tmp_path / "again.json").stat().st_size > 10_000


def test_the_wheel_publishes_what_the_source_tree_does(installed, tmp_path):
    """Where there is no Node.js, the installed command writes the same bytes as the source tree's."""
    path = {"PATH": str(installed.parent)}
    done = subprocess.run(
        [installed, "publish", "-o", "site"], cwd=tmp_path, env=path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    publish(tmp_path / "ours")
    assert files_of(tmp_path / "site") == files_of(tmp_path / "ours")


def test_a_client_needs_its_extra(installed, tmp_path):
    """Without openapi-generator `client` says in a sentence what to install, ends with 2, and leaves nothing."""
    command = [installed, "client", "go", "-o", "there"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: openapi-generator is missing: pip install 'chat-bindings[clients]'. Nothing was written.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_postgresql_needs_its_extra(installed, tmp_path):
    """Without psycopg an address of PostgreSQL is refused with what to install, and SQLite works."""
    command = [installed, "account", "list", "--database", "postgresql://user@host/database"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "PostgreSQL needs more than is installed: pip install 'chat-bindings[postgres]'.\n" in done.stderr


def test_the_demo_answers_its_own_curl_line(demo):
    """`serve --demo` prints how to fetch the Binding of Twilio's page, and that works; SIGINT ends it with 0."""
    assert demo.stdout is not None
    match = None
    while not match:
        line = demo.stdout.readline()
        assert line, "it ended without a curl line"
        match = re.search(r"curl -u (\w+):(\w+) (http\S+)", line)
    user, password, url = match.groups()
    answer = httpx.get(url, auth=(user, password), timeout=60)
    assert answer.status_code == 200
    assert answer.json()["identity"] == "TestUser"
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0
