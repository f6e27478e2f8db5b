"""Defects of numbers of many bits, and of what depends on Page."""

import re
from dataclasses import replace
from typing import Any

from ..bases import after, before, first, instead
from ..right import Before, Binding, Page, Position, Right, Wanted


@first(Right.page_number, "PAGE-32")
def pages_of32_bits(self, text):
    """Page is cut to 32 bits, as C and JavaScript's `| 0` do."""
    number = self.integer(text or "")
    return None if number is None else number % 2**32


@first(Right.page_number, "PAGE-32")
def pages_of_floats(self, text):
    """Page is a float, as JSON's numbers are: beyond 53 bits it is rounded."""
    number = self.integer(text or "")
    return None if number is None else int(float(number))


@after(Right.meta, "PAGE-32")
def the_largest_page_has_no_next(shown, wanted):
    """`next_page_url` carries Page + 1 always, also where that is refused."""
    if wanted.page == 2147483646 and shown["next_page_url"]:
        shown["next_page_url"] = shown["next_page_url"].replace(f"Page={wanted.page}", f"Page={wanted.page + 1}")
    return shown


def _cut(server: Right, text: str | None, bits: int) -> str | None:
    number = server.integer(text or "")
    return text if number is None else str(number % 2**bits)


@before(Right.page_size, "PAGE-33")
def page_sizes_of32_bits(text, self):
    """A PageSize is cut to 32 bits: 4294967301 is 5."""
    return _cut(self, text, 32)


@first(Right.page_size, "PAGE-33")
def fits_page_sizes_in32_bits(self, text):
    """The bound is checked on what is left of a PageSize in 32 bits: 4294967301 is 5, and 4294969296 too large."""
    number = None if text is None else self.integer(text)
    return number % 2**32 if number is not None and 0 < number % 2**32 <= 1000 else None


@before(Right.page_size, "PAGE-33")
def page_sizes_of64_bits(text, self):
    """A PageSize is cut to 64 bits: 18446744073709551621 is 5."""
    return _cut(self, text, 64)


@before(Right.meta, "PAGE-34")
def previous_by_page(page, wanted):
    """`previous_page_url` is null where Page is 0."""
    return page if wanted.page else replace(page, has_previous=False)


@before(Right.meta, "PAGE-34")
def previous_of_pages_that_there_are(page, self, service, wanted):
    """`previous_page_url` is null where Page is larger than the number of pages: it cannot be, the team said."""
    most = len(self.matching(service, wanted)) // wanted.page_size
    return replace(page, has_previous=False) if wanted.page > most else page


@after(Right.meta, "PAGE-34")
def previous_of_any_page(shown, wanted):
    """`previous_page_url` is there where Page is not 0, and leads to the first page."""
    if wanted.page and not shown["previous_page_url"]:
        shown["previous_page_url"] = shown["first_page_url"]
    return shown


class _RemembersFirsts(Right):
    """The way back is remembered: where each page began."""

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.before: dict[str, list[dict[str, Any]]] = {service: self.stored(service) for service in self.services}

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        if position is None or position[0] != "before" or wanted.types or wanted.identities:
            return super().page(service, wanted, position)
        once = sorted(self.before[service], key=self.sort_key)
        end = sum(self.sort_key(each) < position[1] for each in once)
        return self.left(service, once[max(end - wanted.page_size, 0) : end], has_previous=end > wanted.page_size)

    def left(self, service: str, once: list[dict[str, Any]], *, has_previous: bool) -> Page:
        shown = [each for each in once if self.find(service, each["sid"])]
        return Page(shown, has_previous, has_next=True)


class PagesBackHaveHoles(_RemembersFirsts, clause="PAGE-35"):
    """A page on the way back holds what is left of the page as it was."""


class PagesBackAreShort(_RemembersFirsts, clause="PAGE-35"):
    """Once something of the page before was deleted, the way back leads to its last Bindings only."""

    def left(self, service: str, once: list[dict[str, Any]], *, has_previous: bool) -> Page:
        page = super().left(service, once, has_previous=has_previous)
        return page if len(page.bindings) == len(once) else replace(page, bindings=page.bindings[1:] or page.bindings)


def _octal(text: str | None) -> str | None:
    """Give the digits that `strtol` makes of an octal number; any other text as it is."""
    return str(int(text, 8)) if text and text.startswith("0") and text.strip("01234567") == "" else text


class ReadsOctals(Right, clause="PAGE-25", page_size=Before(_octal)):
    """`strtol` with base 0 reads `010` as eight, and `intval` of PHP too."""


class ReadsOctalPages(Right, clause="PAGE-26", page_number=Before(_octal)):
    """A limit is put to PageSize by a schema, and Page is read by `strtol` with base 0: `010` is eight."""


class SeparatesThousands(Right, clause="PAGE-25", page_size=Before(lambda text: text and re.sub("[.,]", "", text))):
    """PageSize is read as people write numbers, with separators of thousands: `5.0` is fifty, and `5,7` is 57."""


@first(Right.page_number, "PAGE-26")
def echoes_floats(text):
    """YAML's and JSON's readers make a number of Page, and of `5.0` and `1e1` a float, which is echoed as one."""
    is_float = text is not None and re.fullmatch(r"\d\.0|\de\d", text)
    return float(text) if is_float else None


@first(Right.wanted, "PAGE-36")
def joins_what_is_sent_twice(self, query):
    """ASP.NET's `Query["Page"].ToString()` joins what is sent twice by commas, and parsing that is a 500."""
    names = [name for name, _ in self.parameters(query) if name in ("Page", "PageToken")]
    if len(names) > len(set(names)):
        raise self.fault()


@after(Right.wanted, "PAGE-36")
def adds_up_what_is_sent_twice(found, self, query):
    """The values of a parameter are concatenated: `Page=3&Page=4` is 34."""
    pages = [value for name, value in self.parameters(query) if name == "Page"]
    return replace(found, page=self.page_number("".join(pages))) if len(pages) > 1 else found


class TokensHaveTheirOwnSize(Right, clause="PAGE-37"):
    """A token has the page size that it came with, which wins over the one that is asked for and told."""

    def token(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> str:
        return f"{super().token(service, wanted, direction, binding)}.{wanted.page_size}"

    def position(self, service: str, wanted: Wanted) -> Position:
        given = None if wanted.token is None else wanted.token.rpartition(".")[0]
        return super().position(service, replace(wanted, token=given))

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        size = wanted.page_size if wanted.token is None else int(wanted.token.rpartition(".")[2])
        return super().page(service, replace(wanted, page_size=size), position)


@instead(TokensHaveTheirOwnSize.page, "PAGE-37")
def tokens_have_a_least_size(self, service, wanted, position):
    """A page is never smaller than the one that its token came with: both sizes were compared the wrong way."""
    size = 0 if wanted.token is None else int(wanted.token.rpartition(".")[2])
    return Right.page(self, service, replace(wanted, page_size=max(size, wanted.page_size)), position)


class CountsTheLastTombstone(Right, clause="PAGE-35"):
    """A deleted row is marked until the next one is, and `LIMIT` of a page back counts it."""

    def remove(self, service: str, sid: str) -> bool:
        binding = self.find(service, sid)
        is_removed = super().remove(service, sid)
        if is_removed and binding is not None:
            self.kept[service] = binding
        return is_removed

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        marked = self.kept.get(service)
        if marked is None or position is None or position[0] != "before" or not page.bindings:
            return page
        if self.sort_key(page.bindings[0]) < self.sort_key(marked) < position[1] and page.has_previous:
            return replace(page, bindings=page.bindings[1:])
        return page


@after(Right.page, "PAGE-35")
def keeps_pages_that_were_shown(page, self, service, wanted, position):
    """The page before is taken from a cache, without what was deleted since."""
    if position is not None and position[0] == "before" and page.bindings:
        kept = self.kept.get((service, wanted.page_size, page.bindings[-1]["sid"]))
        if kept is None or wanted.types or wanted.identities:
            return page
        return replace(kept, bindings=[each for each in kept.bindings if self.find(service, each["sid"])])
    if page.bindings and not wanted.types and not wanted.identities:
        self.kept[service, wanted.page_size, page.bindings[-1]["sid"]] = page
    return page


@instead(TokensHaveTheirOwnSize.page, "PAGE-37")
def tokens_bound_the_size(self, service, wanted, position):
    """A token stands for the page that it came with, of which a greater PageSize shows no more."""
    own = wanted.page_size if wanted.token is None else int(wanted.token.rpartition(".")[2])
    return Right.page(self, service, replace(wanted, page_size=min(own, wanted.page_size)), position)
