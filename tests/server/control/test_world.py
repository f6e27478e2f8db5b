"""Worlds and resets over HTTP."""

import json
import threading
from http import HTTPStatus

import httpx
import pytest

from ...support.running import run_cli
from .conftest import OTHER_TOKEN, A, S, binding, serving, world

NEWER = "c3" * 16


def test_page_tokens_of_before_a_reset_lead_on(served):
    """A token continues after a SID, whatever stands there now."""
    following = served.bindings(PageSize=1).json()["meta"]["next_page_url"]
    served.http.delete(f"{served.path}/BS{1:032x}")
    served.control.post("reset")
    assert [one["sid"] for one in served.http.get(following).json()["bindings"]] == [f"BS{2:032x}"]


def test_a_world_is_replaced_and_then_reset_to(served):
    """PUT counts what it loaded; its tokens are right at once, the former ones wrong, and resets return to it."""
    start = served.control.get("world").content
    assert served.bindings().status_code == 200  # so that the token is remembered
    put = served.control.put("world", json=world(binding(7, "seven"), token=NEWER))
    assert (put.status_code, put.json()) == (200, {"accounts": 2, "keys": 0, "services": 2, "bindings": 1})
    assert served.bindings().status_code == HTTPStatus.UNAUTHORIZED
    with httpx.Client(base_url=served.url, auth=(A, NEWER), timeout=60) as new:
        assert new.delete(f"{served.path}/BS{7:032x}").status_code == 204
        served.control.post("reset")
        assert [one["identity"] for one in new.get(served.path).json()["bindings"]] == ["seven"]
    assert served.control.put("world", content=start).status_code == 200  # as it was read: digests and all
    assert served.control.get("world").content == start
    assert len(served.bindings().json()["bindings"]) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'{"accounts": [\n{"sid": "AC1", "auth_token": "x", "services": []}]}',
            "The world, line 2, /accounts/0/sid: must be AC",
        ),
        (
            json.dumps(world(binding(1), binding(2) | {"endpoint": "device-1"})).encode(),
            "its service has the same identity, endpoint and binding_type already",
        ),
    ],
)
def test_a_wrong_world_changes_nothing(served, content, message):
    """The error has the line, the JSON pointer and the rule; the database stays as it was, the journal too."""
    before = served.control.get("world").content
    served.bindings()
    answer = served.control.put("world", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == 20001
    assert message in answer.json()["message"]
    assert served.control.get("world").content == before
    assert len(served.requests()) == 1
    served.control.post("reset")
    assert served.control.get("world").content == before


def test_no_request_sees_half_of_a_reset(served):
    """A response during resets to worlds with other tokens and Bindings is of one of them: never a mixture."""
    worlds = [world(binding(1, "one")), world(binding(2, "two"), token=NEWER)]
    over, wrong, seen = threading.Event(), [], set()
    served.control.put("world", json=worlds[0])

    def ask() -> None:
        with httpx.Client(base_url=served.url, auth=(A, worlds[0]["accounts"][0]["auth_token"]), timeout=60) as client:
            while not over.is_set():
                answer = client.get(served.path)
                found = [one["identity"] for one in answer.json()["bindings"]] if answer.status_code == 200 else []
                seen.add(answer.status_code)
                if (answer.status_code, found) not in ((200, ["one"]), (401, []), (429, [])):
                    wrong.append((answer.status_code, answer.text))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        assert served.control.put("world", json=worlds[(turn + 1) % 2]).status_code == 200
    over.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert seen >= {200, 401}
    served.control.put("world", json=world(*(binding(number) for number in range(1, 4))))


def test_a_reset_forgets_wrong_credentials(tmp_path):
    """Guesses of one test do not lock out the next."""
    with serving(
        tmp_path, "--world", "-", "--no-docs", "--guesses-per-account", 2, stdin=json.dumps(world())
    ) as served:
        path = f"/v2/Services/{S}/Bindings"
        for _ in range(6):
            last = httpx.get(f"{served.url}{path}", auth=(A, OTHER_TOKEN), timeout=60)
        assert last.status_code == HTTPStatus.TOO_MANY_REQUESTS
        served.control.post("reset")
        assert served.bindings().status_code == 200


def test_either_engine_returns_to_what_its_database_held(tmp_path, database):
    """A database of one's own, on either engine: export, reset and PUT are the same."""
    file = tmp_path / "world.json"
    file.write_text(json.dumps(world(*(binding(number) for number in range(1, 300)))))
    locator = database.locator
    assert run_cli("import", file, "--database", locator).returncode == 0
    with serving(tmp_path, "--no-docs", CHAT_BINDINGS_DATABASE=locator) as served:
        before = served.control.get("world").content
        assert run_cli("export", "--database", locator).stdout.encode() == before
        assert served.register().status_code == 201
        assert served.register("somebody", "device-3").status_code == 200
        for number in (2, 5):
            assert served.http.delete(f"{served.path}/BS{number:032x}").status_code == 204
        assert served.register("somebody", "device-5").status_code == 201  # under another SID
        assert run_cli("account", "rotate-token", A, "--database", locator).returncode == 0
        assert run_cli("account", "create", "--database", locator).returncode == 0
        assert served.control.post("reset").status_code == 204
        assert served.control.get("world").content == before
        assert served.bindings().status_code == 200
        twins = world(*(binding(number) | {"endpoint": "same"} for number in range(1, 300)))
        assert "already" in served.control.put("world", json=twins).json()["message"]
        assert served.control.get("world").content == before
        assert served.control.put("world", json=world(binding(9))).json()["bindings"] == 1
        assert served.http.delete(f"{served.path}/BS{9:032x}").status_code == 204
        served.control.post("reset")
        assert len(served.bindings().json()["bindings"]) == 1
        assert served.register().status_code == 201
