"""Ways in which pages are positioned and described: what several wrong servers are made of."""

from typing import Any

from .http import Request
from .right import Binding, Page, Position, Right, Wanted


class ShowsMeta(Right):
    """`meta` is shown otherwise; `change` gives what differs."""

    def change(self, meta: dict[str, Any], wanted: Wanted, page: Page) -> dict[str, Any]:
        return {}

    def meta(self, request: Request, service: str, wanted: Wanted, page: Page) -> dict[str, Any]:
        right = super().meta(request, service, wanted, page)
        return right | self.change(right, wanted, page)


class Offsets(Right):
    """A page is positioned by how many Bindings stand before it."""

    def place(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> int:
        place = [each["sid"] for each in self.matching(service, wanted)].index(binding["sid"])
        return place + 1 if direction == "after" else max(place - wanted.page_size, 0)

    def token(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> str:
        return self.seal([self.bound_to(service, wanted), direction, [self.place(service, wanted, direction, binding)]])

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        return 0 if position is None else int(position[1][0])
