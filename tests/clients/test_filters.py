"""Filters, as users of the SDKs give them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from .machine import HOST, Machine

NASTY = ["a,b", "a b", "a+b", "a&Identity=b", "100%", "😀", "-1"]
FILTERS = {
    "a type by itself": {"binding_type": "apn"},
    "one type": {"binding_type": ["apn"]},
    "several types": {"binding_type": ["gcm", "fcm"]},
    "an identity by itself": {"identity": "TestUser"},
    "one identity": {"identity": ["TestUser"]},
    "several identities": {"identity": ["TestUser", "alice", "nobody"]},
    "several nasty identities": {"identity": NASTY},
    "nobody": {"identity": ["nobody"]},
    "one of each": {"identity": "TestUser", "binding_type": "gcm"},
    "several of each": {"identity": ["TestUser", "alice"], "binding_type": ["apn", "fcm"]},
}

SENT_INSTEAD = {
    "go": {"TestUser.2": {"identity": "TestUser"}},  # twilio-go cuts a dot and digits out of every value
    "java": {"null": {}},  # twilio-java takes the text for the want of one, and lists everybody
}
"""Identities that an SDK changes before its request, and the requested ones."""


@pytest.fixture(scope="module")
def full(machine: Machine):
    """The service with the nasty identities."""
    return machine.world.full


@pytest.fixture(scope="module")
def identities(full):
    """All of its identities."""
    return sorted({binding["identity"] for binding in full["bindings"]})


def values(wanted):
    """The values of a filter, which may be one by itself."""
    return [wanted] if isinstance(wanted, str) else wanted


def expected(service, filters):
    """The SIDs that a mix of filters lets through."""
    return sorted(
        binding["sid"]
        for binding in service["bindings"]
        if all(binding[name] in values(wanted) for name, wanted in filters.items())
    )


def test_the_filters_tell_something(full, identities):
    """Each of the filters matches some Bindings and excludes some, but for the one of an unknown identity."""
    sizes = {name: len(expected(full, filters)) for name, filters in FILTERS.items()}
    assert sizes.pop("nobody") == 0
    assert all(0 < size < len(full["bindings"]) for size in sizes.values())
    assert set(NASTY) <= set(identities)
    assert sizes["several nasty identities"] > 5  # more than one page of those below


@pytest.mark.parametrize("paging", [{}, {"page_size": 2}], ids=["few pages", "many pages"])
def test_libraries(paging, library, machine: Machine, full):
    """One value and several, of one filter and of both, let through what they should, on every page."""
    wanted = [{**filters, **paging} for filters in FILTERS.values()]
    found = machine.program(library, "filters", full["sid"], stdin=json.dumps(wanted))
    assert dict(zip(FILTERS, found, strict=True)) == {name: expected(full, each) for name, each in FILTERS.items()}


def test_every_nasty_identity_in_libraries(library, machine: Machine, full, identities):
    """Each identity finds its own Bindings and no others, unless the SDK changes it."""
    sent_instead = SENT_INSTEAD.get(library, {})
    filters = {identity: {"identity": [identity]} for identity in [*identities, *sent_instead]}
    found = machine.program(library, "filters", full["sid"], stdin=json.dumps(list(filters.values())))
    wanted = {identity: expected(full, each) for identity, each in (filters | sent_instead).items()}
    assert dict(zip(filters, found, strict=True)) == wanted


@pytest.mark.needs("twilio-cli")
@pytest.mark.parametrize("name", ["one type", "several nasty identities", "several of each"])
def test_cli(name, machine: Machine, full):
    """One value and several, of one filter and of both, let through what they should in twilio-cli, on every page."""
    assert cli_found(machine, full, FILTERS[name], "--page-size=2") == expected(full, FILTERS[name])


@pytest.mark.needs("twilio-cli")
def test_every_nasty_identity_in_cli(machine: Machine, full, identities):
    """Each identity finds its own Bindings and no others: no two of them are in the same ones of these lists."""
    bits = range(len(identities).bit_length())
    filters = [{"identity": [each for number, each in enumerate(identities, 1) if number >> bit & 1]} for bit in bits]
    with ThreadPoolExecutor(2) as pool:  # it takes a second to start
        found = list(pool.map(lambda each: cli_found(machine, full, each), filters))
    assert found == [expected(full, each) for each in filters]


@pytest.mark.needs("curl")
def test_curl(machine: Machine, full):
    """One value and several, of one filter and of both, let through what they should in curl, on every page."""
    for filters in FILTERS.values():
        assert curl_found(machine, full, filters, page_size=5) == expected(full, filters)


def cli_found(machine: Machine, service, filters, *flags):
    given = [f"--{name.replace('_', '-')}={value}" for name, wanted in filters.items() for value in values(wanted)]
    return [binding["sid"] for binding in machine.cli_json("list", service["sid"], "--no-limit", *given, *flags)]


def curl_found(machine: Machine, service, filters, page_size=1000):
    parameters = {"binding_type": "BindingType", "identity": "Identity"}
    data = [f"{parameters[name]}={value}" for name, wanted in filters.items() for value in values(wanted)]
    encoded = [argument for pair in [*data, f"PageSize={page_size}"] for argument in ("--data-urlencode", pair)]
    page = machine.curl(f"https://{HOST}/v2/Services/{service['sid']}/Bindings", "-G", *encoded)
    found = page["bindings"]
    while url := page["meta"]["next_page_url"]:
        page = machine.curl(url)
        found += page["bindings"]
    return [binding["sid"] for binding in found]
