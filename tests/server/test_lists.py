"""Lists: the bounds of filters that are the reference's own.

The clauses of LIST, PAGE, FILTER and TEXT prove the rest on both engines, tests/storage positions and short pages.
"""

import pytest

from ..support.answers import check_error, document, response_of
from ..support.lists import get, list_url, sids, walk

TYPES = document()["components"]["schemas"]["BindingType"]["enum"]
MOST = document()["components"]["parameters"]["IdentityParameter"]["schema"]["maxItems"]


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
    matching = [each for each in world.full["bindings"] if each["binding_type"] in TYPES[:2]]
    assert sids(pages) == sorted(each["sid"] for each in matching if each["identity"] in identities)
    back = list(walk(client, pages[-1]["meta"]["url"], "previous_page_url"))
    assert [page["bindings"] for page in back] == [page["bindings"] for page in pages[::-1]]
