"""Requests for another account's resources get the same response as for missing ones, byte for byte.

The clauses of TENANT compare what the errors say; here are their headers, and registration.
"""

import secrets

import pytest

from ..support import raw
from ..support.answers import check_error, operations

OPERATIONS = sorted(operations())
EACH_TIME = {"twilio-request-id", "date"}


def parts(response: raw.Response, *sids: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """A response without its unique parts, and with the requested SIDs left out."""
    content = response.content
    for sid in sids:
        content = content.replace(sid.encode(), b"SID")
    return response.status, [pair for pair in response.headers if pair[0] not in EACH_TIME], content


@pytest.mark.parametrize("operation", OPERATIONS)
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
