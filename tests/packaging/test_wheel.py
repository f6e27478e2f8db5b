"""The installed wheel, without the source tree and in another folder."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    """Install the wheel and what it needs in an empty environment, as the action does, and return the command."""
    folder = tmp_path_factory.mktemp("runner")
    done = run(INSTALL, INPUTS | {"python": sys.executable}, folder)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stdout + done.stderr  # setuptools: a folder of data that is no package
    return folder / "chat-bindings" / "bin" / "chat-bindings"


@pytest.fixture
def run_installed(installed: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program of the environment, which must end with a code, in a folder that has nothing of ours."""

    def run(program: str, *arguments: object, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"env": environment(), "cwd": tmp_path, "timeout": 300} | options
        command = [installed.parent / program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def test_the_wheel_carries_the_specs_and_no_package_called_handlers(installed):
    """The specs and migrations are in the wheel, under the package's own name alone."""
    (record,) = installed.parents[1].glob("lib/python*/site-packages/chat_bindings-*.dist-info/RECORD")
    names = [line.partition(",")[0] for line in record.read_text(encoding="utf-8").splitlines()]
    roots = {name.partition("/")[0] for name in names if not name.startswith("../")}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"chat_bindings"}
    specs = {"bindings.yaml", "registration.yaml", "report.yaml", "world.yaml", "workflows.arazzo.yaml"}
    specs |= {"differences.yaml", "faults.yaml", "control.yaml"}
    assert specs <= {name.rpartition("/")[2] for name in names if name.startswith("chat_bindings/openapi/")}
    others = {"py.typed", "verify/report/templates/report.html.j2", "verify/clauses/paging/pages.py"}
    others |= {f"storage/migrations/{engine}/0001_initial.sql" for engine in ("sqlite", "postgresql")}
    others |= {"server/control/page.html.j2", "openapi/site/control.js"}
    others |= {"openapi/clients/common.yaml", "openapi/clients/templates/go/README.mustache"}
    assert {f"chat_bindings/{name}" for name in others} <= {*names}


def test_the_action_installs_the_command(run_installed):
    """The first step of the GitHub Action installs the command, with the clauses, from the action's own repository."""
    assert "PAGE-05" in run_installed("chat-bindings", "verify", "--list", "--only", "PAGE-05").stdout


def test_tests_get_servers(run_installed, tmp_path):
    """A test gets a server by naming the fixture where the wheel is installed beside pytest."""
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run_installed("python", *pip, "--constraint", Path("constraints.txt").absolute(), "pytest")
    (tmp_path / "test_mine.py").write_text(
        "def test_mine(chat_bindings_server):\n"
        "    assert [one['identity'] for one in chat_bindings_server.bindings()] == ['TestUser']\n"
    )
    ended = run_installed("python", "-m", "pytest", "-W", "error", "-p", "no:cacheprovider")
    assert "1 passed" in ended.stdout


def test_fixtures_import_and_export_work_from_anywhere(run_installed, tmp_path):
    """A world is made, imported and exported from a directory that has nothing of ours."""
    database = ("--database", "sqlite:///bindings.db")
    run_installed("chat-bindings", "fixtures", "-o", "world.json")
    run_installed("chat-bindings", "import", "world.json", *database)
    run_installed("chat-bindings", "export", "-o", "again.json", *database)
    assert (tmp_path / "again.json").stat().st_size > 10_000


def test_the_wheel_publishes_what_the_source_tree_does(run_installed, installed, tmp_path):
    """The installed command writes the same bytes as the source tree's without Node.js."""
    assert not run_installed("chat-bindings", "publish", "-o", "site", env={"PATH": str(installed.parent)}).stderr
    publish(tmp_path / "ours")
    assert files_of(tmp_path / "site") == files_of(tmp_path / "ours")


@pytest.mark.parametrize(
    ("arguments", "missing", "extra"),
    [
        ("client go -o there", "openapi-generator is missing", "clients"),
        ("account list --database postgresql://u@host/d", "PostgreSQL needs more than is installed", "postgres"),
    ],
)
def test_an_extra_that_is_not_installed_is_named(run_installed, tmp_path, arguments, missing, extra):
    """A missing openapi-generator or psycopg is an error that names the extra to install, and leaves nothing."""
    done = run_installed("chat-bindings", *arguments.split(), code=2)
    assert done.stdout == ""
    assert f"{missing}: pip install 'chat-bindings[{extra}]'." in done.stderr
    assert list(tmp_path.iterdir()) == []
