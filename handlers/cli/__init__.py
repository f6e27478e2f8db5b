"""The command line: `chat-bindings`, with a module for each command or group of commands."""

import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

PROGRAM = "chat-bindings"

COMMANDS = {
    "serve": "serve.command:serve",
    "account": "account:account",
    "service": "service:service",
    "key": "key:key",
    "import": "world:import_world",
    "export": "world:export_world",
    "database": "database.command:database",
    "backup": "database.backup:backup",
    "restore": "database.restore:restore",
    "fixtures": "world:fixtures",
    "verify": "verify:verify",
    "health": "health:health",
    "client": "client:client",
    "publish": "publish:publish",
    "completion": "completion:completion",
}
"""The commands by name: module and function. A module is imported only when its command runs."""

COULD_NOT_RUN = 2
INTERRUPTED = 130


class _Commands(click.Group):
    """A group of commands that are imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f".{module}", __package__), name)
        if cmd_name != "health":  # has no options, and must be quick
            from .options import name_variables

            name_variables(command, (cmd_name,))
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=PROGRAM)
def cli() -> None:
    """Serve, test and verify the Programmable Chat v2 Binding resource.

    \b
    Try it:
      chat-bindings serve --demo
    Set up a server:
      chat-bindings account create
      chat-bindings service create ACCOUNT_SID
      chat-bindings serve
    """


def main() -> NoReturn:
    """Run a command and end the process. Exit codes: 0 success, 2 the command could not run, 130 interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as SIGINT, so that unfinished work is rolled back
    _open_streams()
    code = _run()
    try:
        sys.stdout.flush()
    except OSError:
        _give_up_output()
        code = code or COULD_NOT_RUN
    sys.exit(code)


def _run() -> int:
    try:
        result = cli.main(prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return COULD_NOT_RUN
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as error:  # a stopped server's, or click's for a closed pipe
        if not error.code:
            return 0
        _give_up_output()
        return COULD_NOT_RUN
    except Exception as error:  # noqa: BLE001 - a bug must not look like exit code 1, which is an answer
        _show(error)
        return COULD_NOT_RUN
    return result if isinstance(result, int) else 0


def _show(error: Exception) -> None:
    from .failures import refusal_of

    if (refusal := refusal_of(error)) is not None:
        refusal.show()
    else:
        traceback.print_exception(error)


def _give_up_output() -> None:
    """Discard buffered output: Python would try to write it again at its end, and fail with a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_streams() -> None:
    """Open closed standard streams: otherwise the database's files would get their descriptors."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for good
