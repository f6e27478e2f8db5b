"""Filters in the SDKs."""

import json

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
    """Return the service with the nasty identities."""
    return machine.world.full


@pytest.fixture(scope="module")
def identities(full):
    """Return all of its identities."""
    return sorted({binding["identity"] for binding in full["bindings"]})


def values(wanted):
    """Return the values of a filter, which may be one by itself."""
    return [wanted] if isinstance(wanted, str) else wanted


def expected(service, filters):
    """Return the SIDs that match a mix of filters."""
    return sorted(
        binding["sid"]
        for binding in service["bindings"]
        if all(binding[name] in values(wanted) for name, wanted in filters.items() if name != "page_size")
    )


def test_the_filters_tell_something(full, identities):
    """Each of the filters matches some Bindings and excludes some, but for the one of an unknown identity."""
    sizes = {name: len(expected(full, filters)) for name, filters in FILTERS.items()}
    assert sizes.pop("nobody") == 0
    assert all(0 < size < len(full["bindings"]) for size in sizes.values())
    assert set(NASTY) <= set(identities)
    assert sizes["several nasty identities"] > 5  # more than one page of those below


def test_libraries(library, machine: Machine, full, identities):
    """Filters let through what they should, on few pages and many; so does each identity, unless the SDK changes it."""
    sent_instead = SENT_INSTEAD.get(library, {})
    filters = FILTERS | {f"{name}, paged": each | {"page_size": 2} for name, each in FILTERS.items()}
    filters |= {identity: {"identity": [identity]} for identity in [*identities, *sent_instead]}
    found = machine.program(library, "filters", full["sid"], stdin=json.dumps(list(filters.values())))
    wanted = {name: expected(full, each) for name, each in (filters | sent_instead).items()}
    assert dict(zip(filters, found, strict=True)) == wanted


@pytest.mark.needs("twilio-cli")
def test_cli(machine: Machine, full, identities):
    """Several values of both filters let through what they should in twilio-cli, on every page, whatever they hold."""
    for filters in (FILTERS["several of each"], *({"identity": identities[half::2]} for half in range(2))):
        assert cli_found(machine, full, filters, "--page-size=20") == expected(full, filters)


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
