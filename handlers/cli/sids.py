"""SIDs on the command line, by the patterns of the specs."""

import re
from typing import Any

import click

_WORLD = "world.yaml"


class SidType(click.ParamType[str]):
    """The SID of an Account, a Key or a Service, by its name in `openapi/world.yaml`."""

    name = "sid"

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        sid = str(value)
        schema = self._schema()
        if not re.fullmatch(schema["pattern"], sid):
            self.fail(f"it must {schema['x-rule']}.", param, ctx)
        return sid

    def new(self) -> str:
        """Make a new SID, which sorts after all earlier ones."""
        from ..storage.rows import new_sid

        prefix = self._schema()["pattern"][1:3]  # a pattern is ^, two letters and the digits
        return new_sid(prefix)

    def _schema(self) -> dict[str, Any]:
        from ..spec import document, resolve

        schema: dict[str, Any] = resolve(document(_WORLD)["$defs"][self._kind]["properties"]["sid"], _WORLD)
        return schema


ACCOUNT = SidType("Account")
KEY = SidType("Key")
SERVICE = SidType("Service")
