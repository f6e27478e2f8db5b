"""Options and arguments that commands share."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from ..storage.locator import BadLocator, check, default_locator, default_path

F = TypeVar("F", bound=Callable[..., Any])

HIGHEST_PORT = 65535


def option(*declarations: str, **attributes: Any) -> Callable[[F], F]:
    """`click.option` with an environment variable, shown in `--help`: `--log-level` has `CHAT_BINDINGS_LOG_LEVEL`."""
    name = next(
        part.removeprefix("--")
        for declaration in declarations
        for part in declaration.split("/")
        if part.startswith("--")
    )
    variable = f"CHAT_BINDINGS_{name.replace('-', '_').upper()}"
    return click.option(*declarations, **{"envvar": variable, "show_envvar": True, **attributes})


def option_group(name: str, make: Callable[..., Any], *options: Callable[[F], F]) -> Callable[[F], F]:
    """Options that a command gets as one argument: `name`, made of their values by `make`."""

    def decorate(command: F) -> F:
        before = {parameter.name for parameter in getattr(command, "__click_params__", ())}

        @wraps(command)
        def grouped(*args: Any, **values: Any) -> Any:
            mine = {parameter.name: values.pop(parameter.name) for parameter in parameters}
            return command(*args, **values, **{name: make(**mine)})

        for add in reversed(options):
            add(grouped)
        parameters = [one for one in grouped.__click_params__ if one.name not in before]  # type: ignore[attr-defined]
        return grouped  # type: ignore[return-value]

    return decorate


def _usable(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        source = None if param.name is None else ctx.get_parameter_source(param.name)
        check(value, seen=source == click.core.ParameterSource.COMMANDLINE)
        if value == default_locator():
            default_path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except BadLocator as error:
        raise click.BadParameter(f"{error}.", ctx, param) from None
    except OSError as error:
        raise click.BadParameter(f"{error}. Name another file.", ctx, param) from None
    return value


database_option = option(
    "--database",
    metavar="URL",
    default=default_locator,
    show_default="a file in your data directory",
    callback=_usable,
    help="The database: sqlite:///relative.db, sqlite:////absolute.db or postgresql://user@host/database.",
)
"""`--database`, checked. The folder of the default is made; the database itself is not opened."""


def database_argument(name: str, metavar: str) -> Callable[[F], F]:
    """An argument that is the address of a database, checked as `--database` is."""
    return click.argument(name, metavar=metavar, callback=_usable)


cascade_option = option("--cascade", is_flag=True, help="Delete what stands under it as well.")

output_option = option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    show_default="standard output",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Where to write. A file is complete or not there at all, and readable by you alone.",
)
