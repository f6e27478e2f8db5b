"""Defects of turning pages: their sizes, the walk through them, and what is deleted meanwhile."""

import itertools
import json
from dataclasses import replace
from typing import Any

from ..bases import Json, Offsets, ShowsMeta
from ..http import Request
from ..right import After, Binding, Page, Position, Refusal, Right, Wanted
from ..terms import EMPTY


class ShowsOneMore(Right, clause="PAGE-01"):
    """One row more than the page is read, to know whether more follow, and nobody takes it off again."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        return super().page(service, replace(wanted, page_size=wanted.page_size + 1), position)


class IgnoresThePageSize(Right, clause="PAGE-01"):
    """The page size is a setting of the view, and what the client asks for is only repeated."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        return super().page(service, replace(wanted, page_size=50), position)


class TwentyAPage(Right, clause="PAGE-02", default_page_size=20):
    """The default page size is the framework's: 20."""


class AllWithoutAPageSize(Right, clause="PAGE-02", default_page_size=1000):
    """Without a PageSize there is no LIMIT: the list is shown as a whole."""


class PageSizeIsTheCount(Right, clause="PAGE-03"):
    """`meta.page_size` is `len(bindings)`."""

    def meta(self, request: Request, service: str, wanted: Wanted, page: Page) -> Json:
        return super().meta(request, service, wanted, page) | {"page_size": len(page.bindings)}


class PageSizeOfTheSettings(ShowsMeta, clause="PAGE-03", page_size=50):
    """`meta.page_size` is the constant of the settings, 50, whatever was asked for."""


class ThousandIsTooLarge(Right, clause="PAGE-04", largest_page_size=999):
    """The limit is tested with `>=`: a PageSize of 1000 is refused."""


class ClampsToAHundred(Right, clause="PAGE-04", page_size=After(lambda right: min(right, 100))):
    """The paginator has a maximum of 100, Django REST Framework's way: a greater PageSize becomes that."""


class OneIsTooSmall(Right, clause="PAGE-04", least_page_size=2):
    """The page size's lower bound is exclusive in the validator: a PageSize of 1 is refused."""


class NoOrder(Offsets, clause="PAGE-05"):
    """The query has no ORDER BY, so every page is cut out of rows that come in another order each time."""

    def token(self, service: str, wanted: Wanted, direction: str, binding: Binding) -> str:
        found = super().matching(service, wanted)
        passed = 0 if wanted.token is None else self.open(wanted.token)[2][0]
        offset = passed + wanted.page_size if direction == "after" else max(passed - wanted.page_size, 0)
        return self.seal([self.bound_to(service, wanted), direction, [min(offset, len(found))]])

    def matching(self, service: str, wanted: Wanted) -> list[Binding]:
        found = super().matching(service, wanted)
        turn = next(self.numbers) * 7 % max(len(found), 1)
        return found[turn:] + found[:turn]


class CursorIsInclusive(Right, clause="PAGE-05"):
    """`WHERE sid >= :cursor`: the last Binding of a page is the first of the next."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        start = super().start(found, wanted, position)
        return start - 1 if position is not None and position[0] == "after" and wanted.page_size > 1 else start


class CursorSkipsOne(Right, clause="PAGE-05"):
    """The token names the first Binding of the next page, and the next page begins with `WHERE sid > :cursor`."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        start = super().start(found, wanted, position)
        return start + 1 if position is not None and position[0] == "after" else start


class CursorIsTheIdentity(Right, clause="PAGE-05", sort_key=lambda binding: [binding["identity"], binding["sid"]]):
    """The list is ordered by identity, and the next page begins after it: the other devices of the user are skipped."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        if position is None or position[0] == "before":
            return super().start(found, wanted, position)
        return sum(each["identity"] <= position[1][0] for each in found)


class CursorIsTheDay(Right, clause="PAGE-05", sort_key=lambda binding: [binding["date_created"], binding["sid"]]):
    """The list is ordered by `date_created`, and the cursor keeps the date without the time."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        if position is None or position[0] == "before":
            return super().start(found, wanted, position)
        return sum(each["date_created"][:10] <= position[1][0][:10] for each in found)


class CursorHasAnotherCollation(Right, clause="PAGE-05"):
    """The database orders identities without regard to case, and the code compares the cursor with regard to it."""

    def sort_key(self, binding: Binding) -> list[Any]:
        return [binding["identity"].casefold(), binding["sid"], binding["identity"]]

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        if position is None or position[0] == "before":
            return super().page(service, wanted, position)
        _, (_, sid, identity) = position
        left = [each for each in self.matching(service, wanted) if (each["identity"], each["sid"]) > (identity, sid)]
        return Page(left[: wanted.page_size], has_previous=bool(left), has_next=len(left) > wanted.page_size)


class CachesWithoutTheToken(Right, clause="PAGE-05"):
    """Pages are cached under a key that lacks the token: the next page is the first one again."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        key = service, wanted.types, wanted.identities, wanted.page_size
        if key not in self.kept:
            self.kept[key] = super().page(service, wanted, position)
        return self.kept[key]

    def remove(self, service: str, sid: str) -> bool:
        self.kept.clear()
        return super().remove(service, sid)


class _CutsPages(Right):
    """A page may end early; `fitting` says how many of its Bindings fit."""

    def fitting(self, shown: list[Binding]) -> int:
        return len(shown)

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        fitting = self.fitting(page.bindings)
        return Page(page.bindings[:fitting], page.has_previous, page.has_next or fitting < len(page.bindings))


class PagesEndWithTheirPartition(_CutsPages, clause="PAGE-06"):
    """The table has four partitions, and a query ends with the one that it reads: pages end there too."""

    def fitting(self, shown: list[Binding]) -> int:
        return sum(self.partition(each) == self.partition(shown[0]) for each in shown)

    def partition(self, binding: Binding) -> int:
        return int(binding["sid"][2], 16) // 4


class PagesHaveTwelveKilobytes(_CutsPages, clause="PAGE-06"):
    """A query reads so many bytes and no more, as DynamoDB does with its megabyte: here 12 kB."""

    def fitting(self, shown: list[Binding]) -> int:
        sizes = itertools.accumulate(len(json.dumps(each)) for each in shown)
        return max(sum(size <= 12288 for size in sizes), min(len(shown), 1))


class _LeadsOn(Right):
    """Whether there is a next page is told otherwise; `has_next` tells."""

    def has_next(self, found: list[Binding], wanted: Wanted, page: Page) -> bool:
        return page.has_next

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        more = self.has_next(self.matching(service, wanted), wanted, page)
        return Page(page.bindings, page.has_previous, more and bool(page.bindings))


class NextWhereThePageIsFull(_LeadsOn, clause="PAGE-07"):
    """`len(rows) == page_size` stands for `there is more`: after a last page that is full comes an empty one."""

    def has_next(self, found: list[Binding], wanted: Wanted, page: Page) -> bool:
        return len(page.bindings) == wanted.page_size


class NextUntilNothingComes(_LeadsOn, clause="PAGE-07", has_next=lambda found, wanted, page: True):
    """There is always a next page, until an empty one ends the walk."""


class CountsWithoutTheFilters(Right, clause="PAGE-07"):
    """`SELECT count(*)` was left without the filters: the last page of a filtered list leads on."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        last = max((each["sid"] for each in self.stored(service)), default="")
        more = bool(page.bindings) and page.bindings[-1]["sid"] < last
        return Page(page.bindings, page.has_previous, more)


class NextLeadsAround(ShowsMeta, clause="PAGE-07"):
    """After the last page the list begins anew, as a carousel does."""

    def change(self, right: Json) -> Json:
        return right | {"next_page_url": right["next_page_url"] or right["first_page_url"]}


class ForgetsTheRest(_LeadsOn, clause="PAGE-08"):
    """The number of pages is `total // page_size`: a rest that fills no page is never reached."""

    def has_next(self, found: list[Binding], wanted: Wanted, page: Page) -> bool:
        left = sum(self.sort_key(each) > self.sort_key(page.bindings[-1]) for each in found) if page.bindings else 0
        return left >= wanted.page_size


class TwoPagesAtMost(_LeadsOn, clause="PAGE-08"):
    """The next page is reckoned on the first page alone, where no token was sent."""

    def has_next(self, found: list[Binding], wanted: Wanted, page: Page) -> bool:
        return page.has_next and wanted.token is None


class FirstHasAPrevious(ShowsMeta, clause="PAGE-09"):
    """`previous_page_url` of the first page is that of the page itself."""

    def change(self, right: Json) -> Json:
        return right | {"previous_page_url": right["previous_page_url"] or right["first_page_url"]}


class NeverLeadsBack(ShowsMeta, clause="PAGE-10", previous_page_url=None):
    """The cursor only goes forward, so `previous_page_url` is always null."""


class SecondHasNoPrevious(ShowsMeta, clause="PAGE-10"):
    """`if page > 1` was written for pages that begin with 1: the second page, whose Page is 1, has no previous."""

    def change(self, right: Json) -> Json:
        return right | {"previous_page_url": right["previous_page_url"] if right["page"] > 1 else None}


class BackInReverse(Right, clause="PAGE-11"):
    """The page before is read with ORDER BY ... DESC, and nobody turns it round again."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        if position is None or position[0] == "after":
            return page
        return replace(page, bindings=page.bindings[::-1])


class BackToTheStart(Right, clause="PAGE-11"):
    """`WHERE sid < :cursor ORDER BY sid LIMIT :n` lacks its DESC, and so gives the first page."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        return 0 if position is None or position[0] == "before" else super().start(found, wanted, position)


class BackFromTheLast(Right, clause="PAGE-11"):
    """The token of the previous page is made of the page's last Binding, as that of the next one is."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        start = super().start(found, wanted, position)
        if position is None or position[0] == "after":
            return start
        return min(start + wanted.page_size - 1, max(len(found) - 1, 0))


class SkipsByOffset(Offsets, clause="PAGE-28"):
    """`OFFSET :n`, signed in a token: where Bindings before it are deleted, the walk skips as many."""


class _LooksTheCursorUp(Right):
    """A token names a Binding, which is looked up; `without` gives the page where it is gone."""

    def without(self, service: str, wanted: Wanted) -> Page:
        return super().page(service, wanted, None)

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        if position is None or self.find(service, position[1][0]) is not None:
            return super().page(service, wanted, position)
        return self.without(service, wanted)


class RefusesWithoutItsCursor(_LooksTheCursorUp, clause="PAGE-29"):
    """The Binding that a token names is looked up, and where it was deleted the token has expired: 400."""

    def without(self, service: str, wanted: Wanted) -> Page:
        raise self.bad("PageToken has expired.")


class BeginsAnewWithoutItsCursor(_LooksTheCursorUp, clause="PAGE-29"):
    """`index_of(cursor) + 1`, and the index of what was deleted is -1: the list begins anew."""


class EndsWithoutItsCursor(_LooksTheCursorUp, clause="PAGE-29", without=lambda service, wanted: EMPTY):
    """`WHERE sid > (SELECT sid ... )`: the cursor that was deleted is NULL, nothing is greater, the page is empty."""


class CrashesWithoutItsCursor(_LooksTheCursorUp, clause="PAGE-29"):
    """The Binding that a token names is read for its place, and where it is gone there is None to read from: 500."""

    def without(self, service: str, wanted: Wanted) -> Page:
        raise TypeError("'NoneType' object is not subscriptable")


class NothingLeftIs404(Right, clause="PAGE-30"):
    """A page beyond the end is 404, `EmptyPage` in Django's words."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        if position is not None and not page.bindings:
            raise Refusal(404, 20404, "That page contains no results.")
        return page


class NothingLeftLeadsBack(Right, clause="PAGE-30"):
    """Where a token was sent there is a page before, so an empty page leads back to the first one."""

    def meta(self, request: Request, service: str, wanted: Wanted, page: Page) -> dict[str, Any]:
        meta = super().meta(request, service, wanted, page)
        if wanted.token is not None and not page.bindings:
            meta["previous_page_url"] = meta["first_page_url"]
        return meta


class CrashesWithNothingLeft(Right, clause="PAGE-30"):
    """`rows[0]` and `rows[-1]` are read for the tokens, and an empty page after a token has neither: 500."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        if position is not None and page.bindings[-1]["sid"] < page.bindings[0]["sid"]:
            raise ValueError("rows come in order")
        return page


class SlicesFromBelowNought(Right, clause="PAGE-31"):
    """`rows[index - size : index]` begins below 0 where Bindings before are gone, and such a slice is empty."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        if position is None or position[0] == "after":
            return page
        found = self.matching(service, wanted)
        index = sum(self.sort_key(each) < position[1] for each in found)
        return replace(page, bindings=found[index - wanted.page_size : index])


class PagesBeforeMustBeFull(Right, clause="PAGE-31"):
    """The page before a token is read by LIMIT, and one that is not full is taken for a token that is forged: 400."""

    def start(self, found: list[Binding], wanted: Wanted, position: Position) -> int:
        if position is not None and position[0] == "before":
            before = sum(self.sort_key(each) < position[1] for each in found)
            if before < wanted.page_size:
                raise self.bad("PageToken is not one of this list.")
        return super().start(found, wanted, position)


class BackShowsWhatWas(Right, clause="PAGE-31"):
    """Pages are kept for going back, as they were: what was deleted since is shown again."""

    def page(self, service: str, wanted: Wanted, position: Position) -> Page:
        page = super().page(service, wanted, position)
        if position is not None and position[0] == "before" and page.bindings:
            kept = self.kept.get(f"{wanted.page_size} {position[1]}", page.bindings)
            return replace(page, bindings=kept)
        shown = [self.sort_key(each) for each in page.bindings]
        if after := [each for each in self.matching(service, wanted) if shown and self.sort_key(each) > shown[-1]]:
            self.kept[f"{wanted.page_size} {self.sort_key(after[0])}"] = page.bindings
        return page
