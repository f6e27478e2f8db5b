"""The command line: `chat-bindings`, with a module for each command."""

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
    "import": "import_:import_world",
    "export": "export:export_world",
    "database": "database.command:database",
    "backup": "database.backup:backup",
    "restore": "database.restore:restore",
    "fixtures": "fixtures:fixtures",
    "verify": "verify:verify",
    "health": "health:health",
    "client": "client:client",
    "publish": "publish:publish",
    "completion": "completion:completion",
}
"""Where each command is: its module and its name in there. A module is imported when its command is asked for."""

COULD_NOT_RUN = 2
INTERRUPTED = 130


class _Commands(click.Group):
    """The commands, each of which is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f".{module}", __package__), name)
        if cmd_name != "health":  # which has no options, and is to be quick
            from .options import name_variables

            name_variables(command, (cmd_name,))
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=PROGRAM)
def cli() -> None:
    """The Programmable Chat v2 Binding resource, served from its contract.

    \b
    A first look:
      chat-bindings serve --demo
    A server of your own:
      chat-bindings account create
      chat-bindings service create ACCOUNT_SID
      chat-bindings serve
    """


def main() -> NoReturn:
    """Run a command and end the process: 0 it worked, 2 it could not run, 130 it was interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it, too, undoes what is half done
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
    except SystemExit as error:  # a stopped server's, or click's when the reader of our output is gone
        if not error.code:
            return 0
        _give_up_output()
        return COULD_NOT_RUN
    except Exception as error:  # noqa: BLE001 - a fault of ours is no answer to a question
        _tell(error)
        return COULD_NOT_RUN
    return result if isinstance(result, int) else 0


def _tell(error: Exception) -> None:
    from .failures import refusal_of

    if (refusal := refusal_of(error)) is not None:
        refusal.show()
    else:
        traceback.print_exception(error)


def _give_up_output() -> None:
    """Let nothing that could not be written be tried, and complained about, again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_streams() -> None:
    """Where standard streams are closed, open some: the database's files must not take their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for good
