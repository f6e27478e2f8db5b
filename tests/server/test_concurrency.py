"""Many at once: one Binding for a key, one 204 for a delete, and tokens that end everywhere."""

import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ..conftest import load
from ..support import raw
from ..support.answers import check_documented, check_error, operations
from ..support.flood import Request, flood
from ..support.lists import get, list_url, sids
from ..support.processes import children, holder
from ..support.running import Service, run_cli, wait_until

pytestmark = pytest.mark.usefixtures("unmeasured")

AT_ONCE = 50


@pytest.fixture(scope="module", params=[1, 2], ids=["one worker", "two workers"])
def serving(request, tmp_path_factory, world_file):
    """A service that holds the world, with one worker and with two."""
    database = load(tmp_path_factory.mktemp("concurrent") / "concurrent.db", world_file)
    with Service(database, "--workers", request.param) as running:
        assert wait_until(lambda: running.log.count("bindings.yaml") >= request.param, 60)
        workers = children(running.pid) if request.param > 1 else [running.pid]
        running.workers = [pid for pid in workers if is_worker(pid)]
        assert len(running.workers) == request.param
        yield running


def is_worker(pid: int) -> bool:
    """multiprocessing has a process of its own beside the workers, which accepts nothing."""
    return "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()


def registration(number: int, key: int, **others) -> dict[str, object]:
    return {"Identity": "everybody", "BindingType": "apn", "Endpoint": f"device {key}",
            "CredentialSid": f"CR{number:032x}", "MessageTypes": [f"type {number}"]} | others  # fmt: skip


@pytest.mark.parametrize("key", range(4))
def test_registrations_of_one_key_make_one_binding(serving, world, key):
    """Of 50 concurrent registrations of one key exactly one is a 201, and all are of one Binding."""
    path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
    requests = [Request("POST", path, registration(number, key)) for number in range(AT_ONCE)]
    answers = flood(serving.url, world.auth, requests, connections=AT_ONCE)
    bodies = [check_documented(answer, "registerBinding") for answer in answers]
    assert Counter(answer.status for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({(body["sid"], body["date_created"]) for body in bodies}) == 1
    with httpx.Client(base_url=serving.url, auth=world.auth, timeout=60) as client:
        left = [binding for binding in get(client, list_url(client, world.empty["sid"]))["bindings"]
                if binding["endpoint"] == f"device {key}"]  # fmt: skip
    assert len(left) == 1
    assert left[0] in bodies
    assert left[0]["message_types"] == [f"type {int(left[0]['credential_sid'].removeprefix('CR'), 16)}"]


def test_registrations_of_many_keys_make_as_many(serving, world):
    """Concurrent registrations of different keys are all made, each once, and listed in one order."""
    path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
    requests = [Request("POST", path, registration(0, 100 + number % 25, Identity="many")) for number in range(AT_ONCE)]
    answers = flood(serving.url, world.auth, requests, connections=AT_ONCE)
    assert Counter(answer.status for answer in answers) == {201: 25, 200: 25}
    with httpx.Client(base_url=serving.url, auth=world.auth, timeout=60) as client:
        page = get(client, list_url(client, world.empty["sid"], ("Identity", "many")))
    assert sorted(sids([page])) == sorted({check_documented(answer, "registerBinding")["sid"] for answer in answers})


def test_of_two_deletes_one_deletes(serving, world):
    """Of two concurrent deletes of a Binding one is a 204 and the other a 404, thirty times over."""
    for binding in world.full["bindings"][:30]:
        path = operations()["deleteBinding"].path(ServiceSid=world.full["sid"], Sid=binding["sid"])
        answers = flood(serving.url, world.auth, [Request("DELETE", path)] * 2, connections=2)
        for answer in answers:
            check_documented(answer, "deleteBinding")
        assert sorted(answer.status for answer in answers) == [204, 404]


def test_reading_while_others_write(serving, world):
    """Lists, fetches, registrations and deletes at the same moment are all answered as they would be alone."""
    full, empty = world.full["sid"], world.empty["sid"]
    paths = operations()
    for round_, binding in enumerate(world.full["bindings"][40:50]):
        one = {"ServiceSid": full, "Sid": binding["sid"]}
        requests = [Request("GET", paths["listBindings"].path(ServiceSid=full))] * 10
        requests += [
            Request("GET", paths["fetchBinding"].path(**one)),
            Request("DELETE", paths["deleteBinding"].path(**one)),
        ]
        requests += [
            Request("POST", paths["registerBinding"].path(ServiceSid=empty), registration(0, 1000 + round_))
        ] * 5
        answers = flood(serving.url, world.auth, requests, connections=len(requests))
        assert {answer.status for answer in answers[:10]} == {200}
        assert answers[10].status in (200, 404)
        assert answers[11].status == 204
        assert Counter(answer.status for answer in answers[12:]) == {201: 1, 200: 4}


@dataclass(frozen=True)
class Made:
    """What was made for a test: SIDs, each with its secret where it has one."""

    token: tuple[str, str]
    keys: list[tuple[str, str]]
    service_sid: str
    other_token: tuple[str, str]
    """Another account's."""


@pytest.fixture
def made(serving):
    """An account with two keys and a service, and another account: before `connections`, which would not wait."""
    database = ("--database", serving.locator)
    account, other = (command("account", "create", *database) for _ in range(2))
    keys = [command("key", "create", account["sid"], *database) for _ in range(2)]
    service = command("service", "create", account["sid"], *database)
    token, other_token = ((each["sid"], each["auth_token"]) for each in (account, other))
    return Made(token, [(key["sid"], key["secret"]) for key in keys], service["sid"], other_token)


@pytest.fixture
def connections(serving, made):
    """Kept connections to a service, of which every worker has some."""
    opened = []

    def spread() -> bool:
        opened.append(raw.connect(serving.url))
        ask(opened[-1], ("x", "y"))
        return {holder(each, serving.workers) for each in opened} >= set(serving.workers)

    assert wait_until(spread, 60, every=0)
    yield opened
    for each in opened:
        each.close()


PATH = operations()["listBindings"]


def ask(connection, auth, service_sid=f"IS{'0' * 32}") -> raw.Response:
    headers = [("Host", "x"), ("Authorization", raw.basic(*auth))]
    connection.sendall(raw.compose("GET", PATH.path(ServiceSid=service_sid), headers))
    return raw.one(connection)


def command(*arguments) -> dict[str, str]:
    done = run_cli(*arguments)
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"(?m)^(\w+): (\S+)$", done.stdout))


def refused_within_a_second(connections, auth) -> None:
    """Send the request a second later: it must be refused, however slow the machine is."""
    time.sleep(1)
    for connection in connections:
        assert ask(connection, auth).status == 401, "it still gets in"
    check_error(ask(connections[0], auth), "unauthorized", "listBindings")


def test_a_rotated_token_ends_everywhere(serving, made, connections):
    """A rotated token ends within a second in every worker; the new one and the account's keys get in at once."""
    old, api_key, sid = made.token, made.keys[0], made.token[0]
    database = ("--database", serving.locator)
    for connection in connections:
        assert {ask(connection, auth).status for auth in (old, api_key)} == {404}
    new = (sid, command("account", "rotate-token", sid, *database)["auth_token"])
    refused_within_a_second(connections, old)
    for connection in connections:
        assert [ask(connection, auth).status for auth in (new, api_key)] == [404, 404]
        assert ask(connection, made.other_token).status == 404
        assert ask(connection, old).status == 401


def test_a_deleted_key_ends_everywhere(serving, made, connections):
    """A deleted key ends within a second in every worker; its account's token and other keys stay."""
    asking = (*made.keys, made.token)
    for connection in connections:
        assert [ask(connection, auth, made.service_sid).status for auth in asking] == [200] * 3
    command("key", "delete", made.keys[0][0], "--database", serving.locator)
    refused_within_a_second(connections, made.keys[0])
    for connection in connections:
        assert [ask(connection, auth, made.service_sid).status for auth in asking] == [401, 200, 200]


def test_a_deleted_account_ends_everywhere(serving, made, connections):
    """A deleted account's token and keys end within a second in every worker, and its services are gone."""
    asking = (made.token, *made.keys)
    assert {ask(each, auth, made.service_sid).status for each in connections for auth in asking} == {200}
    command("account", "delete", made.token[0], "--cascade", "--database", serving.locator)
    for auth in asking:
        refused_within_a_second(connections, auth)
