"""Worlds of several shapes: a clause's needs count in whichever service they stand, and the rest is skipped."""

import copy
import json
from urllib.parse import unquote_plus

import pytest

from chat_bindings.verify.suite import clauses

from ..servers.catalogue import name_of, wrong
from ..servers.http import serving
from ..servers.right import Right
from ..servers.terms import TYPES
from ..support.worlds import binding
from .judging import describe, verified

KEY = {"AUTH-06", "AUTH-07", "AUTH-08", "TENANT-08"}
SECOND_ACCOUNT = {clause.id for clause in clauses() if clause.section == "TENANT"} | {"AUTH-11", "RACE-03"}
SECOND_SERVICE = {"FETCH-06", "FILTER-14", "PAGE-21", "DELETE-10"}
EMPTY_SERVICE, TWINS = {"LIST-11"}, {"DELETE-17"}
ODD_ONES = {f"TEXT-{number:02}" for number in (1, *range(4, 13), 14, 15, 16, 21, 22)} | {"BINDING-15"}
MORE_TO_DELETE = {
    *("PAGE-28", "PAGE-30", "PAGE-31", "PAGE-35", "DELETE-13", "DELETE-16", "HTTP-16", "RACE-04", "RACE-05", "RACE-06"),
}
NEEDS = KEY | SECOND_ACCOUNT | SECOND_SERVICE | EMPTY_SERVICE | TWINS | ODD_ONES | MORE_TO_DELETE | {"PAGE-29"}
"""Needs of clauses, and the ids of those that have them."""
SOME = sorted(NEEDS | {clause.id for clause in clauses() if clause.deletes})
"""The clauses of `NEEDS`, and all that may use up the same Bindings."""


def plain(number, prefix="c"):
    """Make a Binding of a plain user."""
    facts = {"sid": f"BS{prefix}{number:031x}", "endpoint": f"{prefix}{number}", "identity": f"plain{number}"}
    facts |= {"binding_type": TYPES[number % 3], "credential_sid": f"CR{number:032x}"}
    return binding(number, date_updated="2026-01-02T03:04:06Z", **facts)


def one_service(world):
    """Reduce the world to an account with a key and a single service, which has it all."""
    account = world["accounts"][0]
    account["services"] = account["services"][:1]
    world["accounts"] = [account]


def odd_ones_in_the_smallest(world):
    """Give the service with the most users plain identities; all odd ones stand in the smallest of three."""
    odd, empty, hundred = world["accounts"][0]["services"]
    many = {"sid": f"IS{'0' * 32}", "bindings": [plain(number) for number in range(len(odd["bindings"]) + 20)]}
    hundred["bindings"] += [plain(number, "e") for number in range(200, 110 + len(odd["bindings"]))]
    world["accounts"][0]["services"] = [many, empty, hundred, odd]


def shared_devices(world):
    """Make two accounts with two services each, all of which have the same five devices, and nothing odd."""
    world["accounts"][0]["keys"] = []
    for account, digit in zip(world["accounts"], "ab", strict=True):
        services = [{"sid": f"IS{digit}{number:031x}", "bindings": []} for number in range(2)]
        for service in services:
            service["bindings"] = [plain(number) for number in range(5)]
            for number, each in enumerate(service["bindings"]):
                each["sid"] = f"BS{service['sid'][2:-2]}{service['sid'][-1]}{number}"
        account["services"] = services


def no_key(world):
    """Remove the key from the fixtures."""
    world["accounts"][0]["keys"] = []


def three_bindings(world):
    """Keep three Bindings in all."""
    account = world["accounts"][0]
    account["keys"], account["services"] = [], [{"sid": f"IS{'0' * 32}", "bindings": list(map(plain, range(3)))}]
    world["accounts"] = [account]


SHAPES = {
    one_service: SECOND_ACCOUNT | SECOND_SERVICE | EMPTY_SERVICE | TWINS,
    odd_ones_in_the_smallest: set(),
    shared_devices: KEY | EMPTY_SERVICE | ODD_ONES | MORE_TO_DELETE,
    no_key: KEY,
    three_bindings: NEEDS,
}


def made(shape, world):
    document = copy.deepcopy(world.document)
    shape(document)
    return document


def run(server, document, folder, only=()):
    file = folder / "world.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with serving(server(document)) as url:
        return verified(url, file, only)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_what_is_skipped(shape, world, tmp_path):
    """A right server passes with any world, and only the clauses that this world cannot exercise are skipped.

    Of all clauses the smallest world shows which ones need something.
    """
    report = run(Right, made(shape, world), tmp_path, () if shape is three_bindings else SOME)
    assert report.verdict == "conformant", describe(report)
    assert {each.clause.id for each in report.results if each.outcome == "skipped"} == SHAPES[shape], describe(report)


TEXTS = {each.clause: each for each in wrong() if each.clause.startswith("TEXT-")}


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(each, marks=[pytest.mark.ci("a server of each clause takes seconds")] if number % 7 else [])
        for number, each in enumerate(TEXTS.values())
    ],
    ids=name_of,
)
def test_texts_are_wrong_in_the_smallest_service(server, world, tmp_path):
    """A server that takes odd identities wrongly is found where they stand in the smallest service alone."""
    [result] = run(server, made(odd_ones_in_the_smallest, world), tmp_path, [server.clause]).results
    assert result.outcome == "failed", result


def test_what_decoders_make_of_broken_text(world, tmp_path):
    """An identity that is U+FFFD, or ends in it, is one that some decoders read from bytes that are no UTF-8."""
    replaces_what_is_no_utf8 = type("ReplacesWhatIsNoUtf8", (Right,), {}, decode=unquote_plus)
    document = copy.deepcopy(world.document)
    names = ("\ufffd", "alice\ufffd", "TestUser\ufffd", "%zz")
    document["accounts"][0]["services"][0]["bindings"] += [
        plain(number, "f") | {"identity": name} for number, name in enumerate(names)
    ]
    report = run(replaces_what_is_no_utf8, document, tmp_path, ["TEXT", "FILTER"])
    assert report.verdict == "conformant", describe(report)


def test_a_key_of_another_account_will_do(world, tmp_path):
    """A key and an empty service are taken from another account where the one that is verified has none."""
    document = copy.deepcopy(world.document)
    one, other = document["accounts"]
    one["keys"], other["keys"] = [], one["keys"]
    other["services"].append(one["services"].pop(1))
    report = run(Right, document, tmp_path, [*sorted(KEY), "LIST-11"])
    assert [each.outcome for each in report.results] == ["passed"] * 5, describe(report)
