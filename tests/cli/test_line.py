"""The command line itself: help, variables, exit codes, and databases and streams that cannot be used."""

import importlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import pytest

from ..support.commands import walk
from ..support.engines import SqliteDatabase
from ..support.forking import write_program
from ..support.holding import HOLD_WRITES, held
from ..support.running import CLI, cli_error, cli_output, environment, run_cli, wait_until

A = f"AC{'a' * 32}"
WORLD = f'{{"accounts": [{{"sid": "AC{"b" * 32}", "auth_token": "x", "services": []}}]}}'


COMMANDS = [pytest.param(path, command, id=" ".join(path)) for path, command in walk() if path]

each_command = pytest.mark.parametrize(("path", "command"), COMMANDS)


HELP = ["--help", "import --help", "export --help", "account create --help", "fixtures --help", "serve --help"]


@pytest.mark.parametrize(
    ("commands", "heavy"),
    [
        (HELP, "connexion jsonschema_rs ijson rich apsw uvicorn"),
        (["health http://127.0.0.1:1"], "orjson platformdirs yaml uvicorn asyncio logging"),
    ],
)
def test_quick_commands_import_nothing_heavy(commands, heavy):
    """Help imports neither the web stack, the JSON schemas, the parser nor the progress bars; `health` no service."""
    code = "import sys; from chat_bindings.cli import cli\n"
    code += "for line in sys.argv[2:]: cli.main(line.split(), standalone_mode=False)\n"
    code += "assert not set(sys.argv[1].split()) & set(sys.modules), sys.modules"
    command = [sys.executable, "-c", code, heavy, *commands]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert commands != HELP or all(path[0] in done.stdout for path, _ in walk() if path)


@each_command
def test_help_shows_an_example(path, command):
    """Each command's help begins with a sentence that fits, and shows an example that has its name."""
    with click.Context(command, info_name="x") as context:
        text = command.get_help(context)
    assert "Example" in text
    assert f"chat-bindings {' '.join(path)}" in text
    assert not command.get_short_help_str(60).endswith("...")


def variables(command: click.Command) -> dict[str, str | None]:
    """Return the variable of each option."""
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert all(option.envvar is None or option.show_envvar for option in options)
    return {next(name for name in option.opts if name.startswith("--")): option.envvar for option in options}


@each_command
def test_every_option_has_its_variable(path, command):
    """--log-level of `serve` has CHAT_BINDINGS_LOG_LEVEL; others begin with their command. What destroys is typed."""
    words = () if path == ("serve",) else path
    for name, variable in variables(command).items():
        if name == "--database":
            assert variable == "CHAT_BINDINGS_DATABASE"
        elif name in {"--replace", "--cascade"}:
            assert variable is None
        else:
            assert variable == "_".join(["CHAT_BINDINGS", *words, name[2:]]).upper().replace("-", "_")


def test_no_variable_has_two_meanings():
    """No two commands read one variable, but for --database; none has a name that Kubernetes sets for a Service."""
    names = [name for _, command in walk() for name in variables(command).values() if name]
    assert {name for name in names if names.count(name) > 1} == {"CHAT_BINDINGS_DATABASE"}
    assert not [name for name in names if re.search(r"_SERVICE_(HOST|PORT)|_PORT_[0-9]", name)]


def test_a_variable_sets_an_option(tmp_path):
    """A variable counts like its option, and the option counts more."""
    one, two = (f"sqlite:///{tmp_path}/{name}.db" for name in ("one", "two"))
    for options in ((), ("--database", two)):
        cli_output("account", "create", "--sid", A, *options, CHAT_BINDINGS_DATABASE=one)
    for locator in (one, two):
        assert cli_output("account", "list", "--database", locator) == f"{A}\n"


def test_the_default_database_is_in_the_users_data_directory(tmp_path):
    """Without --database the data is in a folder and a file that the user alone can read."""
    cli_output("account", "create", XDG_DATA_HOME=str(tmp_path / "data"), HOME=str(tmp_path))
    (database,) = tmp_path.rglob("chat-bindings.db")
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700


def test_a_data_directory_that_cannot_be_made_is_named():
    """A default folder that cannot be made is an error that names the option for another file."""
    error = cli_error("account", "create", XDG_DATA_HOME="/dev/null")
    assert "--database (or CHAT_BINDINGS_DATABASE)" in error
    assert "/dev/null/chat-bindings cannot be made: Not a directory" in error


def test_nothing_makes_a_folder_that_it_does_not_use(tmp_path):
    """Commands that read a missing database make neither it nor its folder."""
    for command in (["account", "list"], ["export"], ["database", "status"], ["fixtures"], ["verify", "--list"]):
        run_cli(*command, cwd=tmp_path, XDG_DATA_HOME=str(tmp_path / "data"), HOME=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Usage: chat-bindings"),
        (["acount"], "No such command 'acount'"),
        (["account"], "Usage: chat-bindings account"),
        (["account", "make"], "No such command 'make'"),
        (["account", "create", "--side"], "No such option"),
        (["account", "list", "--database", "mysql://x"], "'mysql' is not a kind of database: write sqlite:///path"),
        (["account", "list", "--database", "postgresql://u:pass@h/d"], "holds a password, which `ps` would show"),
        (["account", "list", "--database", "sqlite:////nowhere/x.db"], "there is no file /nowhere/x.db"),
        (["account", "create", "--database", "sqlite:////nowhere/x.db"], "--database"),
        (["account", "create", "--database", "sqlite:////dev"], "--database"),
        (["export", "--database", "sqlite:////dev/null"], "/dev/null holds no data yet"),
        (["fixtures", "--seed", "-1"], "'--seed' (env var: 'CHAT_BINDINGS_FIXTURES_SEED')"),
        (["fixtures", "-o", "/nowhere/x"], "--output /nowhere/x cannot be written: No such file or directory"),
        (["fixtures", "-o", "/dev/full"], "--output /dev/full cannot be written: No space left on device"),
        (["import", "/nowhere/x"], "'WORLD.json|-': File '/nowhere/x' does not exist"),
        (["import", "/"], "'WORLD.json|-': File '/' is a directory"),
        (["client", "cobol"], "'cobol' is not one of 'python', 'typescript-fetch', 'go'"),
        (["client", "go", "-o", "/proc/x"], "--output-dir /proc/x cannot be written: No such file or directory."),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_commands_that_cannot_run_exit_with_2(arguments, message):
    """Errors name the option and the reason, and end with 2; secrets of the address are not repeated."""
    error = cli_error(*arguments)
    assert message in error
    assert "u:pass" not in error


@pytest.fixture
def database(database: SqliteDatabase) -> SqliteDatabase:
    database.output("account", "create", "--sid", A)
    return database


def shell(script: str, database: SqliteDatabase) -> subprocess.CompletedProcess[str]:
    """Run a script of bash, in which $CLI is the command line, and has a database."""
    with tempfile.TemporaryDirectory() as folder:
        write_program(Path(folder))
        env = environment(CHAT_BINDINGS_DATABASE=database.locator, CLI=f"{folder}/chat-bindings")
        return subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [["account", "list"], ["export"], ["account", "rotate-token", A], ["import", "-"]])
def test_a_damaged_database_is_named(database, command):
    """A file that is no database, or a broken one, gives a message and not a traceback."""
    content = database.path.read_bytes()
    for broken in (b"no database" * 1000, content[:4096] + bytes(len(content) - 4096), content[:5000]):
        database.path.write_bytes(broken)
        done = run_cli(*command, "--database", database.locator, stdin=WORLD)
        assert (done.returncode, done.stdout.count("AC")) == (2, 0)
        assert "CHAT_BINDINGS_DATABASE) names no database of chat-bindings, or a damaged one" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_locked_database_is_named(database):
    """A database that another process writes to for long is away."""
    with held(HOLD_WRITES, database.path):
        error = database.error("account", "create")
    assert "names a database that is unavailable: database is locked" in error


@pytest.mark.parametrize("command", ["export", "--help", "account create"])
def test_output_that_cannot_be_written_is_an_error(database, command):
    """A full disk behind standard output ends a command with 2 and a message; a reader that left, with 2 in silence."""
    done = shell(f"$CLI {command} > /dev/full", database)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    done = shell(f"$CLI {command} | true; exit ${{PIPESTATUS[0]}}", database)
    assert done.returncode in (0, 2)  # 0 when all was written before the reader left
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_reader_that_left_ends_an_export_in_silence(database, world_file):
    """`export | head` is no error to complain about."""
    database.output("import", world_file)
    done = shell("$CLI export | head -c 1; exit ${PIPESTATUS[0]}", database)
    assert (done.returncode, done.stdout, done.stderr) == (2, "{", "")


def test_closed_streams_do_no_harm(database):
    """A process without standard streams works, and does not write messages into the database."""
    assert shell(f"{' '.join(CLI)} account rotate-token {A} <&- >&- 2>&-", database).returncode == 0
    assert database.output("account", "list") == f"{A}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_ends_with_130_and_leaves_nothing(database, tmp_path, number):
    """An import that is interrupted changes nothing and ends with 130, without a traceback."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [*CLI, "import", pipe, "--database", database.locator]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        with pipe.open("wb") as writing:  # opens when the command has
            writing.write(b'{"accounts": [')
            writing.flush()
            time.sleep(0.5)  # it waits for more: a signal that comes while coverage measures a call can be lost
            process.send_signal(number)
            assert process.wait(60) == 130
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert database.output("account", "list") == f"{A}\n"


def test_an_interrupted_export_leaves_no_file(database, tmp_path):
    """An export that is stopped on its way leaves neither a part of its file nor a temporary one."""
    folder = tmp_path / "out"
    folder.mkdir()
    script = (
        "import time\n"
        "from chat_bindings.cli import main\n"
        "from chat_bindings.world import exporter\n"
        "exporter.write_world = lambda file, world: (file.write(b'half'), file.flush(), time.sleep(60))\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "export", "-o", folder / "world.json", "--database", database.locator]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL) as process:
        assert wait_until(lambda: any(file.stat().st_size for file in folder.iterdir()), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
    assert list(folder.iterdir()) == []


def test_a_fault_of_ours_is_shown_and_ends_with_2(monkeypatch, capfd):
    """An unforeseen exception shows its traceback, and never ends with 1."""
    module = importlib.import_module("chat_bindings.cli")
    monkeypatch.setattr(module.signal, "signal", lambda *_: None)  # the tests' own stay

    def fails(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module.cli, "main", fails)
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 2
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_the_version():
    """--version names the program and its version."""
    assert re.fullmatch(r"chat-bindings, version \d+\.\d+\.\d+\n", run_cli("--version").stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_scripts_of_their_shell(shell, tmp_path):
    """Scripts that `completion` prints are scripts for the shell, and load where the shell is installed."""
    done = run_cli("completion", shell)
    assert (done.returncode, "_CHAT_BINDINGS_COMPLETE" in done.stdout) == (0, True)
    if program := shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(done.stdout)
        assert subprocess.run([program, "-n", str(script)], check=False).returncode == 0


def test_completion_completes():
    """Requests of the shell for commands and options are answered."""
    done = run_cli(_CHAT_BINDINGS_COMPLETE="bash_complete", COMP_WORDS="chat-bindings acc", COMP_CWORD="1")
    assert done.stdout == "plain,account\n"


def test_a_progress_bar_is_for_terminals_alone(tmp_path, database, world_file):
    """On a terminal an import shows how far it is; anywhere else it prints one sentence at its end."""
    locator = ("--database", database.locator)
    silent = run_cli("import", world_file, "--replace", *locator)
    assert silent.stderr == "Imported: accounts 2, keys 1, services 4, bindings 249.\n"
    for arguments in (("import", world_file, "--replace"), ("export", "-o", tmp_path / "world.json")):
        ours, theirs = os.openpty()
        with subprocess.Popen([*CLI, *arguments, *locator], env=environment(TERM="xterm"), stderr=theirs) as process:
            os.close(theirs)
            shown = b""
            while chunk := _read(ours):
                shown += chunk
            assert process.wait(60) == 0
        os.close(ours)
        assert b"100%" in shown or b"\x1b[" in shown
        assert b"porting" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side was closed
        return b""
