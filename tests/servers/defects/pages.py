"""Defects of the tokens and URLs of pages, and of page sizes that are none."""

import hmac
import re
from dataclasses import replace
from typing import Any

from ..bases import Offsets, after, around, before, change, first, instead
from ..http import Request
from ..right import After, Before, Binding, Caught, Page, Position, Refusal, Right, Wanted


class OddTokensAreTheFirstPage(Right, clause="PAGE-20", position=Caught(lambda refusal: None)):
    """A token that cannot be read is dropped: it gives the first page."""


class CrashesOnOddTokens(Right, clause="PAGE-20", open=Caught(lambda refusal: ValueError("Incorrect padding"))):
    """The token is decoded and parsed, and nobody catches what that raises: 500."""


class OddTokensAre404(Right, clause="PAGE-20", position=Caught(lambda refusal: Refusal(404, 20404, refusal.message))):
    """A token that leads nowhere is 404, since the page is not found."""


@instead(Right.position, "PAGE-28", Offsets, seal=lambda content: str(content[2][0]))
def tokens_are_numbers(self, wanted):
    """A token is an offset in plain digits: what is deleted before it moves all that follows."""
    if wanted.token is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", wanted.token):
        raise self.bad("PageToken must be taken from a page URL.")
    return "after", [int(wanted.token)]


class TokensHoldTheirService(Right, clause="PAGE-21"):
    """A token holds the service that it came from, and the page is read from there, whichever is asked."""

    def position(self, service: str, wanted: Wanted) -> Position:
        if wanted.token is None:
            return None
        _, direction, key = self.open(wanted.token)
        return direction, key

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        origin = service if wanted.token is None else self.open(wanted.token)[0]
        is_own = self.owners.get(origin) == self.owners[service]
        return super().page(origin if is_own else service, wanted, position)


class TokensHoldTheirFilters(Right, clause="PAGE-22"):
    """A token holds the filters that it came with, and those beside it are not looked at."""

    def bound_to(self, service: str, wanted: Wanted) -> Any:
        return [service, wanted.types, wanted.identities]

    def position(self, service: str, wanted: Wanted) -> Position:
        if wanted.token is None:
            return None
        (owner, _, _), direction, key = self.open(wanted.token)
        if owner != service:
            raise self.bad("PageToken is not one of this list.")
        return direction, key

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        if wanted.token is not None:
            (_, types, identities), _, _ = self.open(wanted.token)
            wanted = replace(wanted, types=tuple(types), identities=tuple(identities))
        return super().page(service, wanted, position)


@instead(TokensHoldTheirFilters.page, "PAGE-22")
def tokens_name_their_table(self, service, wanted, position):
    """Each type has a table of its own, which the token names: a BindingType beside it is not looked at."""
    if wanted.token is not None:
        wanted = replace(wanted, types=tuple(self.open(wanted.token)[0][1]))
    return Right.page(self, service, wanted, position)


class PagesOfAnotherListAreKept(Right, clause="PAGE-22"):
    """The result of a query is kept on the server, and a token names it: its pages come whatever filters are sent."""

    def token(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> str:
        token = super().token(service, wanted, direction, binding)
        self.kept[token] = wanted.types, wanted.identities
        return token

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        types, identities = self.kept.get(wanted.token or "", (wanted.types, wanted.identities))
        return super().matching(service, replace(wanted, types=types, identities=identities))


class ClampsPageSizes(Right, clause="PAGE-23", page_size=Caught(lambda it: 1000 if it.code == 20007 else it)):
    """A PageSize over the maximum becomes the maximum."""


@first(Right.page_size, "PAGE-23")
def crashes_on_huge_page_sizes(text):
    """A PageSize that the database's 64 bits do not hold raises an OverflowError: 500."""
    if text is not None and text.isascii() and text.isdecimal() and len(text) < 1000:
        int(text).to_bytes(8, "big", signed=True)


class TenThousandAtMost(Right, clause="PAGE-23", largest_page_size=10000):
    """The maximum is that of the search engine, ten thousand."""


class TooLargeIs20001(Right, clause="PAGE-24", too_large=After(lambda right: right.with_code(20001))):
    """A PageSize over the maximum is a bad parameter like any other, code 20001."""


@instead(Right.integer, "PAGE-25")
def reads_a_line(text):
    """Ruby's `^` and `$` match at each line: a line of digits is enough, and it is what counts."""
    digits = re.search("^[0-9]{1,9}$", text, re.MULTILINE)
    return int(digits[0]) if digits else None


@instead(Right.integer, "PAGE-25")
def reads_leading_digits(text):
    """PHP's `(int)` and C's `atoi` read the digits at the beginning: `10abc` is 10."""
    digits = re.match("[0-9]{1,18}", text)
    return int(digits[0]) if digits else None


@around(Right.integer, "PAGE-25")
def rounds_page_sizes(right, text):
    """Numbers are read as floats, as JSON's are, and cut: 1.5 is a page size of 1."""
    try:
        return int(float(text)) if re.fullmatch("[0-9.e]{1,9}", text) else right()
    except ValueError:
        return None


class OddPageSizesAreTheDefault(Right, clause="PAGE-25", page_size=Caught(lambda it: 50 if it.code == 20001 else it)):
    """A PageSize that is none is dropped, and the default takes its place, as Django's paginators do."""


class NoughtIsTheDefault(Right, clause="PAGE-25", page_size=Before(lambda text: None if text == "0" else text)):
    """`int(size) or 50`: a PageSize of 0 is the default."""


@first(Right.page_size, "PAGE-25")
def crashes_on_odd_page_sizes(self, text):
    """`int(value)` raises at what is no integer, and nobody catches that: 500."""
    if text is not None and self.integer(text) is None and not text.isdecimal():
        raise ValueError("invalid literal for int() with base 10")


class OddPagesAreNought(Right, clause="PAGE-26", page_number=Caught(lambda refusal: 0)):
    """Page selects nothing, so what is no integer is taken for 0."""


class CrashesOnOddPages(Right, clause="PAGE-26", page_number=lambda text: int(text) if text is not None else 0):
    """Page is only for the client, so nobody validates it, and `int(page) + 1` raises: 500."""


@first(Right.page_number, "PAGE-26")
def takes_negative_pages(text):
    """Page is a signed integer: -1 is one."""
    return int(text) if text is not None and re.fullmatch("-[1-9][0-9]{0,8}", text) else None


@first(Right.scalar, "PAGE-27")
def refuses_scalars_twice(self, values):
    """A parameter that is no array must not be repeated, the validator says: 400."""
    if len(values) > 1:
        raise self.bad("A parameter was sent more than once.")


class JoinsScalars(Right, clause="PAGE-27", scalar=lambda values: ",".join(values) if values else None):
    """The framework joins the values of a repeated parameter by commas, as API gateways do."""


@after(Right.meta, "PAGE-12")
def first_is_this_page(right):
    """first_page_url is the request's URL with Page=0, and keeps its token."""
    return right | {"first_page_url": right["url"].replace(f"&Page={right['page']}", "&Page=0")}


@after(Right.meta, "PAGE-12")
def first_is_the_previous(right):
    """first_page_url is where the previous page is, which is right on the second page, where it was tried."""
    return right | {"first_page_url": right["previous_page_url"] or right["first_page_url"]}


class UrlWithoutTheToken(Right, clause="PAGE-13", meta=change(url=lambda value: value.partition("&PageToken=")[0])):
    """`meta.url` is made of the filters, the page size and Page; the token was forgotten."""


@after(Right.meta, "PAGE-13")
def url_is_the_next(right):
    """`meta.url` is made after the position was moved on: it leads to the next page."""
    return right | {"url": right["next_page_url"] or right["url"]}


@before(Right.page_url, "PAGE-14")
def urls_forget_the_filters(wanted):
    """Page URLs have the paging parameters alone: from the second page on nothing is filtered."""
    return replace(wanted, types=(), identities=())


class UrlsForgetTheTypes(Right, clause="PAGE-14", page_url=Before(lambda wanted: replace(wanted, types=()))):
    """BindingType came later than Identity, and nobody added it to the page URLs."""


@before(Right.page_url, "FILTER-10")
def urls_keep_one_value(wanted):
    """Page URLs are made of a dict, which holds the last value of each parameter alone."""
    return replace(wanted, types=wanted.types[-1:], identities=wanted.identities[-1:])


@after(Right.page_url, "PAGE-15")
def urls_forget_the_page_size(url, wanted):
    """PageSize is no part of the page URLs: from the second page on it is 50."""
    return url.replace(f"PageSize={wanted.page_size}&", "")


class UrlsHaveTheDefaultSize(Right, clause="PAGE-15", page_url=Before(lambda wanted: replace(wanted, page_size=50))):
    """Page URLs carry the default page size, in place of the one that was asked for."""


class PageIsAlwaysNought(Right, clause="PAGE-16", meta=change(page=0)):
    """`meta.page` is 0 on every page, since there is no place to count them in."""


class PagesBeginWithOne(Right, clause="PAGE-16", meta=change(page=lambda value: value + 1)):
    """`meta.page` counts from 1."""


class UrlsKeepThePage(Right, clause="PAGE-17", page_url=Before(lambda number, wanted: wanted.page)):
    """All page URLs have the Page of the request: the query is copied, and only the token changed."""


class UrlsHaveNoPage(Right, clause="PAGE-17", page_url=After(lambda url, number: url.replace(f"&Page={number}", ""))):
    """The token says all, so page URLs have no Page."""


@first(Right.start, "PAGE-18")
def page_is_an_offset(wanted, position):
    """`offset = Page * PageSize`: Page selects, where no token is sent."""
    return wanted.page * wanted.page_size if position is None else None


@first(Right.start, "PAGE-18")
def page_moves_the_page(found, wanted, position):
    """Page is a way to jump: without a token, a Page that is not 0 gives the last page of the list."""
    return max(len(found) - wanted.page_size, 0) if position is None and wanted.page else None


@around(Right.position, "PAGE-19")
def token_needs_the_page(right, wanted):
    """A PageToken is looked at where Page is above 0 alone: without Page the list begins anew."""
    return right() if wanted.page else None


class SignsPageUrls(Right, clause="PAGE-19"):
    """The query of a page URL is signed as a whole: a token without that signature is refused."""

    def wanted(self, query: str) -> Wanted:
        text, _, signature = query.partition("&Signature=")
        if "PageToken=" in text and not hmac.compare_digest(signature, self.signature(text.encode()).hex()):
            raise self.bad("The URL of a page must not be changed.")
        return super().wanted(text)

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, token)
        return f"{url}&Signature={self.signature(url.partition('?')[2].encode()).hex()}"


@after(Right.parameters, "PAGE-19")
def token_is_for_its_order(given):
    """The query is read from left to right, and what stands after the token is not read any more."""
    names = [name for name, _ in given]
    return given[: names.index("PageToken") + 1] if "PageToken" in names else given
