"""The list of differences from Twilio's own OpenAPI file is whole, and holds nothing that does not differ."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from ..support import specs
from .facts import METHODS, differences, facts

THEIRS = json.loads((Path(__file__).parent / "twilio" / "bindings.json").read_text(encoding="utf-8"))
OURS = specs.load(specs.CONTRACT)
LIST = specs.load("differences.yaml")["differences"]
PATTERNS = [(entry["id"], pattern) for entry in LIST for pattern in entry["where"]]
FIELDS = ["id", "title", "where", "twilio", "ours", "reason", "twilio_at", "ours_at"]


def found(theirs=THEIRS, ours=OURS):
    names = {
        (method, path): item[method]["operationId"]
        for path, item in OURS["paths"].items()
        for method in METHODS
        if method in item
    }
    return differences(facts(theirs, names), facts(ours, names))


def meets(pattern, place):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), place) is not None


DIFFERENCES = found()


def test_every_difference_has_one_entry():
    """Each difference, wording aside, stands in the list, and only once."""
    entries = {place: sorted({entry for entry, pattern in PATTERNS if meets(pattern, place)}) for place in DIFFERENCES}
    assert {place: names for place, names in entries.items() if len(names) != 1} == {}


@pytest.mark.parametrize(("entry", "pattern"), PATTERNS, ids=[f"{entry}-{pattern}" for entry, pattern in PATTERNS])
def test_no_entry_is_without_a_difference(entry, pattern):
    """Each place that an entry names is one where the files differ."""
    assert [place for place in DIFFERENCES if meets(pattern, place)]


@pytest.mark.parametrize("entry", LIST, ids=[entry["id"] for entry in LIST])
def test_entries_are_complete_and_their_pointers_lead_somewhere(entry):
    """An entry has all that a reader needs, and its pointers are places of the two files."""
    assert list(entry) == FIELDS
    assert all(entry[name] for name in FIELDS)
    for spec, pointer in ((THEIRS, entry["twilio_at"]), (OURS, entry["ours_at"])):
        node = spec
        for key in pointer.split("/")[1:]:
            name = key.replace("~1", "/").replace("~0", "~")
            node = node[int(name) if isinstance(node, list) else name]


def test_ids_are_unique():
    """No two entries have one id."""
    assert max(Counter(entry["id"] for entry in LIST).values()) == 1


BODY = "fetchBinding 200 body application/json"
LIST_PATH = "/paths/~1v2~1Services~1{ServiceSid}~1Bindings"

CHANGES = {
    "a bound": ("/components/schemas/PageSize/minimum", 2, "listBindings query PageSize minimum"),
    "an enum": ("/components/schemas/BindingType/enum", ["apn"], f"{BODY} .binding_type enum"),
    "nullable": ("/components/schemas/PageMeta/properties/next_page_url/nullable", None,
                 "listBindings 200 body application/json .meta .next_page_url nullable"),
    "a property": ("/components/schemas/Binding/properties/identity", None, f"{BODY} .identity"),
    "a parameter": ("/components/parameters/PageParameter/name", "PageNumber", "listBindings query PageNumber"),
    "a style": ("/components/parameters/IdentityParameter/explode", False, "listBindings query Identity explode"),
    "a response": (f"{LIST_PATH}/get/responses/206", {"description": ""}, "listBindings 206"),
    "an operation": (f"{LIST_PATH}/get", None, "listBindings security"),
    "security": (f"{LIST_PATH}/get/security", [], "listBindings security"),
}  # fmt: skip


@pytest.mark.parametrize(("pointer", "value", "place"), CHANGES.values(), ids=CHANGES)
def test_a_new_difference_is_found(pointer, value, place):
    """A change anywhere in our file shows as a new place where the files differ."""
    assert place in found(ours=specs.change(OURS, {pointer: value})).keys() - DIFFERENCES.keys()
