"""The base of the clauses: their marks, the target, the world and the secrets."""

from pathlib import Path

import pytest

from chat_bindings.verify.clause import OURS, clause, clause_of
from chat_bindings.verify.credentials import Secrets
from chat_bindings.verify.target import Target, origin
from chat_bindings.verify.world import World as Held
from chat_bindings.verify.world import WorldUnfit


@pytest.fixture
def held(world_file: Path) -> Held:
    return Held.read(world_file)


def test_a_world_without_plain_tokens_is_unfit(held):
    """verify sends tokens, so their digests are refused with an error that states it."""
    account = {"sid": held.account.sid, "auth_token_sha256": "0" * 64, "services": []}
    with pytest.raises(WorldUnfit, match="plain auth_token"):
        Held({"accounts": [account]})


def test_a_url_on_another_origin_is_tried_on_the_base_url(held):
    """Credentials never leave the origin of the base URL, whatever the target's URLs name."""
    behind = Target("https://host.example/some/prefix", held)
    assert behind.below("https://public.example/v2/Services?a=b") == "/v2/Services?a=b"
    assert behind.below("https://public.example/some/prefix/v2/Services") == "/v2/Services"
    assert behind.below("https://host.example:443/v2/x") == "https://host.example:443/v2/x"
    assert origin("HTTPS://Host.example") == ("https", "host.example", 443)
    behind.close()


def test_secrets_are_hidden_in_every_form(held):
    """A token that a server repeats, encoded, in upper case or backwards, is not shown."""
    secrets = Secrets()
    own = held.credentials
    secrets.add(own)
    said = secrets.hidden(f"{own.header} {own.password} {own.password.upper()} {own.password[::-1]}")
    assert said == "Basic ($AUTH_TOKEN) ($AUTH_TOKEN) ($AUTH_TOKEN) ($AUTH_TOKEN)"


def test_a_clause_is_known_by_its_mark():
    """A check carries its clause; its sentence is the docstring's first paragraph; a bad id is refused."""

    @clause("LIST-99", "should", "A title", source=OURS, spec="#/info")
    def check() -> None:
        """A sentence
        of two lines.

        More.
        """

    found = clause_of(check)
    assert (found.id, found.section, found.sentence) == ("LIST-99", "LIST", "A sentence of two lines.")
    with pytest.raises(ValueError, match="no id"):
        clause("list-1", "must", "", source=OURS, spec="")
