"""The query: its parsing, and its refusals."""

import re
from urllib.parse import unquote_to_bytes

from .answers import Answers
from .http import Request
from .terms import DEFAULT_PAGE_SIZE, LARGEST_PAGE, LARGEST_PAGE_SIZE, LIST_PARAMETERS, MOST_VALUES, TYPES, Wanted

_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"0|[1-9][0-9]*")


class Parameters(Answers):
    """The parsing of parameters. Each method is one decision."""

    most_values = MOST_VALUES
    default_page_size = DEFAULT_PAGE_SIZE
    least_page_size, largest_page_size = 1, LARGEST_PAGE_SIZE

    def parameters(self, query: str) -> list[tuple[str, str]]:
        """Return names and values of a query, decoded."""
        pairs = (part.partition("=") for part in self.parts(query))
        return [(self.decode(name), self.decode(value)) for name, _, value in pairs]

    def parts(self, query: str) -> list[str]:
        return [part for part in query.split("&") if part]

    def decode(self, text: str) -> str:
        if _BROKEN.search(text):
            raise self.bad("A query must be percent-encoded.")
        try:
            return unquote_to_bytes(text.replace("+", " ").encode("latin-1")).decode()
        except UnicodeDecodeError:
            raise self.bad("A query must be percent-encoded UTF-8.") from None

    def check_no_parameters(self, request: Request) -> None:
        for name, _ in self.parameters(request.query):
            raise self.bad(f"{name} is not a query parameter of this operation; it takes none.")

    def wanted(self, query: str) -> Wanted:
        given: dict[str, list[str]] = {name: [] for name in LIST_PARAMETERS}
        for name, value in self.parameters(query):
            if name not in given:
                raise self.bad(f"{name} is not a query parameter of this operation.")
            given[name].append(value)
        return Wanted(
            self.types(given["BindingType"]),
            self.identities(given["Identity"]),
            self.page_size(self.scalar(given["PageSize"])),
            self.page_number(self.scalar(given["Page"])),
            self.token_given(self.scalar(given["PageToken"])),
        )

    def scalar(self, values: list[str]) -> str | None:
        return values[-1] if values else None

    def types(self, values: list[str]) -> tuple[str, ...]:
        if any(value not in TYPES for value in values):
            raise self.bad("BindingType must be one of apn, gcm, fcm.")
        return self.values("BindingType", values)

    def identities(self, values: list[str]) -> tuple[str, ...]:
        if any(not value or "\0" in value for value in values):
            raise self.bad("Identity must neither be empty nor hold a NUL.")
        return self.values("Identity", values)

    def values(self, name: str, values: list[str]) -> tuple[str, ...]:
        if len(values) > self.most_values:
            raise self.bad(f"{name} takes at most {self.most_values} values.")
        return tuple(values)

    def integer(self, text: str) -> int | None:
        """Parse ASCII digits; None for anything else."""
        return int(text) if _INTEGER.fullmatch(text) and len(text) < 1000 else None

    def page_size(self, text: str | None) -> int:
        if text is None:
            return self.default_page_size
        if text.isascii() and text.isdecimal() and len(text.lstrip("0")) > 5:
            raise self.too_large()
        size = self.integer(text)
        if size is None or size < self.least_page_size:
            raise self.bad("PageSize must be an integer of 1 to 1000.")
        if size > self.largest_page_size:
            raise self.too_large()
        return size

    def page_number(self, text: str | None) -> int:
        page = 0 if text is None else self.integer(text)
        if page is None or page > LARGEST_PAGE:
            raise self.bad(f"Page must be an integer of 0 to {LARGEST_PAGE}.")
        return page

    def token_given(self, text: str | None) -> str | None:
        return text
