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

from ..support.engines import SqliteDatabase
from ..support.running import cli_error, cli_output

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
    """An exception in the middle leaves the older file, and nothing beside it."""
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
def database(tmp_path) -> SqliteDatabase:
    made = SqliteDatabase(tmp_path / "w.db")
    made.output("account", "create")
    return made


def test_outputs_replace_no_database(tmp_path, database):
    """Neither the database, nor its log, nor another database is replaced, by whatever name it is called."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.db").symlink_to("../w.db")
    (tmp_path / "linked").symlink_to("folder")
    (tmp_path / "hard.json").hardlink_to(database.path)
    (tmp_path / "log.json").symlink_to("w.db-wal")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE a (b)")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    names = ("w.db", "folder/link.db", "linked/link.db", "hard.json", "log.json", "w.db-wal", "w.db-shm",
             "w.db-journal", "other.db")  # fmt: skip
    refusals = [(name, database.error("export", "-o", tmp_path / name)) for name in names]
    refusals += [("w.db", database.error("backup", "-o", tmp_path / "w.db"))]
    refusals += [("other.db", cli_error("fixtures", "-o", other))]
    for name, error in refusals:
        assert f"Error: --output {tmp_path}/{name} cannot be written: it is " in error
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_report_replaces_no_input(tmp_path):
    """The world that is verified with is not replaced by the report, by whatever name it is read."""
    world = tmp_path / "world.json"
    cli_output("fixtures", "-o", world)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "report.json").symlink_to(world)
    (tmp_path / "hard").mkdir()
    (tmp_path / "hard" / "junit.xml").hardlink_to(world)
    before = world.read_bytes()
    for folder in ("linked", "hard"):
        error = cli_error("verify", "http://127.0.0.1:9", "--fixtures", world, "--report-dir", tmp_path / folder)
        assert "it is what is read" in error
    assert world.read_bytes() == before


def test_links_lead_anywhere(tmp_path, database):
    """Databases, outputs and inputs are found through links to files and to folders, and a link stays a link."""
    real, linked = tmp_path / "real", tmp_path / "linked"
    real.mkdir()
    linked.symlink_to(real)
    (real / "w.db").symlink_to(database.path)
    (real / "backup.db").symlink_to("elsewhere.db")
    old, new = SqliteDatabase(linked / "w.db"), SqliteDatabase(linked / "new.db")
    old.output("export", "-o", linked / "world.json")
    old.output("backup", "-o", linked / "backup.db")
    assert (real / "backup.db").is_symlink()
    new.path.symlink_to(tmp_path / "new.db")
    new.output("restore", linked / "backup.db", "--replace")
    new.output("import", linked / "world.json", "--replace")
    new.output("database", "erase")
    assert (real / "new.db").is_symlink()
    assert SqliteDatabase(tmp_path / "new.db").output("export") == (real / "world.json").read_text()


def test_a_backup_may_be_replaced_by_the_next(tmp_path, database):
    """A backup is replaced by nothing else."""
    backup = tmp_path / "backup.db"
    for _ in range(2):
        database.output("backup", "-o", backup)
    database.error("export", "-o", backup)
    with pytest.raises(OSError, match="it is a database"):
        check_output(backup)
