"""Bindings as the SDKs read them, with both kinds of credentials."""

from urllib.parse import quote

import pytest

from .machine import HOST, Machine


@pytest.fixture
def served(machine: Machine):
    """Return the Bindings of a service as the API should serve them, in the order of a list."""
    account_sid, service = machine.world.a["sid"], machine.world.full
    base = f"https://{HOST}/v2/Services/{service['sid']}"
    return [
        {
            **binding,
            "account_sid": account_sid,
            "service_sid": service["sid"],
            "url": f"{base}/Bindings/{binding['sid']}",
            "links": {"user": f"{base}/Users/{quote(binding['identity'], safe='')}"},
        }
        for binding in sorted(service["bindings"], key=lambda binding: binding["sid"])
    ]


def in_the_spelling_of_cli(binding):
    """Spell a Binding as twilio-cli prints it: names in camel case, and times with thousandths."""
    spelt = {}
    for name, value in binding.items():
        first, *others = name.split("_")
        is_time = name.startswith("date_")
        spelt[first + "".join(map(str.title, others))] = value.replace("Z", ".000Z") if is_time else value
    return spelt


def test_libraries(library, machine: Machine, served):
    """All properties of all Bindings come through, dates as dates, from a list and from a fetch."""
    read = machine.program(library, "read", machine.world.full["sid"])
    assert read == {"listed": served, "fetched": served[0]}


@pytest.mark.needs("twilio-cli")
def test_cli(machine: Machine, served):
    """All properties of all Bindings come through in twilio-cli, from a list and from a fetch."""
    listed = machine.cli_json("list", machine.world.full["sid"], "--no-limit")
    assert listed == [in_the_spelling_of_cli(binding) for binding in served]
    assert machine.cli_json("fetch", machine.world.full["sid"], "--sid", served[0]["sid"]) == listed[:1]


@pytest.mark.needs("curl")
def test_curl(machine: Machine, served):
    """The URL of a Binding, given to curl as it stands, is that Binding."""
    assert machine.curl(served[0]["url"]) == served[0]


def test_api_key_in_libraries(library, machine: Machine, served):
    """An API key lists what its account lists."""
    listed = machine.program(library, "key", machine.world.full["sid"], credentials=machine.key)
    assert listed == [binding["sid"] for binding in served]


@pytest.mark.needs("twilio-cli")
def test_api_key_in_cli(machine: Machine, served):
    """An API key lists what its account lists, with twilio-cli."""
    listed = machine.cli_json("list", machine.world.full["sid"], "--no-limit", credentials=machine.key)
    assert [binding["sid"] for binding in listed] == [binding["sid"] for binding in served]
