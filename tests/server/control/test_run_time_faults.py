"""Faults at run time."""

import json
import threading
from http import HTTPStatus

import httpx
import pytest

from ...support.running import wait_until
from .conftest import OTHER, OTHER_TOKEN, A, B, serving, world


def other(served) -> httpx.Response:
    """List another account's Bindings."""
    return httpx.get(f"{served.url}/v2/Services/{OTHER}/Bindings", auth=(B, OTHER_TOKEN), timeout=60)


def test_rules_are_replaced_counted_and_cleared(served):
    """A rule is shown with its counts; the journal has its faults."""
    rule = {"operation": "listBindings", "every": 2, "code": 503}
    put = served.control.put("faults", json={"rules": [rule]})
    assert put.json() == {"seed": 0, "rules": [{"rule": rule, "counted": 0, "taken": 0}]}
    assert [served.bindings().status_code for _ in range(4)] == [200, 503, 200, 503]
    served.register()
    assert served.control.get("faults").json()["rules"] == [{"rule": rule, "counted": 4, "taken": 2}]
    assert [one["fault"] for one in served.requests()] == [None, "code 503", None, "code 503", None]
    # `--control` alone lets no client but its own choose faults
    served.control.put("faults", json={"rules": [{"code": 429, "account": B}]})
    assert served.http.get(served.path, headers={"Prefer": "code=503"}).status_code == 200
    assert served.control.delete("faults").status_code == 204
    assert served.control.get("faults").json()["rules"] == []
    assert served.bindings().status_code == 200


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"rules": [{"code": 429, "account": "AC1"}]}, "/rules/0/account: must be AC and 32 hex"),
        ({"rules": [{"code": 503, "operation": "reset"}]}, "/rules/0/operation: must be one of listBindings"),
    ],
)
def test_wrong_rules_change_nothing(served, rules, message):
    """The error has the line, the JSON pointer and the rule."""
    served.control.put("faults", json={"rules": [{"code": 503}]})
    answer = served.control.put("faults", json=rules)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert served.bindings().status_code == HTTPStatus.SERVICE_UNAVAILABLE


def test_a_reset_returns_to_the_rules_of_the_start(tmp_path):
    """And to their counts."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"rules:\n  - code: 500\n    first: 1\n    account: {A}\n")
    options = ("--world", "-", "--no-docs", "--faults", "--fault-rules", rules)
    with serving(tmp_path, *options, stdin=json.dumps(world())) as served:
        assert [served.bindings().status_code for _ in range(2)] == [500, 200]
        assert other(served).status_code == 200
        served.control.put("faults", json={"rules": [{"code": 429}]})
        assert served.bindings().status_code == 429
        served.control.post("reset")
        assert [served.bindings().status_code for _ in range(2)] == [500, 200]
        assert served.http.get(served.path, headers={"Prefer": "code=503"}).status_code == 503


def test_a_request_that_is_delayed_beyond_a_reset_is_not_carried_out(served):
    """Nothing of one test happens in the next."""
    served.control.put("faults", json={"rules": [{"delay": 1, "operation": "registerBinding"}]})
    answers: list[httpx.Response] = []
    late = threading.Thread(target=lambda: answers.append(served.register("late")))
    late.start()
    assert wait_until(lambda: served.control.get("faults").json()["rules"][0]["counted"] == 1, 30)
    served.control.post("reset")
    late.join(60)
    assert answers[0].status_code == 503
    assert served.bindings(Identity="late").json()["bindings"] == []
    assert [one["operation"] for one in served.requests()] == ["listBindings"]


def test_a_connection_can_be_dropped(served):
    """The journal then has no status."""
    served.control.put("faults", json={"rules": [{"drop": "request", "first": 1}]})
    with pytest.raises(httpx.RemoteProtocolError):
        served.bindings()
    assert [(one["status"], one["fault"]) for one in served.requests()] == [(None, "drop request")]


def test_rules_are_added_and_removed_by_account(served):
    """Tests that run in parallel leave the rules and the counts of one another alone."""
    served.control.put("faults", json={"rules": [{"account": A, "first": 2, "code": 503}]})
    assert served.bindings().status_code == 503
    added = served.control.post("faults", json={"rules": [{"account": B, "first": 1, "code": 429}]}).json()["rules"]
    assert [(one["rule"]["account"], one["counted"], one["taken"]) for one in added] == [(A, 1, 1), (B, 0, 0)]
    assert [other(served).status_code for _ in range(2)] == [429, 200]
    assert served.control.delete("faults", params={"account": B}).status_code == 204
    (left,) = served.control.get("faults").json()["rules"]
    assert (left["rule"]["account"], left["counted"]) == (A, 1)
    served.control.post("faults", json={"rules": [{"account": B, "code": 500}]})
    assert [served.bindings().status_code for _ in range(2)] == [503, 200]
    assert other(served).status_code == 500
    assert [one["counted"] for one in served.control.get("faults").json()["rules"]] == [3, 1]


def test_no_more_rules_are_in_force_than_a_file_may_hold(served):
    """Rules beyond the limit are refused, and none of them is added."""
    served.control.put("faults", json={"rules": [{"code": 429}] * 99})
    refused = served.control.post("faults", json={"rules": [{"code": 500}] * 2})
    assert refused.status_code == 400
    assert "line 1, /rules: must hold at most 1 more: 100 rules may be in force" in refused.json()["message"]
    assert len(served.control.get("faults").json()["rules"]) == 99
    assert served.control.post("faults", json={"rules": [{"code": 418}]}).status_code == 400
