"""Page tokens, forged or mutated: an error, or a page of this list, and of no other.

The clauses of PAGE and TENANT carry real tokens to other lists, services and accounts, and delete what they stand at.
"""

import random
import secrets
from collections.abc import Iterable
from urllib.parse import quote

import pytest

from ..support.answers import check_documented, check_error, operations
from ..support.flood import Request, flood

ANY = [f"BS{each * 32}" for each in "0f"] + [f"BS{secrets.token_hex(16)}" for _ in range(50)]


def forge(sids: Iterable[str]) -> list[str]:
    """Tokens as ours look, of any SIDs."""
    return [prefix + sid for sid in sids for prefix in ("PA", "PB")]


def mutate(token: str) -> list[str]:
    """A token with one thing changed: each character for each of some others, left out, or doubled; and more."""
    others = ("", "g", "\0", "%", "\u0660")
    mutants = []
    for at, character in enumerate(token):
        swapped = [character.swapcase()] if at < len("PABS") else []  # the digits of a SID are of either case
        mutants += [token[:at] + other + token[at + 1 :] for other in (*others, character * 2, *swapped)]
    mutants += [f" {token}", f"{token}\n", f"{token}{token}", token[2:], token * 100, "\ufeff" + token, "PA", "BS"]
    mutants += ["PC" + token[2:], "PAPA" + token[2:], "0", "\ud7ff", "PA" * 5000, f"{token},{token}", "\u0663" * 32]
    return sorted(set(mutants) - {token})


@pytest.fixture
def pages(service, world):
    """Pages of a list of account A for queries; None for one that is refused. Nothing else may come."""

    def ask(queries: Iterable[str]) -> list[dict | None]:
        path = operations()["listBindings"].path(ServiceSid=world.hundred["sid"])
        found: list[dict | None] = []
        own = {binding["sid"] for binding in world.hundred["bindings"]}
        for answer in flood(
            service.url, world.auth, [Request("GET", f"{path}?PageSize=7&{query}") for query in queries]
        ):
            if answer.status == 200:
                page = check_documented(answer, "listBindings")
                assert {binding["sid"] for binding in page["bindings"]} <= own
                found.append(page)
            else:
                check_error(answer, "invalid_parameter", "listBindings", parameter="PageToken")
                found.append(None)
        return found

    return ask


def test_forged_tokens(pages, world):
    """A token of another service's Binding, another account's, or one that never was positions a page of this list."""
    others = [each["bindings"] for each in (world.full, world.foreign)]
    sids = [binding["sid"] for bindings in others for binding in random.sample(bindings, min(20, len(bindings)))]
    assert None not in pages(f"PageToken={token}" for token in forge([*sids, *ANY]))


def test_mutated_tokens(pages, world):
    """A token with anything changed that makes it no token is refused, and is never an internal error."""
    for token in forge([world.hundred["bindings"][50]["sid"]]):
        assert set(map(type, pages(f"PageToken={quote(each, safe='')}" for each in mutate(token)))) == {type(None)}


def test_tokens_with_other_filters(pages, world):
    """Used with other filters, a token shows what the filters match, and on its side of the list alone."""
    order = sorted(binding["sid"] for binding in world.hundred["bindings"])
    for name, key in (("BindingType", "binding_type"), ("Identity", "identity")):
        for value in {binding[key] for binding in world.hundred["bindings"]}:
            matching = {binding["sid"] for binding in world.hundred["bindings"] if binding[key] == value}
            query = f"{name}={quote(value, safe='')}&PageSize=1000&PageToken=PA{order[39]}"
            (found,) = pages([query])
            assert found is not None
            assert [binding["sid"] for binding in found["bindings"]] == [sid for sid in order[40:] if sid in matching]
