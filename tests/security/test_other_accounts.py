"""Requests for another account's resources get the same response as for missing ones, byte for byte."""

import secrets

import pytest

from ..support import raw
from ..support.answers import check_error, operations

OPERATIONS = sorted(operations())
OF_A_BINDING = [name for name in OPERATIONS if "{Sid}" in operations()[name].template]
EACH_TIME = {"twilio-request-id", "date"}


def never(prefix: str) -> str:
    """A SID that never existed."""
    return prefix + secrets.token_hex(16)


def parts(response: raw.Response, *sids: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """A response without its unique parts, and with the requested SIDs left out."""
    content = response.content
    for sid in sids:
        content = content.replace(sid.encode(), b"SID")
    return response.status, [pair for pair in response.headers if pair[0] not in EACH_TIME], content


def check_same(ask, operation, foreign: tuple[str, str], nobodys: tuple[str, str], query="", **sent) -> None:
    """Both are the same 404, or for an invalid query the same 400."""
    answers = [ask(operation, query, service_sid=service, sid=sid, **sent) for service, sid in (foreign, nobodys)]
    if sent.get("method") != "HEAD":
        for answer in answers:
            check_error(answer, "invalid_parameter" if query else "not_found", operation)
    assert parts(answers[0], *foreign) == parts(answers[1], *nobodys)


@pytest.fixture(params=["token", "key"])
def auth(request, world) -> str:
    """Account A's credentials, of both kinds."""
    return raw.basic(*(world.auth if request.param == "token" else (world.key["sid"], world.key["secret"])))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_another_accounts_service(ask, world, auth, operation):
    """Another account's service, with a Binding of its own or with one of ours, is as one that never was."""
    theirs, ours = world.foreign["bindings"][0]["sid"], world.full["bindings"][0]["sid"]
    for sid, nobodys in ((theirs, never("BS")), (ours, ours), (never("BS"), never("BS"))):
        check_same(ask, operation, (world.foreign["sid"], sid), (never("IS"), nobodys), auth=auth)


@pytest.mark.parametrize("operation", OF_A_BINDING)
def test_another_accounts_binding_in_a_service_of_ours(ask, world, auth, operation):
    """Another account's Binding is not to be found in a service of ours either, as one that never was."""
    theirs = world.foreign["bindings"][0]["sid"]
    check_same(ask, operation, (world.full["sid"], theirs), (world.full["sid"], never("BS")), auth=auth)


@pytest.mark.parametrize("operation", OF_A_BINDING)
def test_a_binding_in_another_service_of_ours(ask, world, auth, operation):
    """A Binding of ours is in its own service alone."""
    elsewhere = world.hundred["bindings"][0]["sid"]
    check_same(ask, operation, (world.full["sid"], elsewhere), (world.full["sid"], never("BS")), auth=auth)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_invalid_query_tells_nothing(ask, world, operation):
    """Further errors of a request are reported alike, for every owner of the service."""
    theirs = world.foreign["sid"], world.foreign["bindings"][0]["sid"]
    check_same(ask, operation, theirs, (never("IS"), never("BS")), "Colour=red")


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if operations()[name].method == "GET"])
def test_head_tells_nothing(ask, world, operation):
    """HEAD is answered alike, too."""
    theirs = world.foreign["sid"], world.foreign["bindings"][0]["sid"]
    check_same(ask, operation, theirs, (never("IS"), never("BS")), method="HEAD")


def test_nothing_of_the_other_account_was_changed(ask, world):
    """After all this the other account has what it had."""
    foreign = world.foreign
    answer = ask("listBindings", "PageSize=1000", service_sid=foreign["sid"], auth=raw.basic(*world.foreign_auth))
    for binding in foreign["bindings"]:
        assert binding["sid"].encode() in answer.content
    assert answer.content.count(b'"sid":') == len(foreign["bindings"])
