"""Defects of turning pages: their sizes, the walk through them, and what is deleted meanwhile."""

import itertools
import json
from dataclasses import replace

from ..bases import Offsets, after, around, before, change, first, instead
from ..right import After, Before, Binding, First, Page, Position, Refusal, Right, Wanted
from ..terms import EMPTY


@before(Right.page, "PAGE-01")
def shows_one_more(wanted):
    """One row more than the page is read, to know whether more follow, and nobody takes it off again."""
    return replace(wanted, page_size=wanted.page_size + 1)


class IgnoresThePageSize(Right, clause="PAGE-01", page=Before(lambda wanted: replace(wanted, page_size=50))):
    """The page size is a setting of the view, and what the client asks for is only repeated."""


class TwentyAPage(Right, clause="PAGE-02", default_page_size=20):
    """The default page size is the framework's: 20."""


class AllWithoutAPageSize(Right, clause="PAGE-02", default_page_size=1000):
    """Without a PageSize there is no LIMIT: the list is shown as a whole."""


@after(Right.meta, "PAGE-03")
def page_size_is_the_count(right, page):
    """`meta.page_size` is `len(bindings)`."""
    return right | {"page_size": len(page.bindings)}


class PageSizeOfTheSettings(Right, clause="PAGE-03", meta=change(page_size=50)):
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


@after(Right.start, "PAGE-05")
def cursor_is_inclusive(start, wanted, position):
    """`WHERE sid >= :cursor`: the last Binding of a page is the first of the next."""
    return start - 1 if position is not None and position[0] == "after" and wanted.page_size > 1 else start


@after(Right.start, "PAGE-05")
def cursor_skips_one(start, position):
    """The token names the first Binding of the next page, and the next page begins with `WHERE sid > :cursor`."""
    return start + 1 if position is not None and position[0] == "after" else start


@first(Right.start, "PAGE-05", sort_key=lambda binding: [binding["identity"], binding["sid"]])
def cursor_is_the_identity(found, position):
    """The list is ordered by identity, and the next page begins after it: the other devices of the user are skipped."""
    if position is None or position[0] == "before":
        return None
    return sum(each["identity"] <= position[1][0] for each in found)


@first(Right.start, "PAGE-05", sort_key=lambda binding: [binding["date_created"], binding["sid"]])
def cursor_is_the_day(found, position):
    """The list is ordered by `date_created`, and the cursor keeps the date without the time."""
    if position is None or position[0] == "before":
        return None
    return sum(each["date_created"][:10] <= position[1][0][:10] for each in found)


@first(Right.page, "PAGE-05", sort_key=lambda it: [it["identity"].casefold(), it["sid"], it["identity"]])
def cursor_has_another_collation(self, service, wanted, position):
    """The database orders identities without regard to case, and the code compares the cursor with regard to it."""
    if position is None or position[0] == "before":
        return None
    _, (_, sid, identity) = position
    left = [each for each in self.matching(service, wanted) if (each["identity"], each["sid"]) > (identity, sid)]
    return Page(left[: wanted.page_size], has_previous=bool(left), has_next=len(left) > wanted.page_size)


@around(Right.page, "PAGE-05", remove=First(lambda self: self.kept.clear()))
def caches_without_the_token(right, self, service, wanted):
    """Pages are cached under a key that lacks the token: the next page is the first one again."""
    key = service, wanted.types, wanted.identities, wanted.page_size
    if key not in self.kept:
        self.kept[key] = right()
    return self.kept[key]


def _cut(page, fitting):
    """Make a page end early, after so many Bindings."""
    return Page(page.bindings[:fitting], page.has_previous, page.has_next or fitting < len(page.bindings))


@after(Right.page, "PAGE-06")
def pages_end_with_their_partition(page):
    """The table has four partitions, and a query ends with the one that it reads: pages end there too."""
    partitions = [int(each["sid"][2], 16) // 4 for each in page.bindings]
    return _cut(page, sum(each == partitions[0] for each in partitions))


@after(Right.page, "PAGE-06")
def pages_have_twelve_kilobytes(page):
    """A query reads so many bytes and no more, as DynamoDB does with its megabyte: here 12 kB."""
    sizes = itertools.accumulate(len(json.dumps(each)) for each in page.bindings)
    return _cut(page, max(sum(size <= 12288 for size in sizes), min(len(page.bindings), 1)))


@after(Right.page, "PAGE-07")
def next_where_the_page_is_full(page, wanted):
    """`len(rows) == page_size` stands for `there is more`: after a last page that is full comes an empty one."""
    return replace(page, has_next=len(page.bindings) == wanted.page_size)


class NextUntilNothingComes(Right, clause="PAGE-07", page=After(lambda it: replace(it, has_next=bool(it.bindings)))):
    """There is always a next page, until an empty one ends the walk."""


@after(Right.page, "PAGE-07")
def counts_without_the_filters(page, self, service):
    """`SELECT count(*)` was left without the filters: the last page of a filtered list leads on."""
    last = max((each["sid"] for each in self.stored(service)), default="")
    return replace(page, has_next=bool(page.bindings) and page.bindings[-1]["sid"] < last)


@after(Right.meta, "PAGE-07")
def next_leads_around(right):
    """After the last page the list begins anew, as a carousel does."""
    return right | {"next_page_url": right["next_page_url"] or right["first_page_url"]}


@after(Right.page, "PAGE-08")
def forgets_the_rest(page, self, service, wanted):
    """The number of pages is `total // page_size`: a rest that fills no page is never reached."""
    found = self.matching(service, wanted) if page.bindings else []
    left = sum(self.sort_key(each) > self.sort_key(page.bindings[-1]) for each in found)
    return replace(page, has_next=left >= wanted.page_size)


@after(Right.page, "PAGE-08")
def two_pages_at_most(page, wanted):
    """The next page is reckoned on the first page alone, where no token was sent."""
    return replace(page, has_next=page.has_next and wanted.token is None)


@after(Right.meta, "PAGE-09")
def first_has_a_previous(right):
    """`previous_page_url` of the first page is that of the page itself."""
    return right | {"previous_page_url": right["previous_page_url"] or right["first_page_url"]}


class NeverLeadsBack(Right, clause="PAGE-10", meta=change(previous_page_url=None)):
    """The cursor only goes forward, so `previous_page_url` is always null."""


@after(Right.meta, "PAGE-10")
def second_has_no_previous(right):
    """`if page > 1` was written for pages that begin with 1: the second page, whose Page is 1, has no previous."""
    return right | {"previous_page_url": right["previous_page_url"] if right["page"] > 1 else None}


@after(Right.page, "PAGE-11")
def back_in_reverse(page, position):
    """The page before is read with ORDER BY ... DESC, and nobody turns it round again."""
    return page if position is None or position[0] == "after" else replace(page, bindings=page.bindings[::-1])


@first(Right.start, "PAGE-11")
def back_to_the_start(position):
    """`WHERE sid < :cursor ORDER BY sid LIMIT :n` lacks its DESC, and so gives the first page."""
    return 0 if position is None or position[0] == "before" else None


@after(Right.start, "PAGE-11")
def back_from_the_last(start, found, wanted, position):
    """The token of the previous page is made of the page's last Binding, as that of the next one is."""
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


@instead(_LooksTheCursorUp.without, "PAGE-29")
def refuses_without_its_cursor(self):
    """The Binding that a token names is looked up, and where it was deleted the token has expired: 400."""
    raise self.bad("PageToken has expired.")


class BeginsAnewWithoutItsCursor(_LooksTheCursorUp, clause="PAGE-29"):
    """`index_of(cursor) + 1`, and the index of what was deleted is -1: the list begins anew."""


class EndsWithoutItsCursor(_LooksTheCursorUp, clause="PAGE-29", without=lambda service, wanted: EMPTY):
    """`WHERE sid > (SELECT sid ... )`: the cursor that was deleted is NULL, nothing is greater, the page is empty."""


@instead(_LooksTheCursorUp.without, "PAGE-29")
def crashes_without_its_cursor():
    """The Binding that a token names is read for its place, and where it is gone there is None to read from: 500."""
    raise TypeError("'NoneType' object is not subscriptable")


@after(Right.page, "PAGE-30")
def nothing_left_is404(page, position):
    """A page beyond the end is 404, `EmptyPage` in Django's words."""
    if position is not None and not page.bindings:
        raise Refusal(404, 20404, "That page contains no results.")
    return page


@after(Right.meta, "PAGE-30")
def nothing_left_leads_back(meta, wanted, page):
    """Where a token was sent there is a page before, so an empty page leads back to the first one."""
    if wanted.token is not None and not page.bindings:
        meta["previous_page_url"] = meta["first_page_url"]
    return meta


@after(Right.page, "PAGE-30")
def crashes_with_nothing_left(page, position):
    """`rows[0]` and `rows[-1]` are read for the tokens, and an empty page after a token has neither: 500."""
    if position is not None and page.bindings[-1]["sid"] < page.bindings[0]["sid"]:
        raise ValueError("rows come in order")
    return page


@after(Right.page, "PAGE-31")
def slices_from_below_nought(page, self, service, wanted, position):
    """`rows[index - size : index]` begins below 0 where Bindings before are gone, and such a slice is empty."""
    if position is None or position[0] == "after":
        return page
    found = self.matching(service, wanted)
    index = sum(self.sort_key(each) < position[1] for each in found)
    return replace(page, bindings=found[index - wanted.page_size : index])


@first(Right.start, "PAGE-31")
def pages_before_must_be_full(self, found, wanted, position):
    """The page before a token is read by LIMIT, and one that is not full is taken for a token that is forged: 400."""
    if position is not None and position[0] == "before":
        before = sum(self.sort_key(each) < position[1] for each in found)
        if before < wanted.page_size:
            raise self.bad("PageToken is not one of this list.")


@after(Right.page, "PAGE-31")
def back_shows_what_was(page, self, service, wanted, position):
    """Pages are kept for going back, as they were: what was deleted since is shown again."""
    if position is not None and position[0] == "before" and page.bindings:
        kept = self.kept.get(f"{wanted.page_size} {position[1]}", page.bindings)
        return replace(page, bindings=kept)
    shown = [self.sort_key(each) for each in page.bindings]
    if after := [each for each in self.matching(service, wanted) if shown and self.sort_key(each) > shown[-1]]:
        self.kept[f"{wanted.page_size} {self.sort_key(after[0])}"] = page.bindings
    return page
