"""Lists: the forms, bounds and positions that are the reference's own.

The clauses of LIST, PAGE, FILTER and TEXT prove the rest, on both engines.
"""

import pytest

from ..support.answers import check_error, document, response_of
from ..support.lists import get, list_url, sids, walk

PARAMETERS = document()["components"]["parameters"]
TYPES = document()["components"]["schemas"]["BindingType"]["enum"]
KEYS = document()["components"]["schemas"]["PageMeta"]["required"]
MOST = PARAMETERS["IdentityParameter"]["schema"]["maxItems"]


def expected(service, types=(), identities=()) -> set[str]:
    return {
        binding["sid"]
        for binding in service["bindings"]
        if (not types or binding["binding_type"] in types) and (not identities or binding["identity"] in identities)
    }


def test_a_list_that_fits_on_a_page(client, world):
    """A list that fits on a page has it for its first and last: `meta` has all seven keys, with nulls for no page."""
    page = get(client, url := list_url(client, world.hundred["sid"], ("PageSize", 100)))
    meta = page["meta"]
    assert list(meta) == KEYS
    assert (meta["previous_page_url"], meta["next_page_url"], meta["page"]) == (None, None, 0)
    assert meta["url"] == meta["first_page_url"] == f"{url}&Page=0"
    assert set(sids([page])) == expected(world.hundred)


def test_a_previous_page_that_would_be_short_is_the_first(client, world):
    """Before a position with less than a page in front of it comes the first page, full as every page is."""
    second = get(client, get(client, list_url(client, world.hundred["sid"], ("PageSize", 3)))["meta"]["next_page_url"])
    url = second["meta"]["previous_page_url"]
    everything = sorted(expected(world.hundred))
    for size, next_is_null in ((7, False), (99, False), (100, True), (1000, True)):
        page = get(client, url.replace("PageSize=3", f"PageSize={size}"))
        assert sids([page]) == everything[:size]
        assert page["meta"]["previous_page_url"] is None
        assert (page["meta"]["next_page_url"] is None) == next_is_null


@pytest.mark.parametrize("name", ["BindingType", "Identity"])
def test_the_number_of_values_of_a_filter(client, world, name):
    """A filter takes as many values as the spec says; one more is a 400 that names it and the bound."""
    values = [TYPES[number % 2] if name == "BindingType" else f"nobody-{number}" for number in range(MOST + 1)]
    url = list_url(client, world.hundred["sid"], *((name, value) for value in values[:-1]))
    assert get(client, url)["meta"]["url"].count(f"{name}=") == MOST
    answer = client.get(list_url(client, world.hundred["sid"], *((name, value) for value in values)))
    message = check_error(response_of(answer), "invalid_parameter", "listBindings", parameter=name)
    assert str(MOST) in message


def test_a_hundred_identities_are_a_walk_too(client, world):
    """A list of the most identities is walked by its URLs, both ways."""
    identities = list(dict.fromkeys(binding["identity"] for binding in world.full["bindings"]))[:MOST]
    filters = [("BindingType", value) for value in TYPES[:2]] + [("Identity", value) for value in identities]
    url = list_url(client, world.full["sid"], *filters, ("PageSize", 30))
    pages = list(walk(client, url))
    assert sids(pages) == sorted(expected(world.full, TYPES[:2], identities))
    back = list(walk(client, pages[-1]["meta"]["url"], "previous_page_url"))
    assert [page["bindings"] for page in back] == [page["bindings"] for page in pages[::-1]]


def test_positions_outside_of_the_list(client, world):
    """After the last Binding there is an empty page with no URL on; before the first one comes the first page."""
    everything = sorted(expected(world.hundred))

    def page(token: str) -> tuple[list[str], str | None, str | None]:
        shown = get(client, list_url(client, world.hundred["sid"], ("PageSize", 10), ("PageToken", token)))
        return sids([shown]), shown["meta"]["previous_page_url"], shown["meta"]["next_page_url"]

    for token in (f"PA{everything[-1]}", f"PABS{'f' * 32}"):
        assert page(token) == ([], None, None)
    for token in (f"PB{everything[0]}", f"PABS{'0' * 32}", f"PBBS{'0' * 32}"):
        assert page(token)[:2] == (everything[:10], None)
    assert page(f"PBBS{'f' * 32}")[::2] == (everything[-10:], None)
