"""Options and arguments that commands share."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ..server.setting import Setting, settings_of
from ..storage.engines import BadLocator, check, default_locator
from .environment import DATABASE, is_service_link, name_of

F = TypeVar("F", bound=Callable[..., Any])

_LONGEST = 60
"""Characters of a bad value that an error repeats."""

_DIGITS = re.compile(r"-?[0-9]{1,19}")


class _Option(click.Option):
    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        value = super().resolve_envvar_value(ctx)
        return None if value is not None and is_service_link(value) else value


class Whole(click.ParamType[int]):
    """A whole number within bounds."""

    name = "integer"

    def __init__(self, minimum: int, maximum: int) -> None:
        self.minimum = minimum
        self.maximum = maximum

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if not _DIGITS.fullmatch(text) or not self.minimum <= int(text) <= self.maximum:
            self.fail(f"{_shorten(text)} is not a whole number from {self.minimum} to {self.maximum}.", param, ctx)
        return int(text)


class Parsed(click.ParamType[Any]):
    """A text that a function parses."""

    def __init__(self, parse: Callable[[str], Any]) -> None:
        self.name = parse.__name__
        self._parse = parse

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(f"{_shorten(value)} {error}.", param, ctx)


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def option(*declarations: str, variable: bool = True, **attributes: Any) -> Callable[[F], F]:
    """Make a `click.option` with an environment variable, which `name_variables` names, unless `variable` is False."""
    return click.option(*declarations, **{"cls": _Option, "show_envvar": variable, **attributes})


def name_variables(command: click.Command, path: tuple[str, ...]) -> None:
    """Name the variables of a command's options, and of the commands under it, by its path."""
    for each in command.params:
        if isinstance(each, click.Option) and each.show_envvar and each.envvar is None:
            each.envvar = name_of(path, next(name for name in each.opts if name.startswith("--")))
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            name_variables(below, (*path, name))


def _of_setting(name: str, default: Any, one: Setting) -> Callable[[F], F]:
    attributes: dict[str, Any] = {"help": one.help, "multiple": one.several}
    if isinstance(default, bool):
        attributes = {"help": one.help, "is_flag": True, "default": default}
        attributes |= {"show_default": True} if default else {}
    elif one.choices:
        attributes["type"] = click.Choice(one.choices)
    elif one.parse:
        attributes |= {"type": Parsed(one.parse), "metavar": one.metavar}
    else:
        attributes["type"] = Whole(one.minimum, one.maximum)
    if default is not None and default is not False and default != ():
        attributes |= {"default": default, "show_default": one.shown_default}
    return option(one.option or f"--{name.replace('_', '-')}", _parameter(name, one), **attributes)


def _parameter(name: str, one: Setting) -> str:
    """Name a setting's parameter by its option: fields of two dataclasses may have one name."""
    return one.option.partition("/")[0].removeprefix("--").replace("-", "_") or name


def option_group(name: str, make: Callable[..., Any], *options: Callable[[F], F]) -> Callable[[F], F]:
    """Group options into one argument of a command: `name`, made from their values by `make`."""

    def decorate(command: F) -> F:
        before = {parameter.name for parameter in getattr(command, "__click_params__", ())}

        @wraps(command)
        def run(*args: Any, **values: Any) -> Any:
            mine = {parameter.name: values.pop(parameter.name) for parameter in parameters}
            return command(*args, **values, **{name: make(**mine)})

        for add in reversed(options):
            add(run)
        parameters = [one for one in run.__click_params__ if one.name not in before]  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return decorate


def settings_group(name: str, owner: type, make: Callable[..., Any] | None = None) -> Callable[[F], F]:
    """Make an option for each setting of a dataclass, grouped into an argument `name`, by `make` or the dataclass."""
    found = list(settings_of(owner))
    of_field = {_parameter(field, one): field for field, _, one in found}

    def from_values(**values: Any) -> Any:
        return (make or owner)(**{of_field[parameter]: value for parameter, value in values.items()})

    return option_group(name, from_values, *(_of_setting(*each) for each in found))


def is_typed(context: click.Context, name: str) -> bool:
    """Return whether a parameter's value was typed, and is not from a variable or a default."""
    return context.get_parameter_source(name) == ParameterSource.COMMANDLINE


def is_given(context: click.Context, name: str) -> bool:
    """Return whether a parameter's value was typed, or is from a variable."""
    return context.get_parameter_source(name) in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}


def _check(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        check(value, seen=param.name is not None and is_typed(ctx, param.name))
    except BadLocator as error:
        raise click.BadParameter(f"{error}.", ctx, param) from None
    return value


def _check_or_default(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    try:
        return _check(ctx, param, value) or default_locator()
    except BadLocator as error:
        raise click.BadParameter(f"{error}.", ctx, param) from None


def _database_option(callback: Callable[..., Any]) -> Callable[[F], F]:
    return option(
        "--database",
        metavar="URL",
        envvar=DATABASE,
        show_default="a file in your data directory",
        callback=callback,
        help="Database: sqlite:///relative.db, sqlite:////absolute.db or postgresql://user@host/database.",
    )


database_option: Callable[[Any], Any] = _database_option(_check_or_default)
"""`--database`, validated. The database is not opened."""

late_database_option: Callable[[Any], Any] = _database_option(lambda _context, _option, value: value)
"""`--database` of a command that may not need one; `database_of` validates it."""


def database_of(context: click.Context, value: str | None) -> str:
    """Return the validated value of `late_database_option`, or the default."""
    (found,) = (each for each in context.command.params if each.name == "database")
    return _check_or_default(context, found, value)


def database_argument(name: str, metavar: str) -> Callable[[F], F]:
    """Make an argument that is the address of a database, validated as `--database`."""
    return click.argument(name, metavar=metavar, callback=_check)


# no variable: destructive options must be typed
cascade_option = option("--cascade", is_flag=True, variable=False, help="Also delete everything it contains.")

output_option = option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    show_default="standard output",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="File to write, complete or not at all, and readable by you alone.",
)
