"""A program on each language's generated client, built strictly and run against the live service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...conftest import load
from ...support.answers import document
from ...support.running import Service, World
from . import cases
from .proxy import GrowingProxy
from .toolchains import TOOLCHAINS, Built, built, listed_warnings

pytestmark = pytest.mark.ci("builds a program on every client")

SLOW = ("rust", "kotlin")
"""Compilers that take minutes: `make clients` runs them. CI generates their clients, and builds all others."""
LANGUAGES = [
    pytest.param(
        name,
        marks=[
            pytest.mark.needs(*toolchain.needs),
            *([pytest.mark.nightly("compiles for minutes: part of `make clients`")] if name in SLOW else []),
        ],
    )
    for name, toolchain in TOOLCHAINS.items()
]
IDENTITIES = (
    "alice", "TestUser", "a,b", "apn,gcm", "a+b", "a b", "100%", "%2F", "a/b", "../a", "a&Identity=b", "a#b", "?",
    "O'Brien", "\\", "line\nfeed", "café", "cafe\u0301", "😀", "\U0001f44d\U0001f3fd", "left مريم right", " TestUser",
    "in\u00a0ner", "{identity}",
)  # fmt: skip
PAGE_SIZE = 7
USER = "alice"


@pytest.fixture
def target(world_file: Path, tmp_path: Path) -> Iterator[Service]:
    """A service that holds the fixtures' world, anew for each language: programs delete."""
    with Service(load(tmp_path / "service.db", world_file)) as running:
        yield running


def of(program: Built, url: str, world: World, sid: str, given: list[dict[str, Any]]) -> dict[str, Any]:
    """What a program tells, by its steps; the cases that it was given together."""
    settings = {
        "BASE_URL": url,
        "ACCOUNT_SID": world.auth[0],
        "AUTH_TOKEN": world.auth[1],
        "SERVICE_SID": world.full["sid"],
        "BINDING_SID": sid,
        "PAGE_SIZE": str(PAGE_SIZE),
        "CASES": str(program.folder / "cases.json"),
    }
    (program.folder / "cases.json").write_text(json.dumps(given), encoding="utf-8")
    told = [json.loads(line) for line in program.lines(**settings)]
    ran = {line.pop("case"): line for line in told if line["step"] == "case" and line.pop("step")}
    return {line.pop("step"): line for line in told if "step" in line} | {"cases": ran}


def sids_alone(told: dict[str, Any], of_world: list[dict[str, Any]]) -> dict[str, Any]:
    """The SIDs alone for cases from the world: they determine the rest."""
    names = {case["case"] for case in of_world}
    cases = {
        name: [each["sid"] for each in case["bindings"]] if name in names else case
        for name, case in told["cases"].items()
    }
    return told | {"cases": cases}


def expected(
    url: str, world: World, sid: str, absent: set[str], given: list[dict[str, Any]], later: dict[str, Any]
) -> dict[str, Any]:
    """What the world says that a program tells; `absent` are the Bindings that are deleted already."""
    bindings = [each for each in world.full["bindings"] if each["sid"] not in absent]
    bindings.sort(key=lambda binding: binding["sid"])
    ordered = [binding["sid"] for binding in bindings]
    fetched = bindings[ordered.index(sid)]
    path = f"/v2/Services/{world.full['sid']}/Bindings/{sid}"
    base = f"{url}/v2/Services/{world.full['sid']}"
    not_found = error("not_found", message=f"The requested resource {path} was not found.")
    return {
        "cases": {case["case"]: cases.filtered(case, bindings) for case in given} | later,
        "walked": {"pages": [ordered[start : start + PAGE_SIZE] for start in range(0, len(ordered), PAGE_SIZE)]},
        "meta": {"page": 0, "page_size": PAGE_SIZE, "first": True, "key": "bindings"},
        "fetched": {
            "binding": {
                **{name: value for name, value in fetched.items() if name != "links"},
                "account_sid": world.a["sid"],
                "service_sid": world.full["sid"],
                "url": f"{base}/Bindings/{sid}",
                "user": f"{base}/Users/{USER}",
            }
        },
        "fetched again": not_found,
        "deleted again": not_found,
        "too large": error("page_size_too_large"),
        "unauthorized": error("unauthorized"),
    }


def error(name: str, **other: str) -> dict[str, Any]:
    """An error of the spec's examples, as programs tell it."""
    value = document()["components"]["examples"][name]["value"]
    told = {"http": value["status"], "code": value["code"], "message": value["message"], "info": value["more_info"]}
    return {**told, "status": value["status"], **other}


@pytest.mark.parametrize("language", LANGUAGES)
def test_programs(language, target: Service, world: World):
    """Built strictly, a program finds the world as it is, today's and a later service's, and so does the README's."""
    assert {each["identity"] for each in world.full["bindings"]} >= set(IDENTITIES)
    first, second, third = [each["sid"] for each in world.full["bindings"] if each["identity"] == USER][:3]
    program = built(language, address=target.url, service_sid=world.full["sid"], sid=third)
    assert program.warnings == listed_warnings(language, "compiler")
    given = cases.filters(world, IDENTITIES)
    told = of(program, target.url, world, first, given)
    assert sids_alone(told, given) == expected(target.url, world, first, set(), given, {})
    of_later, canned, later = cases.later()
    with GrowingProxy(target.url, canned) as proxy:
        told = of(program, proxy.url, world, second, given + of_later)
        assert sids_alone(told, given) == expected(proxy.url, world, second, {first}, given, later)
        assert proxy.answers > len(IDENTITIES)
    check_readme(program, world, third, {first, second})


def check_readme(program: Built, world: World, sid: str, absent: set[str]) -> None:
    """The README's code lists all pages with a filter, fetches, deletes, and tells the 404 that comes then."""
    lines = program.readme_lines(ACCOUNT_SID=world.auth[0], AUTH_TOKEN=world.auth[1])
    bindings = {each["sid"]: each for each in world.full["bindings"] if each["sid"] not in absent}
    listed, (told, last) = "\n".join(lines[:-2]), lines[-2:]
    of_types = {sid for sid, each in bindings.items() if each["binding_type"] in {"apn", "fcm"}}
    assert len(of_types) > 50, "they fill several pages"
    assert {sid for sid in bindings if sid in listed} == of_types
    assert told.startswith(bindings[sid]["endpoint"])
    assert all(name in told for name in bindings[sid]["message_types"])
    assert last.startswith("404 20404 The requested resource")
