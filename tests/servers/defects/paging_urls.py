"""Defects of the URLs of pages, and of what they carry."""

import hmac
from dataclasses import replace
from typing import Any

from ..http import Request
from ..pages import ShowsMeta
from ..right import Binding, Page, Position, Right, Wanted


class FirstIsThisPage(ShowsMeta):
    """first_page_url is the request's URL with Page=0, and keeps its token."""

    clause = "PAGE-12"

    def change(self, meta: dict[str, Any], wanted: Wanted, page: Page) -> dict[str, Any]:
        return {"first_page_url": meta["url"].replace(f"&Page={wanted.page}", "&Page=0")}


class FirstIsThePrevious(ShowsMeta):
    """first_page_url is where the previous page is, which is right on the second page, where it was tried."""

    clause = "PAGE-12"

    def change(self, meta: dict[str, Any], wanted: Wanted, page: Page) -> dict[str, Any]:
        return {"first_page_url": meta["previous_page_url"] or meta["first_page_url"]}


class UrlWithoutTheToken(ShowsMeta):
    """`meta.url` is made of the filters, the page size and Page; the token was forgotten."""

    clause = "PAGE-13"

    def change(self, meta: dict[str, Any], wanted: Wanted, page: Page) -> dict[str, Any]:
        return {"url": meta["url"].partition("&PageToken=")[0]}


class UrlIsTheNext(ShowsMeta):
    """`meta.url` is made after the position was moved on: it leads to the next page."""

    clause = "PAGE-13"

    def change(self, meta: dict[str, Any], wanted: Wanted, page: Page) -> dict[str, Any]:
        return {"url": meta["next_page_url"] or meta["url"]}


class _MakesUrls(Right):
    """Page URLs are made of other parameters; `kept` gives them."""

    def kept(self, wanted: Wanted) -> Wanted:
        return wanted

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        return super().page_url(request, service, self.kept(wanted), number, token)


class UrlsForgetTheFilters(_MakesUrls):
    """Page URLs have the paging parameters alone: from the second page on nothing is filtered."""

    clause = "PAGE-14"

    def kept(self, wanted: Wanted) -> Wanted:
        return replace(wanted, types=(), identities=())


class UrlsForgetTheTypes(_MakesUrls):
    """BindingType came later than Identity, and nobody added it to the page URLs."""

    clause = "PAGE-14"

    def kept(self, wanted: Wanted) -> Wanted:
        return replace(wanted, types=())


class UrlsKeepOneValue(_MakesUrls):
    """Page URLs are made of a dict, which holds the last value of each parameter alone."""

    clause = "FILTER-10"

    def kept(self, wanted: Wanted) -> Wanted:
        return replace(wanted, types=wanted.types[-1:], identities=wanted.identities[-1:])


class UrlsForgetThePageSize(Right):
    """PageSize is no part of the page URLs: from the second page on it is 50."""

    clause = "PAGE-15"

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, token)
        return url.replace(f"PageSize={wanted.page_size}&", "")


class UrlsHaveTheDefaultSize(_MakesUrls):
    """Page URLs carry the default page size, in place of the one that was asked for."""

    clause = "PAGE-15"

    def kept(self, wanted: Wanted) -> Wanted:
        return replace(wanted, page_size=50)


class PageIsAlwaysNought(ShowsMeta):
    """`meta.page` is 0 on every page, since there is no place to count them in."""

    clause = "PAGE-16"

    def change(self, meta: dict[str, Any], wanted: Wanted, page: Page) -> dict[str, Any]:
        return {"page": 0}


class PagesBeginWithOne(ShowsMeta):
    """`meta.page` counts from 1."""

    clause = "PAGE-16"

    def change(self, meta: dict[str, Any], wanted: Wanted, page: Page) -> dict[str, Any]:
        return {"page": meta["page"] + 1}


class _Numbers(Right):
    """Page URLs carry another Page; `number` gives it, or None for no Page at all."""

    def number(self, wanted: Wanted, right: int, token: str | None) -> int | None:
        return right

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, token)
        given = self.number(wanted, number, token)
        return url.replace(f"&Page={number}", "" if given is None else f"&Page={given}")


class UrlsKeepThePage(_Numbers):
    """All page URLs have the Page of the request: the query is copied, and only the token changed."""

    clause = "PAGE-17"

    def number(self, wanted: Wanted, right: int, token: str | None) -> int:
        return wanted.page


class UrlsHaveNoPage(_Numbers):
    """The token says all, so page URLs have no Page."""

    clause = "PAGE-17"

    def number(self, wanted: Wanted, right: int, token: str | None) -> None:
        return None


class PageIsAnOffset(Right):
    """`offset = Page * PageSize`: Page selects, where no token is sent."""

    clause = "PAGE-18"

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        return wanted.page * wanted.page_size if position is None else super().start(found, wanted, position)


class PageMovesThePage(Right):
    """Page is a way to jump: without a token, a Page that is not 0 gives the last page of the list."""

    clause = "PAGE-18"

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        if position is None and wanted.page:
            return max(len(found) - wanted.page_size, 0)
        return super().start(found, wanted, position)


class TokenNeedsThePage(Right):
    """A PageToken is looked at where Page is above 0 alone: without Page the list begins anew."""

    clause = "PAGE-19"

    def position(self, service: str, wanted: Wanted) -> Position:
        return super().position(service, wanted) if wanted.page else None


class SignsPageUrls(Right):
    """The query of a page URL is signed as a whole: a token without that signature is refused."""

    clause = "PAGE-19"

    def wanted(self, query: str) -> Wanted:
        text, _, signature = query.partition("&Signature=")
        if "PageToken=" in text and not hmac.compare_digest(signature, self.signature(text.encode()).hex()):
            raise self.bad("The URL of a page must not be changed.")
        return super().wanted(text)

    def page_url(self, request: Request, service: str, wanted: Wanted, number: int, token: str | None) -> str:
        url = super().page_url(request, service, wanted, number, token)
        return f"{url}&Signature={self.signature(url.partition('?')[2].encode()).hex()}"


class TokenIsForItsOrder(Right):
    """The query is read from left to right, and what stands after the token is not read any more."""

    clause = "PAGE-19"

    def parameters(self, query: str) -> list[tuple[str, str]]:
        given = super().parameters(query)
        names = [name for name, _ in given]
        return given[: names.index("PageToken") + 1] if "PageToken" in names else given
