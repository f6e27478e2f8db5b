"""Lists: filters find exactly what they say, and every page's URLs lead where they say."""

import unicodedata
from collections import Counter
from itertools import combinations
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from ..support.answers import check_documented, check_error, document, response_of
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


def test_an_empty_list(client, world):
    """A service without Bindings has an empty list, with all of `meta`."""
    page = get(client, list_url(client, world.empty["sid"]))
    assert page["bindings"] == []
    assert [page["meta"][link] is None for link in LINKS] == [link.startswith(("previous", "next")) for link in LINKS]
    assert page["meta"]["page_size"] == PARAMETERS["PageSizeParameter"]["schema"]["default"]


def test_every_binding_is_as_it_was_imported(client, world):
    """A list shows each Binding as a fetch does, and as the world has it."""
    pages = walk(client, list_url(client, world.full["sid"], ("PageSize", 1000)))
    listed = {binding["sid"]: binding for page in pages for binding in page["bindings"]}
    for binding in world.full["bindings"]:
        shown = listed.pop(binding["sid"])
        assert shown == check_documented(response_of(client.get(shown["url"])), "fetchBinding")
        assert shown | binding == shown
        assert (shown["account_sid"], shown["service_sid"]) == (world.a["sid"], world.full["sid"])
    assert not listed


@pytest.mark.parametrize("size", [1, 7, 33, 50, 99, 100, 101, 1000])
def test_a_walk_forwards_and_back(client, world, size):
    """Every page but the last is full, together they hold everything once, and the way back shows the same pages."""
    pages = list(walk(client, list_url(client, world.hundred["sid"], ("PageSize", size))))
    lengths = [len(page["bindings"]) for page in pages]
    full, rest = divmod(100, size)
    assert lengths == [size] * full + [rest] * bool(rest)
    assert sids(pages) == sorted(expected(world.hundred))
    assert [page["meta"]["page"] for page in pages] == list(range(len(pages)))
    assert {page["meta"]["page_size"] for page in pages} == {size}
    back = list(walk(client, pages[-1]["meta"]["url"], "previous_page_url"))
    assert [page["bindings"] for page in reversed(back)] == [page["bindings"] for page in pages]
    assert [page["meta"]["page"] for page in reversed(back)] == [page["meta"]["page"] for page in pages]
    assert (pages[0]["meta"]["previous_page_url"], back[-1]["meta"]["previous_page_url"]) == (None, None)


@pytest.mark.parametrize(("types", "size"), [((), 40), (("apn",), 10), (("gcm", "fcm"), 25)])
def test_every_url_works_as_it_stands(client, world, types, size):
    """Each of a page's four URLs is pure ASCII, has the same filters and size, and gives the page that it names."""
    query = [*filters(types), ("PageSize", size)]
    pages = list(walk(client, list_url(client, world.full["sid"], *query)))
    assert len(pages) > 2
    for index, page in enumerate(pages):
        meta = page["meta"]
        for link in LINKS:
            if meta[link] is None:
                continue
            assert meta[link].isascii()
            sent = parse_qsl(urlsplit(meta[link]).query, keep_blank_values=True)
            assert sent[: len(query)] == [(name, str(value)) for name, value in query]
            assert [name for name, _ in sent[len(query) :]] in (["Page"], ["Page", "PageToken"])
        assert get(client, meta["url"]) == page
        assert get(client, meta["first_page_url"])["bindings"] == pages[0]["bindings"]
        if meta["previous_page_url"] is not None:
            previous = get(client, meta["previous_page_url"])
            assert previous["bindings"] == pages[index - 1]["bindings"]
            assert (previous["meta"]["next_page_url"] is None) == (index == 0)


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


def test_types(client, world):
    """`BindingType` shows what has any of the types, whatever their order and however often they are named."""
    for number in range(1, len(TYPES) + 1):
        for types in combinations(TYPES, number):
            wanted = sorted(expected(world.full, types))
            for named in (types, types[::-1], (*types, *types)):
                url = list_url(client, world.full["sid"], *filters(named), ("PageSize", 1000))
                assert sids([get(client, url)]) == wanted


def test_every_identity_is_found_exactly(client, world):
    """Each identity of the world, however odd, finds its own Bindings and no other's."""
    identities = Counter(binding["identity"] for binding in world.full["bindings"])
    for identity, number in identities.items():
        pages = list(walk(client, list_url(client, world.full["sid"], ("Identity", identity), ("PageSize", 2))))
        assert set(sids(pages)) == expected(world.full, identities=(identity,)), identity
        assert len(sids(pages)) == number
        meta = pages[0]["meta"]
        assert dict(parse_qsl(urlsplit(meta["url"]).query, keep_blank_values=True))["Identity"] == identity
        assert get(client, meta["url"]) == pages[0]


def test_identities_are_not_made_alike(client, world):
    """What only looks like an identity finds nothing: no case, no white space and no normalisation is passed over."""
    there = {binding["identity"] for binding in world.full["bindings"]}
    near = {
        variant(identity)
        for identity in there
        for variant in (
            str.lower, str.upper, str.casefold, str.strip, lambda text: f" {text}", lambda text: f"{text} ",
            lambda text: text[:-1], lambda text: f"{text}%", lambda text: f"{text}\n",
            lambda text: text.replace("e", "_"),
            *(lambda text, form=form: unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")),
        )
    }  # fmt: skip
    for identity in sorted(near - there - {""}):
        assert get(client, list_url(client, world.full["sid"], ("Identity", identity)))["bindings"] == [], identity


def test_an_identity_as_clients_write_it(client, world):
    """A `+` is a space, capital and small hexadecimal digits are the same, and what needs no encoding may have it."""
    base = list_url(client, world.full["sid"])
    for identity in {binding["identity"] for binding in world.full["bindings"]}:
        wanted = expected(world.full, identities=(identity,))
        every = "".join(f"%{byte:02x}" for byte in identity.encode())
        form = quote(identity, safe=" ").replace(" ", "+")
        for written in (every, every.upper().replace("%", "%"), form):
            assert set(sids(walk(client, f"{base}?Identity={written}&PageSize=1000"))) == wanted, written


def test_a_comma_is_part_of_an_identity(client, world):
    """`a,b` is one identity: it finds neither `a` nor `b`, whether the comma is encoded or not."""
    base = list_url(client, world.full["sid"])
    wanted = expected(world.full, identities=("a,b",))
    assert wanted
    for written in ("a,b", "a%2Cb"):
        assert set(sids([get(client, f"{base}?Identity={written}")])) == wanted


def test_filters_together(client, world):
    """The values of a filter are alternatives, and the filters narrow each other."""
    counted = Counter(binding["identity"] for binding in world.full["bindings"])
    common = [identity for identity, _ in counted.most_common(4)]
    for identities in ((), *combinations(common, 1), *combinations(common, 3), (*common, "nobody")):
        for types in ((), ("apn",), ("gcm", "fcm"), tuple(TYPES)):
            url = list_url(client, world.full["sid"], *filters(types, identities), ("PageSize", 3))
            assert sids(walk(client, url)) == sorted(expected(world.full, types, identities))


@pytest.mark.parametrize("name", ["BindingType", "Identity"])
def test_how_many_values_a_filter_takes(client, world, name):
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


def test_page_is_counted_and_selects_nothing(client, world):
    """`Page` is echoed, counted up and down in the links, never below 0, and shows the same Bindings whatever it is."""
    plain = get(client, list_url(client, world.hundred["sid"], ("PageSize", 10)))
    odd = get(client, list_url(client, world.hundred["sid"], ("PageSize", 10), ("Page", 99)))
    assert odd["bindings"] == plain["bindings"]
    assert (odd["meta"]["page"], page_of(odd["meta"]["next_page_url"])) == (99, 100)
    assert page_of(odd["meta"]["first_page_url"]) == 0
    second = get(client, odd["meta"]["next_page_url"])
    assert page_of(second["meta"]["previous_page_url"]) == 99
    zeroth = get(client, odd["meta"]["next_page_url"].replace("Page=100", "Page=0"))
    assert page_of(zeroth["meta"]["previous_page_url"]) == 0
    assert zeroth["bindings"] == second["bindings"]


def page_of(url: str) -> int:
    return int(dict(parse_qsl(urlsplit(url).query))["Page"])


def test_page_at_its_maximum(client, world):
    """With `Page` at its maximum the next page's URL works as it stands, like any other."""
    highest = PARAMETERS["PageParameter"]["schema"]["maximum"]
    url = list_url(client, world.hundred["sid"], ("PageSize", 60), ("Page", highest))
    pages = list(walk(client, url))
    assert sids(pages) == sorted(expected(world.hundred))
    assert get(client, pages[1]["meta"]["previous_page_url"])["bindings"] == pages[0]["bindings"]


def token_of(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))["PageToken"]


def test_a_token_of_another_service_shows_nothing_of_it(client, world):
    """A token taken to another service positions there, and shows what is that service's alone."""
    tokens = [token_of(page["meta"]["next_page_url"])
              for page in walk(client, list_url(client, world.full["sid"], ("PageSize", 20)))
              if page["meta"]["next_page_url"]]  # fmt: skip
    ours = expected(world.hundred)
    for token in tokens:
        for kind in ("PA", "PB"):
            page = get(client, list_url(client, world.hundred["sid"], ("PageToken", kind + token[2:])))
            assert set(sids([page])) <= ours
            assert page["meta"]["url"].endswith(kind + token[2:])


def test_a_token_with_other_filters(client, world):
    """A token used with another filter or size gives a page of that list, from there on."""
    first = get(client, list_url(client, world.full["sid"], ("PageSize", 30)))
    token, last = token_of(first["meta"]["next_page_url"]), first["bindings"][-1]["sid"]
    for types, size in ((("apn",), 50), (("gcm", "fcm"), 4)):
        page = get(
            client, list_url(client, world.full["sid"], *filters(types), ("PageSize", size), ("PageToken", token))
        )
        assert sids([page]) == [sid for sid in sorted(expected(world.full, types)) if sid > last][:size]


def test_the_parameters_of_a_url_in_another_order(client, world):
    """A client that takes `PageToken` out of a URL and sends it with its own parameters gets the same page."""
    first = get(client, list_url(client, world.hundred["sid"], ("PageSize", 30)))
    second = get(client, first["meta"]["next_page_url"])
    token = token_of(first["meta"]["next_page_url"])
    for page in (1, 0, 77):
        url = list_url(client, world.hundred["sid"], ("PageToken", token), ("Page", page), ("PageSize", 30))
        assert get(client, url)["bindings"] == second["bindings"]


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


def test_links_to_users(client, world):
    """`links.user` ends in the identity with everything but the unreserved characters percent-encoded."""
    for binding in get(client, list_url(client, world.full["sid"], ("PageSize", 1000)))["bindings"]:
        url = binding["links"]["user"]
        head, _, identity = url.rpartition("/")
        assert head == f"{binding['url'].rpartition('/Bindings/')[0]}/Users"
        assert unquote(identity, errors="strict") == binding["identity"]
        assert identity == quote(binding["identity"], safe="")
        assert url.isascii()
