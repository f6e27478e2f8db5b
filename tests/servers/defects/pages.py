"""Defects of the tokens and URLs of pages, and of page sizes that are none."""

import hmac
import re
from dataclasses import replace
from typing import Any

from ..bases import Json, Offsets, ShowsMeta
from ..http import Request
from ..right import After, Before, Binding, Caught, Page, Position, Refusal, Right, Wanted


class OddTokensAreTheFirstPage(Right, clause="PAGE-20", position=Caught(lambda refusal: None)):
    """A token that cannot be read is dropped: it gives the first page."""


class CrashesOnOddTokens(Right, clause="PAGE-20", open=Caught(lambda refusal: ValueError("Incorrect padding"))):
    """The token is decoded and parsed, and nobody catches what that raises: 500."""


class OddTokensAre404(Right, clause="PAGE-20", position=Caught(lambda refusal: Refusal(404, 20404, refusal.message))):
    """A token that leads nowhere is 404, since the page is not found."""


class TokensAreNumbers(Offsets, clause="PAGE-28", seal=lambda content: str(content[2][0])):
    """A token is an offset in plain digits: what is deleted before it moves all that follows."""

    def position(self, service: str, wanted: Wanted) -> Position:
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


class TokensNameTheirTable(TokensHoldTheirFilters, clause="PAGE-22"):
    """Each type has a table of its own, which the token names: a BindingType beside it is not looked at."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
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


class CrashesOnHugePageSizes(Right, clause="PAGE-23"):
    """A PageSize that the database's 64 bits do not hold raises an OverflowError: 500."""

    def page_size(self, text: str | None) -> int:
        if text is not None and text.isascii() and text.isdecimal() and len(text) < 1000:
            int(text).to_bytes(8, "big", signed=True)
        return super().page_size(text)


class TenThousandAtMost(Right, clause="PAGE-23", largest_page_size=10000):
    """The maximum is that of the search engine, ten thousand."""


class TooLargeIs20001(Right, clause="PAGE-24", too_large=After(lambda right: right.with_code(20001))):
    """A PageSize over the maximum is a bad parameter like any other, code 20001."""


class ReadsALine(Right, clause="PAGE-25"):
    """Ruby's `^` and `$` match at each line: a line of digits is enough, and it is what counts."""

    def integer(self, text: str) -> int | None:
        digits = re.search("^[0-9]{1,9}$", text, re.MULTILINE)
        return int(digits[0]) if digits else None


class ReadsLeadingDigits(Right, clause="PAGE-25"):
    """PHP's `(int)` and C's `atoi` read the digits at the beginning: `10abc` is 10."""

    def integer(self, text: str) -> int | None:
        digits = re.match("[0-9]{1,18}", text)
        return int(digits[0]) if digits else None


class RoundsPageSizes(Right, clause="PAGE-25"):
    """Numbers are read as floats, as JSON's are, and cut: 1.5 is a page size of 1."""

    def integer(self, text: str) -> int | None:
        try:
            return int(float(text)) if re.fullmatch("[0-9.e]{1,9}", text) else super().integer(text)
        except ValueError:
            return None


class OddPageSizesAreTheDefault(Right, clause="PAGE-25", page_size=Caught(lambda it: 50 if it.code == 20001 else it)):
    """A PageSize that is none is dropped, and the default takes its place, as Django's paginators do."""


class NoughtIsTheDefault(Right, clause="PAGE-25", page_size=Before(lambda text: None if text == "0" else text)):
    """`int(size) or 50`: a PageSize of 0 is the default."""


class CrashesOnOddPageSizes(Right, clause="PAGE-25"):
    """`int(value)` raises at what is no integer, and nobody catches that: 500."""

    def page_size(self, text: str | None) -> int:
        if text is not None and self.integer(text) is None and not text.isdecimal():
            raise ValueError("invalid literal for int() with base 10")
        return super().page_size(text)


class OddPagesAreNought(Right, clause="PAGE-26", page_number=Caught(lambda refusal: 0)):
    """Page selects nothing, so what is no integer is taken for 0."""


class CrashesOnOddPages(Right, clause="PAGE-26", page_number=lambda text: int(text) if text is not None else 0):
    """Page is only for the client, so nobody validates it, and `int(page) + 1` raises: 500."""


class TakesNegativePages(Right, clause="PAGE-26"):
    """Page is a signed integer: -1 is one."""

    def page_number(self, text: str | None) -> int:
        return int(text) if text is not None and re.fullmatch("-[1-9][0-9]{0,8}", text) else super().page_number(text)


class RefusesScalarsTwice(Right, clause="PAGE-27"):
    """A parameter that is no array must not be repeated, the validator says: 400."""

    def scalar(self, values: list[str]) -> str | None:
        if len(values) > 1:
            raise self.bad("A parameter was sent more than once.")
        return super().scalar(values)


class JoinsScalars(Right, clause="PAGE-27", scalar=lambda values: ",".join(values) if values else None):
    """The framework joins the values of a repeated parameter by commas, as API gateways do."""


class FirstIsThisPage(ShowsMeta, clause="PAGE-12"):
    """first_page_url is the request's URL with Page=0, and keeps its token."""

    def change(self, right: Json) -> Json:
        return right | {"first_page_url": right["url"].replace(f"&Page={right['page']}", "&Page=0")}


class FirstIsThePrevious(ShowsMeta, clause="PAGE-12"):
    """first_page_url is where the previous page is, which is right on the second page, where it was tried."""

    def change(self, right: Json) -> Json:
        return right | {"first_page_url": right["previous_page_url"] or right["first_page_url"]}


class UrlWithoutTheToken(ShowsMeta, clause="PAGE-13", url=lambda value: value.partition("&PageToken=")[0]):
    """`meta.url` is made of the filters, the page size and Page; the token was forgotten."""


class UrlIsTheNext(ShowsMeta, clause="PAGE-13"):
    """`meta.url` is made after the position was moved on: it leads to the next page."""

    def change(self, right: Json) -> Json:
        return right | {"url": right["next_page_url"] or right["url"]}


class _MakesUrls(Right):
    """Page URLs are made of other parameters; `sent` gives them."""

    def sent(self, wanted: Wanted) -> Wanted:
        return wanted

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        return super().page_url(request, service, self.sent(wanted), number, token)


class UrlsForgetTheFilters(_MakesUrls, clause="PAGE-14", sent=lambda wanted: replace(wanted, types=(), identities=())):
    """Page URLs have the paging parameters alone: from the second page on nothing is filtered."""


class UrlsForgetTheTypes(_MakesUrls, clause="PAGE-14", sent=lambda wanted: replace(wanted, types=())):
    """BindingType came later than Identity, and nobody added it to the page URLs."""


class UrlsKeepOneValue(_MakesUrls, clause="FILTER-10"):
    """Page URLs are made of a dict, which holds the last value of each parameter alone."""

    def sent(self, wanted: Wanted) -> Wanted:
        return replace(wanted, types=wanted.types[-1:], identities=wanted.identities[-1:])


class UrlsForgetThePageSize(Right, clause="PAGE-15"):
    """PageSize is no part of the page URLs: from the second page on it is 50."""

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, token)
        return url.replace(f"PageSize={wanted.page_size}&", "")


class UrlsHaveTheDefaultSize(_MakesUrls, clause="PAGE-15", sent=lambda wanted: replace(wanted, page_size=50)):
    """Page URLs carry the default page size, in place of the one that was asked for."""


class PageIsAlwaysNought(ShowsMeta, clause="PAGE-16", page=0):
    """`meta.page` is 0 on every page, since there is no place to count them in."""


class PagesBeginWithOne(ShowsMeta, clause="PAGE-16", page=lambda value: value + 1):
    """`meta.page` counts from 1."""


class _Numbers(Right):
    """Page URLs carry another Page; `number` gives it, or None for no Page at all."""

    def number(self, wanted: Wanted, right: int, token: str | None) -> int | None:
        return right

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, token)
        given = self.number(wanted, number, token)
        return url.replace(f"&Page={number}", "" if given is None else f"&Page={given}")


class UrlsKeepThePage(_Numbers, clause="PAGE-17", number=lambda wanted, right, token: wanted.page):
    """All page URLs have the Page of the request: the query is copied, and only the token changed."""


class UrlsHaveNoPage(_Numbers, clause="PAGE-17", number=lambda wanted, right, token: None):
    """The token says all, so page URLs have no Page."""


class PageIsAnOffset(Right, clause="PAGE-18"):
    """`offset = Page * PageSize`: Page selects, where no token is sent."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        return wanted.page * wanted.page_size if position is None else super().start(found, wanted, position)


class PageMovesThePage(Right, clause="PAGE-18"):
    """Page is a way to jump: without a token, a Page that is not 0 gives the last page of the list."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        if position is None and wanted.page:
            return max(len(found) - wanted.page_size, 0)
        return super().start(found, wanted, position)


class TokenNeedsThePage(Right, clause="PAGE-19"):
    """A PageToken is looked at where Page is above 0 alone: without Page the list begins anew."""

    def position(self, service: str, wanted: Wanted) -> Position:
        return super().position(service, wanted) if wanted.page else None


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


class TokenIsForItsOrder(Right, clause="PAGE-19"):
    """The query is read from left to right, and what stands after the token is not read any more."""

    def parameters(self, query: str) -> list[tuple[str, str]]:
        given = super().parameters(query)
        names = [name for name, _ in given]
        return given[: names.index("PageToken") + 1] if "PageToken" in names else given
