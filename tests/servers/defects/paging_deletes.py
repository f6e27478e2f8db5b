"""Defects of turning pages while Bindings are deleted."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from ..bases import Offsets
from ..http import Request
from ..right import Binding, Page, Position, Refusal, Right, Wanted


class SkipsByOffset(Offsets, clause="PAGE-28"):
    """`OFFSET :n`, signed in a token: where Bindings before it are deleted, the walk skips as many."""


class _LooksTheCursorUp(Right, ABC):
    """A token names a Binding, which is looked up; `without` gives the page where it is gone."""

    @abstractmethod
    def without(self, service: str, wanted: Wanted) -> Page: ...

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

    def without(self, service: str, wanted: Wanted) -> Page:
        return super().page(service, wanted, None)


class EndsWithoutItsCursor(_LooksTheCursorUp, clause="PAGE-29"):
    """`WHERE sid > (SELECT sid ... )`: the cursor that was deleted is NULL, nothing is greater, the page is empty."""

    def without(self, service: str, wanted: Wanted) -> Page:
        return Page([], has_previous=False, has_next=False)


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
