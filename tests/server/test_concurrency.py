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
        running.wait_for_workers(request.param)
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


def test_registrations_of_one_key_make_one_binding(serving, world):
    """Of 50 concurrent registrations of one key exactly one is a 201, and all are of one Binding."""
    path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
    requests = [Request("POST", path, registration(number, 0)) for number in range(AT_ONCE)]
    answers = flood(serving.url, world.auth, requests, connections=AT_ONCE)
    bodies = [check_documented(answer, "registerBinding") for answer in answers]
    assert Counter(answer.status for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({(body["sid"], body["date_created"]) for body in bodies}) == 1
    with httpx.Client(base_url=serving.url, auth=world.auth, timeout=60) as client:
        left = [binding for binding in get(client, list_url(client, world.empty["sid"]))["bindings"]
                if binding["endpoint"] == "device 0"]  # fmt: skip
    assert len(left) == 1
    assert left[0] in bodies
    assert left[0]["message_types"] == [f"type {int(left[0]['credential_sid'].removeprefix('CR'), 16)}"]


Credentials = tuple[str, str]


@dataclass(frozen=True)
class Account:
    """An account that was made for a test, with two keys and a service."""

    token: Credentials
    keys: list[Credentials]
    service_sid: str


@pytest.fixture
def made(serving):
    """An account: before `connections`, which would not wait."""
    database = ("--database", serving.locator)
    account = command("account", "create", *database)
    keys = [command("key", "create", account["sid"], *database) for _ in range(2)]
    service = command("service", "create", account["sid"], *database)
    token = (account["sid"], account["auth_token"])
    return Account(token, [(key["sid"], key["secret"]) for key in keys], service["sid"])


@pytest.fixture
def connections(serving, made):
    """Kept connections to a service, of which every worker has some."""
    opened = []

    def spread() -> bool:
        opened.append(raw.connect(serving.url))
        ask(opened[-1], ("x", "y"), f"IS{'0' * 32}")
        return {holder(each, serving.workers) for each in opened} >= set(serving.workers)

    assert wait_until(spread, 60, every=0)
    yield opened
    for each in opened:
        each.close()


PATH = operations()["listBindings"]


def ask(connection, auth, service_sid) -> raw.Response:
    headers = [("Host", "x"), ("Authorization", raw.basic(*auth))]
    return raw.one(connection, raw.compose("GET", PATH.path(ServiceSid=service_sid), headers))


def command(*arguments) -> dict[str, str]:
    done = run_cli(*arguments)
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"(?m)^(\w+): (\S+)$", done.stdout))


@pytest.mark.parametrize(
    ("words", "ends"),
    [(("account", "rotate-token"), {0}), (("key", "delete"), {1}), (("account", "delete", "--cascade"), {0, 1, 2})],
    ids=["rotated token", "deleted key", "deleted account"],
)
def test_credentials_end_everywhere(serving, made, connections, words, ends):
    """They end within a second in every worker, however slow the machine is; others get in, a new token at once."""
    credentials = [made.token, *made.keys]
    for connection in connections:
        assert [ask(connection, auth, made.service_sid).status for auth in credentials] == [200] * 3
    sid = credentials[min(ends)][0]
    printed = command(*words, sid, "--database", serving.locator)
    time.sleep(1)
    new = [(sid, printed["auth_token"])] if "auth_token" in printed else []
    for connection in connections:
        statuses = [ask(connection, auth, made.service_sid).status for auth in (*credentials, *new)]
        assert statuses == [401 if number in ends else 200 for number in range(len(statuses))]
    check_error(ask(connections[0], credentials[min(ends)], made.service_sid), "unauthorized", "listBindings")


def test_registrations_of_many_keys_make_as_many(serving, world):
    """Concurrent registrations of different keys are all made, each once, and listed in one order."""
    path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
    requests = [Request("POST", path, registration(0, 100 + number % 25, Identity="many")) for number in range(AT_ONCE)]
    answers = flood(serving.url, world.auth, requests, connections=AT_ONCE)
    assert Counter(answer.status for answer in answers) == {201: 25, 200: 25}
    with httpx.Client(base_url=serving.url, auth=world.auth, timeout=60) as client:
        page = get(client, list_url(client, world.empty["sid"], ("Identity", "many")))
    assert sorted(sids([page])) == sorted({check_documented(answer, "registerBinding")["sid"] for answer in answers})


def test_reading_while_others_write(serving, world):
    """Lists, fetches, registrations and deletes at the same moment are all answered as they would be alone."""
    full, empty = world.full["sid"], world.empty["sid"]
    paths = operations()
    for round_, binding in enumerate(world.full["bindings"][:20]):
        one = {"ServiceSid": full, "Sid": binding["sid"]}
        register = paths["registerBinding"].path(ServiceSid=empty)
        requests = [
            *[Request("GET", paths["listBindings"].path(ServiceSid=full))] * 10,
            Request("GET", paths["fetchBinding"].path(**one)),
            *[Request("DELETE", paths["deleteBinding"].path(**one))] * 2,
            *[Request("POST", register, registration(0, 1000 + round_))] * 5,
        ]
        statuses = [answer.status for answer in flood(serving.url, world.auth, requests, connections=len(requests))]
        assert set(statuses[:10]) == {200}
        assert statuses[10] in (200, 404)
        assert sorted(statuses[11:13]) == [204, 404]
        assert sorted(statuses[13:]) == [200] * 4 + [201]
