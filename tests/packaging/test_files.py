"""Files that are written whole or not at all, and private folders to work in."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from errno import EBUSY
from pathlib import Path

import pytest

from chat_bindings.files import check_output, replacing, scratch, staging

from ..support.running import run_cli

HOLD = """
import sys
from pathlib import Path
from chat_bindings.files import scratch
with scratch() as folder:
    (folder / "data").write_bytes(b"personal")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_one_file_is_made_by_one_process(tmp_path):
    """While a process writes a file, another is refused; a foreign folder of the same name is not used."""
    with staging(tmp_path / "a.db") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(OSError, match="another process is just making it") as raised, staging(tmp_path / "a.db"):
            pass
        assert raised.value.errno == EBUSY
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".a.db.unfinished").mkdir()
    (tmp_path / ".a.db.unfinished").chmod(0o777)
    with pytest.raises(OSError, match="not yours alone"), staging(tmp_path / "a.db"):
        pass


def test_a_file_is_replaced_whole_or_stays(tmp_path):
    """What raises in the middle leaves the older file, and nothing beside it."""
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), replacing(path) as file:
        file.writelines(each.encode("ascii") for each in "né")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"a.json": "old"}
    with replacing(path) as file:
        file.write(b"new")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"a.json": "new"}


def held(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD]
    env = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_leftovers_of_a_killed_process_are_removed(tmp_path, monkeypatch):
    """A scratch folder of a process that lives stays, that of a killed one goes; another's file of the name stays."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with held(tmp_path) as living, held(tmp_path) as killed:
        kept, left = (Path(process.stdout.readline().strip()) for process in (living, killed))
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(20) == -signal.SIGKILL
        somebodys = tmp_path / f"chat-bindings-{os.geteuid()}-file"
        somebodys.touch()
        assert (left / "data").exists()
        with scratch() as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            assert set(tmp_path.iterdir()) == {folder, kept, somebodys}
        living.communicate("")
    assert set(tmp_path.iterdir()) == {somebodys}


@pytest.fixture
def database(tmp_path) -> Path:
    path = tmp_path / "w.db"
    assert run_cli("account", "create", "--database", f"sqlite:///{path}").returncode == 0
    return path


def test_outputs_replace_no_database(tmp_path, database):
    """Neither the database, nor its log, nor another database is replaced, by whatever name it is called."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.db").symlink_to("../w.db")
    (tmp_path / "linked").symlink_to("folder")
    (tmp_path / "hard.json").hardlink_to(database)
    (tmp_path / "log.json").symlink_to("w.db-wal")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE a (b)")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    names = ("w.db", "folder/link.db", "linked/link.db", "hard.json", "log.json", "w.db-wal", "w.db-shm",
             "w.db-journal", "other.db")  # fmt: skip
    locator = ("--database", f"sqlite:///{database}")
    outputs = [(name, "export", locator) for name in names] + [
        ("w.db", "backup", locator),
        ("other.db", "fixtures", ()),
    ]
    for name, command, arguments in outputs:
        refused = run_cli(command, "-o", tmp_path / name, *arguments)
        assert refused.returncode == 2, (command, name)
        assert f"Error: --output {tmp_path}/{name} cannot be written: it is " in refused.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_report_replaces_no_input(tmp_path):
    """The world that is verified with is not replaced by the report, by whatever name it is read."""
    world = tmp_path / "world.json"
    assert run_cli("fixtures", "-o", world).returncode == 0
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "report.json").symlink_to(world)
    (tmp_path / "hard").mkdir()
    (tmp_path / "hard" / "junit.xml").hardlink_to(world)
    before = world.read_bytes()
    for folder in ("linked", "hard"):
        refused = run_cli("verify", "http://127.0.0.1:9", "--fixtures", world, "--report-dir", tmp_path / folder)
        assert (refused.returncode, "it is what is read" in refused.stderr) == (2, True), refused.stderr
    assert world.read_bytes() == before


def test_links_lead_anywhere(tmp_path, database):
    """Databases, outputs and inputs are found through links to files and to folders, and a link stays a link."""
    real, linked = tmp_path / "real", tmp_path / "linked"
    real.mkdir()
    linked.symlink_to(real)
    (real / "w.db").symlink_to(database)
    (real / "backup.db").symlink_to("elsewhere.db")
    locator = f"sqlite:///{linked}/w.db"
    assert run_cli("export", "-o", linked / "world.json", "--database", locator).returncode == 0
    done = run_cli("backup", "-o", linked / "backup.db", "--database", locator)
    assert done.returncode == 0, done.stderr
    assert (real / "backup.db").is_symlink()
    (real / "new.db").symlink_to(tmp_path / "new.db")
    for command in ("restore", "import"):
        file = linked / {"restore": "backup.db", "import": "world.json"}[command]
        done = run_cli(command, file, "--replace", "--database", f"sqlite:///{linked}/new.db")
        assert done.returncode == 0, done.stderr
    assert run_cli("database", "erase", "--database", f"sqlite:///{linked}/new.db").returncode == 0
    assert (real / "new.db").is_symlink()
    assert (tmp_path / "new.db").is_file()
    exported = run_cli("export", "--database", f"sqlite:///{tmp_path}/new.db")
    assert exported.stdout == (real / "world.json").read_text()


def test_a_backup_may_be_replaced_by_the_next(tmp_path, database):
    """But by nothing else."""
    backup, arguments = tmp_path / "backup.db", ("--database", f"sqlite:///{database}")
    for _ in range(2):
        assert run_cli("backup", "-o", backup, *arguments).returncode == 0
    assert run_cli("export", "-o", backup, *arguments).returncode == 2
    with pytest.raises(OSError, match="it is a database"):
        check_output(backup)
