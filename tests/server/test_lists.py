"""Lists: the forms, bounds and positions that are the reference's own.

The clauses of LIST, PAGE, FILTER and TEXT prove the rest, on both engines.
"""

from urllib.parse import parse_qsl, urlsplit

import pytest

from ..support.answers import check_error, document, response_of
from ..support.lists import get, list_url, sids, walk

PARAMETERS = document()["components"]["parameters"]
TYPES = document()["components"]["schemas"]["BindingType"]["enum"]
KEYS = document()["components"]["schemas"]["PageMeta"]["required"]
MOST = PARAMETERS["IdentityParameter"]["schema"]["maxItems"]
LINKS = [key for key in KEYS if key.endswith("url")]


def expected(service, types=(), identities=()) -> set[str]:
    return {
        binding["sid"]
        for binding in service["bindings"]
        if (not types or binding["binding_type"] in types) and (not identities or binding["identity"] in identities)
    }


def filters(types=(), identities=()) -> list[tuple[str, str]]:
    return [("BindingType", value) for value in types] + [("Identity", value) for value in identities]


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
    url = list_url(client, world.full["sid"], *filters(TYPES[:2], identities), ("PageSize", 30))
    pages = list(walk(client, url))
    assert sids(pages) == sorted(expected(world.full, TYPES[:2], identities))
    back = list(walk(client, pages[-1]["meta"]["url"], "previous_page_url"))
    assert [page["bindings"] for page in back] == [page["bindings"] for page in pages[::-1]]


def test_page_at_its_maximum(client, world):
    """With `Page` at its maximum the next page's URL works as it stands, like any other."""
    highest = PARAMETERS["PageParameter"]["schema"]["maximum"]
    url = list_url(client, world.hundred["sid"], ("PageSize", 60), ("Page", highest))
    pages = list(walk(client, url))
    assert sids(pages) == sorted(expected(world.hundred))
    assert get(client, pages[1]["meta"]["previous_page_url"])["bindings"] == pages[0]["bindings"]


def token_of(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))["PageToken"]


def test_a_token_with_other_filters(client, world):
    """A token used with another filter or size gives a page of that list, from there on."""
    first = get(client, list_url(client, world.full["sid"], ("PageSize", 30)))
    token, last = token_of(first["meta"]["next_page_url"]), first["bindings"][-1]["sid"]
    for types, size in ((("apn",), 50), (("gcm", "fcm"), 4)):
        page = get(
            client, list_url(client, world.full["sid"], *filters(types), ("PageSize", size), ("PageToken", token))
        )
        assert sids([page]) == [sid for sid in sorted(expected(world.full, types)) if sid > last][:size]


def test_positions_outside_of_the_list(client, world):
    """After the last Binding there is an empty page with no URL on; before the first one comes the first page."""
    everything = sorted(expected(world.hundred))
    base = ("PageSize", 10)
    past = get(client, list_url(client, world.hundred["sid"], base, ("PageToken", f"PA{everything[-1]}")))
    assert (past["bindings"], past["meta"]["next_page_url"], past["meta"]["previous_page_url"]) == ([], None, None)
    far = get(client, list_url(client, world.hundred["sid"], base, ("PageToken", f"PABS{'f' * 32}")))
    assert (far["bindings"], far["meta"]["next_page_url"], far["meta"]["previous_page_url"]) == ([], None, None)
    for token in (f"PB{everything[0]}", f"PABS{'0' * 32}", f"PBBS{'0' * 32}"):
        page = get(client, list_url(client, world.hundred["sid"], base, ("PageToken", token)))
        assert sids([page]) == everything[:10]
        assert page["meta"]["previous_page_url"] is None
    end = get(client, list_url(client, world.hundred["sid"], base, ("PageToken", f"PBBS{'f' * 32}")))
    assert (sids([end]), end["meta"]["next_page_url"]) == (everything[-10:], None)
