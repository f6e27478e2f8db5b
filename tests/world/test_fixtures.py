"""The world that verification runs against."""

import json
import re
import unicodedata

import pytest

from chat_bindings.world.schema import record_types

from ..support.running import World, cli_output


@pytest.fixture(scope="module")
def text() -> str:
    return cli_output("fixtures", "--seed", 7)


@pytest.fixture(scope="module")
def fixtures(text: str) -> World:
    return World(json.loads(text))


def test_the_same_seed_gives_the_same_bytes(text, tmp_path):
    """A world depends on its seed alone, and is the same in a file."""
    assert cli_output("fixtures", "--seed", 7) == text
    cli_output("fixtures", "--seed", 7, "-o", tmp_path / "world.json")
    assert (tmp_path / "world.json").read_text(encoding="utf-8") == text
    assert cli_output("fixtures") == cli_output("fixtures", "--seed", 0)


def test_another_seed_gives_other_sids_and_tokens(text):
    """Two seeds have no SID, token, secret or device in common."""
    one, two = (set(re.findall("[0-9a-f]{32}", found)) for found in (text, cli_output("fixtures", "--seed", 8)))
    assert len(one) > 300
    assert not one & two


def test_the_world_is_what_the_schema_asks_for(fixtures):
    """Each account, key, service and Binding keeps the rules of openapi/world.yaml, and tokens are 32 hex digits."""
    assert record_types()["World"].violation(fixtures.document) is None
    tokens = [fixtures.a["auth_token"], fixtures.b["auth_token"], fixtures.key["secret"]]
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens)


def test_the_services_have_the_sizes_that_clauses_need(fixtures):
    """Account A has an empty service, one of exactly 100 and one of about 140; account B has a few."""
    assert fixtures.empty["bindings"] == []
    assert len(fixtures.hundred["bindings"]) == 100
    assert 120 <= len(fixtures.full["bindings"]) <= 160
    assert 2 <= len(fixtures.foreign["bindings"]) <= 10


def test_identities_are_hard_to_tell_apart(fixtures):
    """Account A's odd service has what folding, trimming, normalising, splitting and decoding twice would mix up."""
    identities = {binding["identity"] for binding in fixtures.full["bindings"]}
    joined = "".join(identities)
    assert set("+%,/?#&='\" ;:@[]<>\\|{}\n\r\t") <= set(joined)
    spaces = {" ", " leading", "trailing ", "a b"}
    assert {".", "..", "a", "b", "a,b", "a+b", "%2F", "trailing.", ".hidden"} | spaces <= identities
    assert {len(identity) for identity in identities} >= {1, 512}
    assert any(len(identity) == 512 and min(identity) > "\uffff" for identity in identities)
    assert len({unicodedata.normalize("NFC", identity) for identity in identities}) < len(identities)
    assert len({identity.casefold() for identity in identities}) < len(identities)
    assert len({identity.strip() for identity in identities}) < len(identities)
    assert any("\u200d" in identity for identity in identities)
    assert any(unicodedata.bidirectional(char) in ("R", "AL") for char in joined)
    assert "\0" not in joined


def test_users_have_several_devices_and_types(fixtures):
    """There is a user of all types, a user of two devices of one type, a device of two users, and long endpoints."""
    bindings = fixtures.full["bindings"]
    of_user: dict[str, list[dict]] = {}
    for binding in bindings:
        of_user.setdefault(binding["identity"], []).append(binding)
    assert any(len({binding["binding_type"] for binding in owned}) == 3 for owned in of_user.values())
    assert any(len(owned) > len({binding["binding_type"] for binding in owned}) for owned in of_user.values())
    users_of = {binding["endpoint"]: set() for binding in bindings}
    for binding in bindings:
        users_of[binding["endpoint"]].add(binding["identity"])
    assert any(len(users) > 1 for users in users_of.values())
    assert max(len(endpoint) for endpoint in users_of) == 4096
    assert {len(binding["message_types"]) for binding in bindings} >= {0, 1, 2, 4}
    assert any(binding["date_updated"] > binding["date_created"] for binding in bindings)
    assert all(binding["date_updated"] >= binding["date_created"] for binding in bindings)


def test_account_b_has_an_identity_and_a_device_of_account_a(fixtures):
    """Account B has a user of the same name as A's, with the same device and type: A must see its own alone."""
    key = ("identity", "endpoint", "binding_type")
    ours = {tuple(binding[name] for name in key) for binding in fixtures.full["bindings"]}
    theirs = {tuple(binding[name] for name in key) for binding in fixtures.foreign["bindings"]}
    assert ours & theirs
    assert theirs - ours
    assert not {b["sid"] for b in fixtures.foreign["bindings"]} & {b["sid"] for b in fixtures.full["bindings"]}
