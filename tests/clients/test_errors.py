"""Errors in the SDKs."""

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
    """The SDK's own error has status and code, and the message has the remedy for a limit over 1000."""
    world = machine.world
    arguments = (world.full["sid"], ABSENT_SERVICE, ABSENT_BINDING, world.foreign["sid"])
    raised = machine.program(library, "errors", *arguments)
    assert {name: error and (error["status"], error["code"]) for name, error in raised.items()} == EXPECTED | OWN.get(
        library, {}
    )
    if error := raised["list with a limit over the largest page"]:
        assert "page_size of at most 1000" in error["message"]


@pytest.mark.needs("twilio-cli")
def test_cli(machine: Machine):
    """twilio-cli shows status and code of a wrong token, an absent Binding and an absent service; empty is no error."""
    absent = ("--sid", ABSENT_BINDING)
    full = machine.world.full["sid"]
    assert told_by_cli(machine.cli("list", full, credentials=machine.wrong_token)) == (401, 20003)
    assert told_by_cli(machine.cli("fetch", full, *absent, credentials=machine.wrong_token)) == (401, 20003)
    assert told_by_cli(machine.cli("remove", full, *absent)) == (404, 20404)
    assert told_by_cli(machine.cli("list", ABSENT_SERVICE)) == (404, 20404)
    empty = machine.cli("list", machine.world.empty["sid"])
    assert (empty.returncode, empty.stderr.strip()) == (0, "No results")


def told_by_cli(ended):
    """Return status and code of the error that twilio-cli prints; 20 is its exit code then."""
    assert ended.returncode == 20, ended.stdout + ended.stderr
    [error] = json.loads(ended.stdout)
    return error["status"], error["code"]
