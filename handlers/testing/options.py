"""The options of `serve` for tests, from the same settings as the command line's."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..server.access.throttling import Throttling
from ..server.http.limits import Limits
from ..server.http.listening import Listening
from ..server.setting import Setting, settings_of
from ..server.settings import Settings

_OWNERS = (Settings, Throttling, Limits, Listening)
_DIGITS = re.compile(r"-?[0-9]{1,19}")


class BadOption(ValueError):
    """An option is invalid; the message names it."""


class _Option(NamedTuple):
    owner: type
    field: str
    setting: Setting
    switch: bool | None
    """The value of a switch; None for an option with a value."""


class Options:
    """The values of options, by their dataclass of settings."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Parse a command line. Raises `BadOption`."""
        self._values: dict[type, dict[str, Any]] = {owner: {} for owner in _OWNERS}
        known = dict(_list_options())
        remaining = iter(arguments)
        for argument in remaining:
            name, equals, text = argument.partition("=")
            if name not in known:
                raise BadOption(f"No such option '{name}'.")
            option = known[name]
            if option.switch is not None:
                self._add(option, option.switch)
                continue
            value = text if equals else next(remaining, None)
            if value is None:
                raise BadOption(f"Option '{name}' requires a value.")
            self._add(option, _parse(name, value, option.setting))

    def of(self, owner: type) -> dict[str, Any]:
        """Return the given settings of a dataclass, by field."""
        return self._values[owner]

    def _add(self, option: _Option, value: Any) -> None:
        values = self._values[option.owner]
        values[option.field] = (*values.get(option.field, ()), value) if option.setting.several else value


def _list_options() -> Iterator[tuple[str, _Option]]:
    for owner in _OWNERS:
        for field, default, setting in settings_of(owner):
            names = (setting.option or f"--{field.replace('_', '-')}").split("/")
            is_switch = isinstance(default, bool)
            for name, value in zip(names, (True, False), strict=False):
                yield name, _Option(owner, field, setting, value if is_switch else None)


def _parse(name: str, text: str, setting: Setting) -> Any:
    if setting.choices:
        if text not in setting.choices:
            raise BadOption(f"Invalid value for '{name}': must be one of {', '.join(setting.choices)}.")
        return text
    if setting.parse is not None:
        try:
            return setting.parse(text)
        except ValueError as error:
            raise BadOption(f"Invalid value for '{name}': {text!r} {error}.") from None
    if not _DIGITS.fullmatch(text) or not setting.minimum <= int(text) <= setting.maximum:
        raise BadOption(
            f"Invalid value for '{name}': must be a whole number from {setting.minimum} to {setting.maximum}."
        )
    return int(text)
