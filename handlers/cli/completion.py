"""`chat-bindings completion`: completion for a shell."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from . import PROGRAM, cli

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def completion(*, shell: str) -> None:
    """Print a shell's completion script.

    \b
    Examples:
      eval "$(chat-bindings completion bash)"                                      (in ~/.bashrc)
      eval "$(chat-bindings completion zsh)"                                       (in ~/.zshrc)
      chat-bindings completion fish > ~/.config/fish/completions/chat-bindings.fish
    """
    variable = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"
    click.echo(_SHELLS[shell](cli, {}, PROGRAM, variable).source())
