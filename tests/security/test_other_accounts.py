"""Another account's resources are as missing ones, byte for byte, and no mutated page token shows them.

The clauses of TENANT compare what errors say; here are their headers, and registration. Those of PAGE and TENANT carry
real tokens to other lists, services and accounts, and delete what they stand at.
"""

import secrets
from urllib.parse import quote

import pytest

from ..support import raw
from ..support.answers import check_error, operations
from ..support.flood import Request, flood
from ..support.lists import get, list_url, sids


def mutate(token: str) -> list[str]:
    """Yield a token with one thing changed: each character for each of some others, left out, or doubled; and more."""
    others = ("", "g", "\0", "%", "\u0660")
    mutants = []
    for at, character in enumerate(token):
        swapped = [character.swapcase()] if at < len("PABS") else []  # the digits of a SID are of either case
        mutants += [token[:at] + other + token[at + 1 :] for other in (*others, character * 2, *swapped)]
    mutants += [f" {token}", f"{token}\n", f"{token}{token}", token[2:], token * 100, "\ufeff" + token, "PA", "BS"]
    mutants += ["PC" + token[2:], "PAPA" + token[2:], "0", "\ud7ff", "PA" * 5000, f"{token},{token}", "\u0663" * 32]
    return sorted(set(mutants) - {token})


@pytest.mark.parametrize("prefix", ["PA", "PB"])
def test_mutated_tokens(service, world, prefix):
    """A token with anything changed that makes it no token is refused, and is never an internal error."""
    path = operations()["listBindings"].path(ServiceSid=world.hundred["sid"])
    mutants = mutate(prefix + world.hundred["bindings"][50]["sid"])
    requests = [Request("GET", f"{path}?PageToken={quote(each, safe='')}") for each in mutants]
    for answer in flood(service.url, world.auth, requests):
        check_error(answer, "invalid_parameter", "listBindings", parameter="PageToken")


def test_tokens_with_other_filters(client, world):
    """A token that is used with other filters shows what they match, and on its side of the list alone."""
    order = sorted(binding["sid"] for binding in world.hundred["bindings"])
    token = ("PageToken", f"PA{order[39]}")
    for name, key in (("BindingType", "binding_type"), ("Identity", "identity")):
        for value in {binding[key] for binding in world.hundred["bindings"]}:
            matching = {binding["sid"] for binding in world.hundred["bindings"] if binding[key] == value}
            page = get(client, list_url(client, world.hundred["sid"], (name, value), ("PageSize", 1000), token))
            assert sids([page]) == [sid for sid in order[40:] if sid in matching]


EACH_TIME = {"twilio-request-id", "date"}


def parts(response: raw.Response, *sids: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return a response without its unique parts, and with the requested SIDs left out."""
    content = response.content
    for sid in sids:
        content = content.replace(sid.encode(), b"SID")
    return response.status, [pair for pair in response.headers if pair[0] not in EACH_TIME], content


@pytest.mark.parametrize("operation", sorted(operations()))
@pytest.mark.parametrize("credentials", ["token", "key"])
def test_other_accounts_are_as_missing(ask, world, operation, credentials):
    """Another account's service and Bindings, and those of another service, are as ones that never were."""
    auth = raw.basic(*(world.auth if credentials == "token" else (world.key["sid"], world.key["secret"])))
    never = f"IS{secrets.token_hex(16)}", f"BS{secrets.token_hex(16)}"
    theirs, ours = world.foreign["bindings"][0]["sid"], world.full["bindings"][0]["sid"]
    cases = [((world.foreign["sid"], sid), (never[0], nobodys), {}) for sid, nobodys in
             ((theirs, never[1]), (ours, ours), (never[1], never[1]))]  # fmt: skip
    cases.append(((world.foreign["sid"], theirs), never, {"query": "Colour=red"}))
    if "{Sid}" in operations()[operation].template:
        elsewhere = world.hundred["bindings"][0]["sid"]
        cases += [((world.full["sid"], sid), (world.full["sid"], never[1]), {}) for sid in (theirs, elsewhere)]
    if operations()[operation].method == "GET":
        cases.append(((world.foreign["sid"], theirs), never, {"method": "HEAD"}))
    for foreign, nobodys, sent in cases:
        answers = [
            ask(operation, service_sid=service, sid=sid, auth=auth, **sent) for service, sid in (foreign, nobodys)
        ]
        if "method" not in sent:
            check_error(answers[0], "invalid_parameter" if sent else "not_found", operation)
        assert parts(answers[0], *foreign) == parts(answers[1], *nobodys)
