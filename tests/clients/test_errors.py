"""Errors, as the SDKs tell them."""

import json

import pytest

from .machine import Machine

ABSENT_SERVICE = "IS" + 32 * "0"
ABSENT_BINDING = "BS" + 32 * "0"
EXPECTED = {
    "fetch of an absent binding": (404, 20404),
    "delete of an absent binding": (404, 20404),
    "fetch of a malformed SID": (404, 20404),
    "list of an absent service": (404, 20404),
    "list of another account's service": (404, 20404),
    "fetch with a wrong token": (401, 20003),
    "delete with a wrong token": (401, 20003),
    "list with a wrong token": (401, 20003),
    "list with a limit over the largest page": (400, 20007),
    "list with a limit over it, and a page size": None,
}
OWN = {"go": {"list with a limit over the largest page": None}}  # twilio-go asks for pages of 1000 then


def test_libraries(library, machine: Machine):
    """The SDK's own error tells status and code, and the message says what to do about a limit over 1000."""
    world = machine.world
    arguments = (world.full["sid"], ABSENT_SERVICE, ABSENT_BINDING, world.foreign["sid"])
    raised = machine.program(library, "errors", *arguments)
    assert {name: error and (error["status"], error["code"]) for name, error in raised.items()} == EXPECTED | OWN.get(
        library, {}
    )
    if error := raised["list with a limit over the largest page"]:
        assert "page_size of at most 1000" in error["message"]


@pytest.mark.needs("twilio-cli")
@pytest.mark.parametrize(("operation", "flags"), [("fetch", ["--sid", ABSENT_BINDING]), ("list", [])])
def test_wrong_token_in_cli(operation, flags, machine: Machine):
    """twilio-cli ends with its code for errors of the API, and tells 20003."""
    ended = machine.cli(operation, machine.world.full["sid"], *flags, credentials=machine.wrong_token)
    assert told_by_cli(ended) == (401, 20003)


@pytest.mark.needs("twilio-cli")
@pytest.mark.parametrize("operation", ["fetch", "remove"])
def test_absent_binding_in_cli(operation, machine: Machine):
    """twilio-cli ends with its code for errors of the API, and tells 20404."""
    ended = machine.cli(operation, machine.world.full["sid"], "--sid", ABSENT_BINDING)
    assert told_by_cli(ended) == (404, 20404)


@pytest.mark.needs("twilio-cli")
def test_absent_service_in_cli(machine: Machine):
    """A service that is not there is 20404 for twilio-cli, and an empty one is no error."""
    assert told_by_cli(machine.cli("list", ABSENT_SERVICE)) == (404, 20404)
    empty = machine.cli("list", machine.world.empty["sid"])
    assert (empty.returncode, empty.stderr.strip()) == (0, "No results")


def told_by_cli(ended):
    """Status and code of the error that twilio-cli prints; 20 is what it ends with then."""
    assert ended.returncode == 20, ended.stdout + ended.stderr
    [error] = json.loads(ended.stdout)
    return error["status"], error["code"]
