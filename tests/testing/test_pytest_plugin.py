"""The pytest plugin in a user's tests: pytest runs them in a process of its own, with nothing of ours."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..support.consoles import blocks
from ..support.running import environment, wait_until

pytest_plugins = "pytester"
pytestmark = [pytest.mark.ci("runs pytest in pytest"), pytest.mark.long]

ROOT = Path(__file__).parents[2]
_WITHOUT = ("cacheprovider", "schemathesis", "tracecov", "hypothesispytest", "anyio")  # plugins slow to import
QUIET = ("-W", "error", *(part for name in _WITHOUT for part in ("-p", f"no:{name}")))

ASKING = """
import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from chat_bindings.testing.launcher import CannotServe

def listed(server, **headers):
    path = f"/v2/Services/{server.service_sid}/Bindings"
    answer = httpx.get(server.url + path, auth=server.auth, headers=headers, timeout=60)
    return answer.status_code, answer.json()
"""

FEATURES = (
    ASKING
    + """
WORLD = json.loads(Path(__file__).with_name("world.json").read_text())

def test_nothing_fails(chat_bindings_server):
    assert listed(chat_bindings_server, Prefer="code=429")[0] == 200
    assert "FAULTS" not in chat_bindings_server.log

def test_a_device_is_registered_as_it_says(chat_bindings_server):
    made = chat_bindings_server.register(identity="a+b", endpoint="phone", binding_type="fcm",
                                         credential_sid=f"CR{'b' * 32}", message_types=["x", "y"])
    assert made in chat_bindings_server.bindings() and made["url"].startswith(chat_bindings_server.url)
    assert (made["identity"], made["endpoint"], made["binding_type"]) == ("a+b", "phone", "fcm")
    assert (made["credential_sid"], made["message_types"]) == (f"CR{'b' * 32}", ["x", "y"])

@pytest.mark.chat_bindings(world="world.json")
class TestOfAWorld:
    def test_a_file(self, chat_bindings_server):
        assert chat_bindings_server.world == WORLD
        account = WORLD["accounts"][0]
        assert chat_bindings_server.auth == (account["sid"], account["auth_token"])
        for service in account["services"]:
            held = chat_bindings_server.bindings(service_sid=service["sid"])  # more than a page
            assert [one["sid"] for one in held] == [one["sid"] for one in service["bindings"]]
        other = WORLD["accounts"][1]["services"][0]["sid"]
        chat_bindings_server.register(service_sid=other)
        assert "TestUser" in [one["identity"] for one in chat_bindings_server.bindings(service_sid=other)]

    @pytest.mark.chat_bindings(faults=True, registration=False)
    def test_the_nearest_marker_adds_to_the_others(self, chat_bindings_server):
        assert chat_bindings_server.world == WORLD
        assert listed(chat_bindings_server, Prefer="code=429")[0] == 429
        with pytest.raises(RuntimeError, match="gave 404"):
            chat_bindings_server.register()

LACKING = {"sid": f"AC{'c' * 32}", "auth_token_sha256": "0" * 64, "services": []}

@pytest.mark.chat_bindings(world={"accounts": [LACKING]})
def test_a_world_that_lacks_things(chat_bindings_server):
    assert chat_bindings_server.account_sid == f"AC{'c' * 32}"
    for name, lack in {"auth_token": "no auth_token of account AC", "service_sid": "no service"}.items():
        with pytest.raises(LookupError, match=lack):
            getattr(chat_bindings_server, name)

@pytest.mark.chat_bindings(world={"accounts": []})
def test_an_empty_world(chat_bindings_server):
    with pytest.raises(LookupError, match="no account"):
        chat_bindings_server.account_sid

@pytest.mark.chat_bindings(faults="rules.yaml", options=["--public-url", "https://chat.twilio.com"])
def test_rules_of_a_file_and_options(chat_bindings_server):
    assert [listed(chat_bindings_server)[0] for _ in range(4)] == [200, 503, 200, 503]
    (only,) = chat_bindings_server.bindings()  # no rule counts it
    assert only["url"].startswith("https://chat.twilio.com/")
    assert listed(chat_bindings_server)[0] == 200

@pytest.fixture(scope="module")
def shared(chat_bindings_server_factory):
    with chat_bindings_server_factory(faults={"rules": [{"drop": "request"}]}) as server:
        server.register(identity="shared")
        yield server

def test_one_for_a_module(shared, chat_bindings_server):
    assert shared.url != chat_bindings_server.url
    with pytest.raises(httpx.RemoteProtocolError):
        listed(shared)
    assert len(listed(chat_bindings_server)[1]["bindings"]) == 1

def test_one_that_cannot_start_ends_no_other(shared, chat_bindings_server_factory):
    with pytest.raises(CannotServe, match="No such option"):
        chat_bindings_server_factory(options=["--nonsense"]).__enter__()
    assert shared.bindings()

def test_a_server_that_others_share(shared, chat_bindings_server_factory):
    assert "shared" in [one["identity"] for one in shared.bindings()]
    with chat_bindings_server_factory() as server:
        assert [listed(server)[0] for _ in range(2)] == [200, 200]  # the first is logged when the second is answered
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port))
    assert "listBindings 200" in server.log  # it is there when the server is no longer
"""
)

WRONG_WORLD = {"accounts": [{"sid": "AC1", "auth_token": "x", "services": []}]}
WRONG_RULES = {"rules": [{"code": 418}]}
CANNOT_SERVE = {
    'world="nowhere.json"': "The world cannot be read: [Errno 2] No such file or directory",
    f"world={WRONG_WORLD}": "/accounts/0/sid: must be AC and 32 hexadecimal digits.",
    f"faults={WRONG_RULES}": "line 1, /rules/0/code: must be one of 400, 401, 404, 405, 429, 500, 503, which list",
    "faultz=True": "takes world, faults, registration, options, fresh, each by its name.",
    '"world.json"': "takes world, faults, registration, options, fresh, each by its name.",
    'options=["--port=80"]': "The option --port=80 is not for tests: each server has its own address and database.",
    'options=["--nonsense"]': "No such option '--nonsense'",
}
"""Arguments of the marker, and the errors of tests that have it."""

FAILURES = (
    ASKING
    + """
def test_that_passes(chat_bindings_server):
    assert listed(chat_bindings_server, Origin="passes")[0] == 200

def test_with_a_log(chat_bindings_server):
    listed(chat_bindings_server)
    assert listed(chat_bindings_server)[0] == 500

def test_with_two_logs(chat_bindings_server, chat_bindings_server_factory):
    listed(chat_bindings_server)  # of a kept server the test's own part is shown
    listed(chat_bindings_server)
    with chat_bindings_server_factory() as server:
        assert listed(server)[0] == 500

def test_that_has_none():
    assert 1 == 2
"""
    + "".join(
        f"@pytest.mark.chat_bindings({marker})\ndef test_{number}(chat_bindings_server): ...\n"
        for number, marker in enumerate(CANNOT_SERVE)
    )
)

HEAVY = """
import sys
def pytest_sessionfinish():
    print("loaded", sorted({"apsw", "connexion", "ijson", "jsonschema_rs", "orjson", "starlette", "uvicorn", "yaml"}
                           & set(sys.modules)))
    print("ours", sorted(name for name in sys.modules if name.startswith("chat_bindings")))
"""


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """Remove a user's settings of `serve` from the servers of tests."""
    monkeypatch.setenv("CHAT_BINDINGS_PORT", "1")
    monkeypatch.setenv("CHAT_BINDINGS_FAULTS", "true")


def left(pytester: pytest.Pytester) -> list[Path]:
    """Return the remains of a run's server folders: nothing."""
    return [path for path in pytester.path.rglob("chat-bindings*") if any(path.iterdir())]


@pytest.mark.parametrize(("document", "tests"), [("README.md", 1), ("openapi/guides/test-clients.md", 2)])
def test_the_documented_test_module_passes(pytester, document, tests):
    """The test module of the README, and that of the guide, run as they stand, twilio-python included."""
    (block,) = (block for block in blocks(ROOT / document, "python") if "def test_" in block)
    pytester.makepyfile(block)
    ended = pytester.runpytest_subprocess(*QUIET)
    ended.assert_outcomes(passed=tests)
    assert left(pytester) == []


def test_all_that_it_does_also_in_parallel(pytester, world_file):
    """Worlds, rules, options, markers, shared servers: each test gets its own, in two processes of xdist."""
    pytester.makepyfile(FEATURES)
    (pytester.path / "world.json").write_bytes(world_file.read_bytes())
    (pytester.path / "rules.yaml").write_text("rules:\n  - every: 2\n    code: 503\n")
    ended = pytester.runpytest_subprocess(*QUIET, "-n", "2", "--strict-markers")
    ended.assert_outcomes(passed=FEATURES.count("\n    def test") + FEATURES.count("\ndef test"))
    assert left(pytester) == []


def test_failures_have_their_reason(pytester):
    """A failed test shows its servers' logs, and one that cannot have a server has the reason in a sentence."""
    pytester.makepyfile(FAILURES)
    ended = pytester.runpytest_subprocess(*QUIET, "--tb=short")
    ended.assert_outcomes(passed=1, failed=3, errors=len(CANNOT_SERVE))
    reports = re.split(r"^_{4,} (?:ERROR at setup of )?(\w+) _{4,}$", ended.stdout.str(), flags=re.MULTILINE)
    by_test = dict(zip(reports[1::2], reports[2::2], strict=True))
    logs = {name: report.count("Captured chat-bindings log of http://127.0.0.1:") for name, report in by_test.items()}
    assert logs == dict.fromkeys(by_test, 0) | {"test_with_a_log": 1, "test_with_two_logs": 2}
    assert by_test["test_with_a_log"].count("listBindings 200") >= 1
    assert "test_that_passes" not in by_test
    for number, message in enumerate(CANNOT_SERVE.values()):
        assert message in by_test[f"test_{number}"], by_test[f"test_{number}"]
        assert "Traceback" not in by_test[f"test_{number}"]
    assert left(pytester) == []


ISOLATED = """
import random
import pytest

URLS = set()
WORLD = {"accounts": [{"sid": "AC" + "d" * 32, "auth_token": "d" * 32,
                       "services": [{"sid": "IS" + "d" * 32, "bindings": []}]}]}
NUMBERS = random.Random(SEED).sample(range(12), 12)

@pytest.mark.parametrize("number", NUMBERS)
def test_each_begins_afresh(chat_bindings_server, number):
    server = chat_bindings_server
    assert [one["identity"] for one in server.bindings()] == ["TestUser"]
    assert [one["operation"] for one in server.requests()] == ["listBindings"]
    server.set_faults({"rules": [{"code": 503, "first": 3}]})
    server.register(identity=f"of {number}")
    assert len(server.log.split("of ")) == 1
    URLS.add(server.url)

@pytest.mark.chat_bindings(world=WORLD)
@pytest.mark.parametrize("number", NUMBERS[:4])
def test_another_world(chat_bindings_server, number):
    assert chat_bindings_server.bindings() == []
    chat_bindings_server.register()
    URLS.add(chat_bindings_server.url)

@pytest.mark.chat_bindings(fresh=True)
def test_one_of_its_own(chat_bindings_server):
    assert chat_bindings_server.url not in URLS
    assert len(chat_bindings_server.bindings()) == 1

def test_it_was_one_server():
    assert len(URLS) <= 1
"""


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "load")])
def test_tests_on_a_kept_server_are_isolated(pytester, options):
    """In any order, and in parallel: no test sees a Binding, a request, a fault or a log line of another."""
    seed = random.randrange(1 << 30)
    pytester.makepyfile(ISOLATED.replace("SEED", str(seed)))
    ended = pytester.runpytest_subprocess(*QUIET, *options)
    ended.assert_outcomes(passed=12 + 4 + 2)
    assert left(pytester) == []


def test_the_former_name_of_the_server_warns():
    """`chat_bindings.service.testing.server` works until 3.0."""
    from chat_bindings.testing.server import ChatBindingsServer

    with pytest.warns(DeprecationWarning, match=r"is now chat_bindings\.testing\.server"):
        from chat_bindings.service.testing.server import ChatBindingsServer as Former
    assert Former is ChatBindingsServer


def test_tests_that_want_no_server_pay_nothing(pytester):
    """A run without our fixtures imports the plugin's own small module; switched off, not even that."""
    pytester.makepyfile("def test_something(): pass")
    pytester.makeconftest(HEAVY)
    ended = pytester.runpytest_subprocess(*QUIET, "-s")
    ended.assert_outcomes(passed=1)
    ended.stdout.fnmatch_lines(["*loaded []", "ours ['chat_bindings', 'chat_bindings.testing']"])
    ended = pytester.runpytest_subprocess(*QUIET, "-s", "-p", "no:chat_bindings")
    ended.assert_outcomes(passed=1)
    ended.stdout.fnmatch_lines(["*loaded []", "ours []"])


def is_listening(url: str) -> bool:
    try:
        socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=60).close()
    except OSError:
        return False
    return True


def test_killed_tests_leave_no_server(pytester):
    """A test run that is killed with its servers running, workers and all, takes them with it."""
    pytester.makepyfile("""
        import time
        from pathlib import Path
        import pytest
        @pytest.mark.chat_bindings(options=["--workers", "2"])
        def test_that_hangs(chat_bindings_server):
            Path("new").write_text(chat_bindings_server.url)
            Path("new").rename("url")
            time.sleep(60)
    """)
    file = pytester.path / "url"
    command = [sys.executable, "-m", "pytest", *QUIET, "--basetemp", str(pytester.path / "temp")]
    with subprocess.Popen(command, cwd=pytester.path, env=environment(), stdout=subprocess.DEVNULL) as running:
        assert wait_until(file.exists, 60)
        url = file.read_text()
        assert is_listening(url)
        os.kill(running.pid, signal.SIGKILL)
        running.wait(60)
    assert wait_until(lambda: not is_listening(url), 60)
