"""Terms of the contract: errors, routes, the parameters of a list, pages."""

from dataclasses import dataclass
from typing import Any

Binding = dict[str, Any]
Position = tuple[str, list[Any]] | None
"""The start or end of a page: `after` or `before`, and a sort key; None for the first page."""

TYPES = ("apn", "gcm", "fcm")
LIST_METHODS = ("GET", "HEAD", "OPTIONS")
BINDING_METHODS = ("GET", "HEAD", "DELETE", "OPTIONS")
LIST_PARAMETERS = ("BindingType", "Identity", "PageSize", "Page", "PageToken")
DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE, LARGEST_PAGE, MOST_VALUES = 50, 1000, 2147483646, 100


class Refusal(Exception):
    """An error of the contract."""

    def __init__(self, status: int, code: int, message: str, *headers: tuple[str, str]) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers
        super().__init__(message)

    def with_code(self, code: int) -> "Refusal":
        return Refusal(self.status, code, self.message, *self.headers)

    def with_headers(self, *headers: tuple[str, str]) -> "Refusal":
        """Return the same error with other headers, or with none."""
        return Refusal(self.status, self.code, self.message, *headers)


@dataclass(frozen=True)
class Route:
    """The meaning of a path; `sid` is None for a list. SIDs are as they were sent."""

    service: str
    sid: str | None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that the path has."""
        return LIST_METHODS if self.sid is None else BINDING_METHODS


@dataclass(frozen=True)
class Wanted:
    """The parameters of a list."""

    types: tuple[str, ...]
    identities: tuple[str, ...]
    page_size: int
    page: int
    token: str | None


@dataclass(frozen=True)
class Page:
    """A page of a list."""

    bindings: list[Binding]
    has_previous: bool
    has_next: bool


EMPTY = Page([], has_previous=False, has_next=False)
