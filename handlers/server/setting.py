"""Settings: fields of dataclasses with their help and range, from which the command line makes its options."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")

_KEY = "setting"

MOST = (1 << 63) - 1
"""The default maximum of a number."""


@dataclass(frozen=True)
class Setting:
    """A field's help and rule."""

    help: str
    minimum: int = 0
    """The least value of a number."""

    maximum: int = MOST
    """The greatest value of a number."""

    parse: Callable[[str], Any] | None = None
    """Parses a text. Raises `ValueError` with the broken rule."""

    choices: tuple[str, ...] = ()
    """The allowed texts."""

    several: bool = False
    """Whether the value is a tuple of parsed texts."""

    option: str = ""
    """The option's name where it is not the field's; `--name/--no-name` for a switch that is on by default."""

    metavar: str | None = None
    shown_default: str | bool = True


def setting(default: T, help: str, **attributes: Any) -> T:  # noqa: A002 - as click calls it
    """Make a dataclass field that is a setting; `attributes` are those of `Setting`."""
    return field(default=default, metadata={_KEY: Setting(help, **attributes)})


def settings_of(owner: type) -> Iterator[tuple[str, Any, Setting]]:
    """Yield the settings of a dataclass: name, default and `Setting`."""
    for each in fields(owner):
        if found := each.metadata.get(_KEY):
            yield each.name, each.default, found
