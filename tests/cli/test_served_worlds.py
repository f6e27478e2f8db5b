"""`serve` as a server for tests: worlds of its own, announcements, sockets, and `health`."""

import json
import socket
import stat
import subprocess
import sys

import httpx
import pytest

from chat_bindings.server.http.listening import listen, listeners

from ..support.processes import free_port
from ..support.running import CLI, cli_error, cli_output, environment, run_cli
from ..support.running import serve_announced as serving

A, S, TOKEN = f"AC{'a' * 32}", f"IS{'a' * 32}", "a1" * 16
BINDINGS = f"/v2/Services/{S}/Bindings"
# whom passwd does not know; the right to read stays, since the Python that runs the tests may be root's alone
_READ = "+dac_read_search"
ANYBODY = ["setpriv", "--reuid=54321", "--clear-groups", f"--inh-caps={_READ}", f"--ambient-caps={_READ}"]
WORLD = {"accounts": [{"sid": A, "auth_token": TOKEN, "services": [{"sid": S, "bindings": []}]}]}


def test_a_world_is_served_as_it_stands_and_announced(tmp_path):
    """With --port 0 the announcement is all that a test has to read; nothing is left at the end."""
    with serving(tmp_path, "--world", "-", "--port", 0, stdin=json.dumps(WORLD)) as (announced, process):
        assert announced["pid"] == process.pid
        assert (announced["account_sid"], announced["auth_token"], announced["service_sid"]) == (A, TOKEN, S)
        assert announced["control_url"] is None
        assert httpx.get(announced["url"] + BINDINGS, auth=(A, TOKEN), timeout=60).json()["bindings"] == []
        assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_several_workers_announce_once(tmp_path):
    """The supervisor announces when a worker answers."""
    options = ("--demo", "--port", 0, "--workers", 2)
    with serving(tmp_path, *options, CHAT_BINDINGS_DEMO_TOKEN=TOKEN) as (announced, process):
        assert (announced["pid"], announced["auth_token"]) == (process.pid, TOKEN)
        url = f"{announced['url']}/v2/Services/{announced['service_sid']}/Bindings"
        assert len(httpx.get(url, auth=(announced["account_sid"], TOKEN), timeout=60).json()["bindings"]) == 1


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ('{"accounts": []}', "has no account"),
        (json.dumps({"accounts": [{"sid": A, "services": []}]}), "/accounts/0: "),
        ("{", "line 1"),
    ],
)  # fmt: skip
def test_a_world_that_cannot_be_served_is_refused(world, message):
    """By line, pointer and rule, as `import` does."""
    error = cli_error("serve", "--port", 0, "--world", "-", stdin=world)
    assert "--world -" in error
    assert message in error


@pytest.mark.parametrize(
    ("options", "variables", "message"),
    [
        (["--demo", "--world", "-"], {}, "--demo and --world are two worlds"),
        (["--demo", "--database", "sqlite:///a.db"], {}, "--demo has a temporary database of its own"),
        (["--demo"], {"CHAT_BINDINGS_DEMO_TOKEN": "x" * 32}, "CHAT_BINDINGS_DEMO_TOKEN is no auth token: it must be"),
        (["--uds", "x.sock", "--port", "80"], {}, "--uds replaces --host and --port"),
        (["--demo", "--uds", "x" * 200], {}, "a socket's path has at most 107 bytes"),
        (["--demo", "--uds", "file"], {}, "a file that is no socket has this name"),
        (["--demo", "--announce", "file"], {}, "another file has this name, so choose a new one"),
        (["--demo", "--announce", "nowhere/x"], {}, "--announce nowhere/x cannot be written: No such file"),
        (["--demo", "--host", "127.0.0.1:80"], {}, "'--host' (env var: 'CHAT_BINDINGS_HOST'): '127.0.0.1:80' is not"),
        (["--demo", "--host", "203.0.113.1"], {}, "--host 203.0.113.1 --port 8000 cannot be listened on: Cannot"),
        (["--workers", "9" * 5000], {}, "is not a whole number from 1 to 256"),
        (["--public-url", "chat.twilio.com"], {}, "'--public-url'"),
        (["--trusted-proxy", "proxy"], {}, "'--trusted-proxy'"),
        *((["--database", f"sqlite:///{path}"], {}, "--database") for path in ("/nowhere/at/all.db", "/", ".", "file")),
        ([], {"CHAT_BINDINGS_MAX_HEAD": "1"}, "(env var: 'CHAT_BINDINGS_MAX_HEAD'): '1' is not a whole number"),
    ],
)
def test_bad_options_are_refused(tmp_path, options, variables, message):
    """The error names the option, or the variable, and the rule."""
    (tmp_path / "file").write_text("of the user's" * 1000)
    assert message in " ".join(cli_error("serve", *options, cwd=tmp_path, **variables).split())
    assert (tmp_path / "file").read_text() == "of the user's" * 1000


@pytest.mark.needs("root")
@pytest.mark.parametrize("home", [None, pytest.param("/", marks=pytest.mark.ci("starts Python anew"))])
def test_the_demo_runs_as_any_user_without_a_home(tmp_path, monkeypatch, home):
    """A user id that passwd does not have, and the variables of an image: --demo needs none of it."""
    tmp_path.chmod(0o777)
    monkeypatch.delenv("HOME", raising=False)
    variables = {"CHAT_BINDINGS_DATABASE": "mysql://nowhere", "CHAT_BINDINGS_PORT": "tcp://10.0.0.1:8000"}
    variables |= {"CHAT_BINDINGS_HOST": "::"} | ({"HOME": home} if home else {})
    with serving(tmp_path, "--demo", under=ANYBODY, **variables) as (announced, _):
        assert httpx.get(announced["url"] + BINDINGS, timeout=60).status_code == 401
    log = (tmp_path / "log").read_text()
    assert "ignored: CHAT_BINDINGS_PORT, set by Kubernetes or Docker" in log
    assert "CHAT_BINDINGS_DATABASE is ignored: --demo" in log
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log"]


@pytest.mark.needs("root")
def test_without_a_home_a_database_must_be_named(tmp_path, monkeypatch):
    """Every command is refused with an error, and makes nothing called `~`."""
    monkeypatch.delenv("HOME", raising=False)
    command = [*ANYBODY, *CLI, "account", "list"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "there is no home directory, so no default: name a database" in done.stderr


def test_a_unix_socket_is_served(tmp_path):
    """Behind --uds; a stale socket is replaced, one that is listened on is not, and the last one is removed."""
    path = tmp_path / "chat.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    variables = {"CHAT_BINDINGS_HOST": "0.0.0.0", "CHAT_BINDINGS_DEMO_TOKEN": TOKEN}
    with serving(tmp_path, "--demo", "--uds", path, "--trusted-proxy", "127.0.0.1", **variables) as (announced, _):
        assert announced["url"] == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert cli_output("health", announced["url"]) == f"unix:{path}: answers\n"
        with pytest.raises(OSError, match="another process listens there"), listeners([], 0, path):
            pass
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), auth=(A, TOKEN), timeout=60) as client:
            shown = client.get(f"http://chat.example.com{BINDINGS}", headers={"X-Forwarded-Proto": "https"}).json()
        assert shown["meta"]["url"].startswith("https://chat.example.com/")
    assert not path.exists()


def test_all_addresses_have_one_port():
    """`::` serves both families, whatever stands beside it; names have all of their addresses."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("there is no IPv6 here")
    (both,) = listen(["::", "0.0.0.0", "127.0.0.1"], 0)
    with both:
        for address in ("127.0.0.1", "::1"):
            socket.create_connection((address, both.getsockname()[1]), 5).close()
    sockets = listen(["127.0.0.1", "::1", "127.0.0.2", "127.0.0.1"], 0)
    assert len({each.getsockname()[1] for each in sockets}) == 1
    assert len(sockets) == 3
    for each in sockets:
        each.close()


def test_health_answers_by_its_exit_code(tmp_path):
    """The exit code is 0 for an answer; 1 for none, or when not ready; 2 for an invalid URL."""
    monitoring, port = free_port(), free_port()
    variables = {"CHAT_BINDINGS_PORT": str(port), "CHAT_BINDINGS_MONITORING_PORT": str(monitoring)}
    with serving(tmp_path, "--demo", **variables) as (announced, _):
        assert cli_output("health", **variables) == f"http://127.0.0.1:{monitoring}: ready\n"
        del variables["CHAT_BINDINGS_MONITORING_PORT"]
        assert cli_output("health", **variables) == f"{announced['url']}: answers\n"
        assert cli_output("health", announced["url"] + BINDINGS).endswith(": answers\n")
    away = run_cli("health", announced["url"])
    assert (away.returncode, away.stdout) == (1, f"{announced['url']}: no answer: Connection refused\n")


def test_health_gives_up():
    """A server that accepts and sends nothing is unhealthy."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = run_cli("health", f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert (done.returncode, done.stdout.endswith("timed out after 5 seconds\n")) == (1, True)


@pytest.mark.parametrize(
    "url", ["x", "http://", "http://h:99999", "ftp://h", "http://u:p@h", "http://h h", "http://[::1"]
)
def test_health_refuses_what_is_no_url(url):
    """An invalid URL ends with 2, and no request."""
    assert "is not a URL such as http://127.0.0.1:8000" in cli_error("health", url)


def test_process_1_reaps_orphans_and_passes_signals_on(tmp_path):
    """Orphans that end in a container, where `serve` is process 1, are not left as zombies."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no process namespaces here")
    script = (
        "import os, signal, sys, time\n"
        "from chat_bindings.cli.serve.init_process import leave_process_1\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "leave_process_1()\n"
        "assert os.getpid() != 1\n"
        "reading, writing = os.pipe()\n"
        "if not os.fork():\n"
        "    orphan = os.fork()\n"
        "    if orphan: os.write(writing, str(orphan).encode()); os._exit(0)\n"
        "    time.sleep(0.2); os._exit(0)\n"
        "os.wait()\n"
        "orphan = os.read(reading, 20).decode()\n"
        "deadline = time.monotonic() + 20\n"
        "while os.path.exists(f'/proc/{orphan}') and time.monotonic() < deadline: time.sleep(0.05)\n"
        "assert not os.path.exists(f'/proc/{orphan}')\n"
        "os.kill(1, signal.SIGTERM); time.sleep(20)\n"
    )
    done = subprocess.run([*command, sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (7, "")
