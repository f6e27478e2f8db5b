"""Defects of the URLs of pages, and of what they carry."""

import hmac
from dataclasses import replace

from ..bases import Json, ShowsMeta
from ..http import Request
from ..right import Binding, Position, Right, Wanted


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
