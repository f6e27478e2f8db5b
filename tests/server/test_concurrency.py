"""Many at once: one Binding for a key, credentials that end everywhere, and requests that wait for no others."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from ..support import raw
from ..support.answers import check_documented, check_error, operations
from ..support.flood import Request, flood
from ..support.holding import HOLD_EVERYTHING, held
from ..support.lists import get, list_url
from ..support.processes import children, holder
from ..support.running import run_cli, wait_until
from .conftest import Asker

pytestmark = pytest.mark.usefixtures("unmeasured")

AT_ONCE = 50


@pytest.fixture(scope="module", params=[1, 2], ids=["one worker", "two workers"])
def serving(request, serve):
    """Start a service that holds the world, with one worker and with two."""
    service = serve("--workers", request.param)
    service.wait_for_workers(request.param)
    workers = children(service.pid) if request.param > 1 else [service.pid]
    service.workers = [pid for pid in workers if is_worker(pid)]
    assert len(service.workers) == request.param
    return service


def is_worker(pid: int) -> bool:
    """Tell whether a process is a worker: multiprocessing has one of its own beside them, which accepts nothing."""
    return "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()


def test_registrations_of_one_key_make_one_binding(serving, world):
    """Of 50 concurrent registrations of one key exactly one is a 201, and all are of one Binding."""
    path = operations()["registerBinding"].path(ServiceSid=world.empty["sid"])
    device = {"Identity": "everybody", "BindingType": "apn", "Endpoint": "the only one"}
    registrations = [{"CredentialSid": f"CR{n:032x}", "MessageTypes": [f"type {n}"]} for n in range(AT_ONCE)]
    requests = [Request("POST", path, device | each) for each in registrations]
    answers = flood(serving.url, world.auth, requests, connections=AT_ONCE)
    bodies = [check_documented(answer, "registerBinding") for answer in answers]
    assert Counter(answer.status for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({(body["sid"], body["date_created"]) for body in bodies}) == 1
    with httpx.Client(base_url=serving.url, auth=world.auth, timeout=60) as client:
        (left,) = get(client, list_url(client, world.empty["sid"]))["bindings"]
    assert left in bodies
    assert left["message_types"] == [f"type {int(left['credential_sid'].removeprefix('CR'), 16)}"]


@pytest.fixture
def account(serving):
    """Create an account, and return its credentials, a token and two keys, and the SID of its service."""
    database = ("--database", serving.locator)
    account = command("account", "create", *database)
    keys = [command("key", "create", account["sid"], *database) for _ in range(2)]
    service = command("service", "create", account["sid"], *database)
    return [(account["sid"], account["auth_token"]), *((key["sid"], key["secret"]) for key in keys)], service["sid"]


@pytest.fixture
def connections(serving, account):
    """Open kept connections, some to every worker: after the account, for which none would wait."""
    opened = []

    def spread() -> bool:
        opened.append(raw.connect(serving.url))
        list_on(opened[-1], ("x", "y"), f"IS{'0' * 32}")
        return {holder(each, serving.workers) for each in opened} >= set(serving.workers)

    assert wait_until(spread, 60, every=0)
    yield opened
    for each in opened:
        each.close()


def list_on(connection, auth, service_sid) -> raw.Response:
    headers = [("Host", "x"), ("Authorization", raw.basic(*auth))]
    path = operations()["listBindings"].path(ServiceSid=service_sid)
    return raw.one(connection, raw.compose("GET", path, headers))


def command(*arguments) -> dict[str, str]:
    done = run_cli(*arguments)
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"(?m)^(\w+): (\S+)$", done.stdout))


@pytest.mark.parametrize(
    ("words", "ends"),
    [(("account", "rotate-token"), {0}), (("key", "delete"), {1}), (("account", "delete", "--cascade"), {0, 1, 2})],
    ids=["rotated token", "deleted key", "deleted account"],
)
def test_credentials_end_everywhere(serving, account, connections, words, ends):
    """They end within a second in every worker, however slow the machine is; others get in, a new token at once."""
    credentials, service_sid = account
    for connection in connections:
        assert [list_on(connection, auth, service_sid).status for auth in credentials] == [200] * 3
    sid = credentials[min(ends)][0]
    printed = command(*words, sid, "--database", serving.locator)
    time.sleep(1)
    new = [(sid, printed["auth_token"])] if "auth_token" in printed else []
    for connection in connections:
        statuses = [list_on(connection, auth, service_sid).status for auth in (*credentials, *new)]
        assert statuses == [401 if number in ends else 200 for number in range(len(statuses))]
    check_error(list_on(connections[0], credentials[min(ends)], service_sid), "unauthorized", "listBindings")


def test_requests_without_the_database_do_not_wait_for_it(serving, world):
    """Requests that need no database are answered before those that wait for a locked one."""
    ask = Asker(serving, world)
    assert ask("listBindings").status == 200  # the WAL-index is there once something was read

    def is_before() -> bool:
        with ThreadPoolExecutor(max_workers=4) as pool:
            waiting = [pool.submit(ask, operation) for operation in ("fetchBinding", "listBindings") for _ in range(2)]
            time.sleep(0.2)
            check_error(ask("listBindings", auth=None), "unauthorized", "listBindings")
            found = not any(future.done() for future in waiting)
            assert [future.result().status for future in waiting] == [503] * 4
        return found

    with held(HOLD_EVERYTHING, serving.database):
        assert wait_until(is_before, 60)
