"""Page tokens, forged, mutated, replayed or carried elsewhere: an error, or a page of this list, and of no other."""

import json
import random
import secrets
from collections.abc import Iterable, Sequence
from urllib.parse import quote

import httpx
import pytest

from ..support.answers import check_documented, check_error, operations
from ..support.flood import Request, flood
from ..support.lists import get, list_url
from ..support.running import Service, World

LOWEST, HIGHEST = "BS" + "0" * 32, "BS" + "f" * 32
OTHERS = ("g", "-", "\0", "'", "%", "\u0660", "\U0001d7d8", "+", " ")


def forged(sids: Iterable[str]) -> list[str]:
    """Tokens as ours look, of any SIDs."""
    return [prefix + sid for sid in sids for prefix in ("PA", "PB")]


def mutated(token: str) -> list[str]:
    """A token with one thing changed: each character for each of some others, left out, or doubled; and more."""
    mutants = [
        token[:at] + other + token[at + 1 :]
        for at in range(len(token))
        for other in (
            "",
            token[at] * 2,
            *([token[at].swapcase()] if at < len("PABS") else []),  # the digits of a SID are of either case
            "g",
            "-",
            "\0",
            "'",
            "%",
            "\u0660",
            "\U0001d7d8",
            "+",
            " ",
        )
    ]
    mutants += [f" {token}", f"{token}\n", f"{token}{token}", token[2:], token * 100, token[::-1], "\ufeff" + token]
    mutants += [f"{token}' OR '1'='1", f"{token}; DROP TABLE bindings", f"{token}%00", f"../{token}", "PA", "PB", "BS"]
    mutants += ["PC" + token[2:], "PAPA" + token[2:], "null", "0", "-1", "1e400", "{}", '{"sid": "BS"}', "\ud7ff"]
    return sorted(set(mutants) - {token})


def asked(service: Service, auth: tuple[str, str], service_sid: str, queries: Sequence[str]) -> list[dict | None]:
    """The pages for some queries of one list; None for one that is refused. Nothing else may come."""
    path = operations()["listBindings"].path(ServiceSid=service_sid)
    pages: list[dict | None] = []
    for answer in flood(service.url, auth, [Request("GET", f"{path}?{query}") for query in queries]):
        if answer.status == 200:
            pages.append(check_documented(answer, "listBindings"))
        else:
            check_error(answer, "invalid_parameter", "listBindings", parameter="PageToken")
            pages.append(None)
    return pages


def check_own(pages: Iterable[dict | None], world_service: dict) -> int:
    """Every Binding on the pages is one of the service's: how many pages there are."""
    own = {binding["sid"] for binding in world_service["bindings"]}
    found = [page for page in pages if page is not None]
    for page in found:
        assert {binding["sid"] for binding in page["bindings"]} <= own
        assert {binding["service_sid"] for binding in page["bindings"]} <= {world_service["sid"]}
    return len(found)


def token_queries(tokens: Iterable[str], more: str = "PageSize=7") -> list[str]:
    return [f"{more}&PageToken={quote(token, safe='')}" for token in tokens]


def test_forged_tokens(service, world):
    """A token of another service's Binding, another account's, or one that never was positions a page of this list."""
    others = [each["bindings"] for each in (world.full, world.foreign)]
    sids = [binding["sid"] for bindings in others for binding in random.sample(bindings, min(20, len(bindings)))]
    tokens = forged([*sids, LOWEST, HIGHEST, *("BS" + secrets.token_hex(16) for _ in range(50))])
    pages = asked(service, world.auth, world.hundred["sid"], token_queries(tokens))
    assert check_own(pages, world.hundred) == len(tokens)


def test_mutated_tokens(service, world):
    """A token with anything changed that makes it no token is refused, and is never a fault."""
    for token in forged([world.hundred["bindings"][50]["sid"]]):
        pages = asked(service, world.auth, world.hundred["sid"], token_queries(mutated(token)))
        assert check_own(pages, world.hundred) == 0


def test_random_bytes(service, world):
    """What is no token at all, and no text either, is refused."""
    chosen = random.Random(1)
    queries = [
        "PageToken=" + "".join(f"%{chosen.randrange(256):02x}" for _ in range(chosen.randrange(1, 60)))
        for _ in range(300)
    ]
    assert check_own(asked(service, world.auth, world.hundred["sid"], queries), world.hundred) == 0


@pytest.mark.parametrize("of_account", ["own", "foreign"])
def test_a_token_in_another_service(service, client, world, of_account):
    """A token that was given for another service shows nothing of that service, neither of ours nor of others'."""
    given_to = world.auth if of_account == "own" else world.foreign_auth
    given_for = world.full if of_account == "own" else world.foreign
    with httpx.Client(base_url=service.url, auth=given_to, timeout=60) as owner:
        url = get(owner, list_url(owner, given_for["sid"], ("PageSize", 1)))["meta"]["next_page_url"]
        token = httpx.URL(url).params["PageToken"]
    assert check_own(asked(service, world.auth, world.hundred["sid"], token_queries([token])), world.hundred) == 1


def test_anothers_list_stays_closed(service, client, world):
    """With a token that is right for another account's list, that list is still not there."""
    with httpx.Client(base_url=service.url, auth=world.foreign_auth, timeout=60) as owner:
        url = get(owner, list_url(owner, world.foreign["sid"], ("PageSize", 1)))["meta"]["next_page_url"]
    answer = client.get(url)
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_a_token_with_other_filters(service, client, world):
    """Used with other filters, a token shows what the filters match, and on its side of the list alone."""
    page = get(client, list_url(client, world.hundred["sid"], ("PageSize", 40)))
    token = httpx.URL(page["meta"]["next_page_url"]).params["PageToken"]
    seen = {binding["sid"] for binding in page["bindings"]}
    bindings = world.hundred["bindings"]
    for name, key in (("BindingType", "binding_type"), ("Identity", "identity")):
        for value in {binding[key] for binding in bindings}:
            query = f"{name}={quote(value, safe='')}&PageSize=1000"
            (found,) = asked(service, world.auth, world.hundred["sid"], token_queries([token], query))
            assert found is not None
            expected = {binding["sid"] for binding in bindings if binding[key] == value} - seen
            assert {binding["sid"] for binding in found["bindings"]} == expected


def test_tokens_replayed_after_deletion(service, client, world: World):
    """A token whose Binding is deleted goes on where that Binding stood; when all are deleted the page is empty."""
    full = world.full
    whole = get(client, list_url(client, full["sid"], ("PageSize", 1000)))
    order = [binding["sid"] for binding in whole["bindings"]][:30]
    page = get(client, list_url(client, full["sid"], ("PageSize", 10)))
    url = page["meta"]["next_page_url"]
    delete = operations()["deleteBinding"]
    assert client.delete(delete.path(ServiceSid=full["sid"], Sid=order[9])).status_code == 204
    replayed = get(client, url)
    assert [binding["sid"] for binding in replayed["bindings"]] == order[10:20]
    back = get(client, replayed["meta"]["previous_page_url"])
    assert [binding["sid"] for binding in back["bindings"]] == [sid for sid in order[:11] if sid != order[9]]
    for binding in whole["bindings"]:
        client.delete(delete.path(ServiceSid=full["sid"], Sid=binding["sid"]))
    for each in (url, replayed["meta"]["next_page_url"], replayed["meta"]["previous_page_url"]):
        emptied = get(client, each)
        assert emptied["bindings"] == []
        assert (emptied["meta"]["next_page_url"], emptied["meta"]["previous_page_url"]) == (None, None)
    assert json.dumps(order[9]) not in json.dumps(emptied)
