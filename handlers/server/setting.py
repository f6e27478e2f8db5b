"""Settings: fields of dataclasses that say their help and range, from which the command line makes its options."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")

_KEY = "setting"

MOST = (1 << 63) - 1
"""The most that a number may be where nothing else bounds it."""


@dataclass(frozen=True)
class Setting:
    """A field's help and rule."""

    help: str
    minimum: int = 0
    """The least that a number may be."""

    maximum: int = MOST
    """The most that a number may be."""

    parse: Callable[[str], Any] | None = None
    """Makes the value of a text. Raises `ValueError` with the rule that the text breaks."""

    choices: tuple[str, ...] = ()
    """The texts that there are."""

    several: bool = False
    """Whether the value is a tuple of what `parse` makes."""

    option: str = ""
    """The option's name where it is not the field's; of a switch that is on, `--name/--no-name`."""

    metavar: str | None = None
    shown_default: str | bool = True


def setting(default: T, help: str, **attributes: Any) -> T:  # noqa: A002 - as click calls it
    """A field of a dataclass that is a setting; `attributes` are those of `Setting`."""
    return field(default=default, metadata={_KEY: Setting(help, **attributes)})


def settings_of(owner: type) -> Iterator[tuple[str, Any, Setting]]:
    """The settings among a dataclass's fields: name, default and the rest."""
    for each in fields(owner):
        if found := each.metadata.get(_KEY):
            yield each.name, each.default, found
