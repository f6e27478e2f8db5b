"""The Postman collection runs green with newman, Postman's own runner, and red where it should."""

import json
from collections import Counter

import pytest

from ...support import specs
from .tools import run

pytestmark = [pytest.mark.ci("needs newman, which npm brings"), pytest.mark.needs("node")]

COLLECTION = "bindings.postman_collection.json"


def newman(published, demo, tmp_path, token):
    """Run the collection against a demo. Returns newman's exit code and its report."""
    report = tmp_path / "report.json"
    finished = run(
        "newman", "run", published / COLLECTION,
        "--env-var", f"baseUrl={demo.url}", "--env-var", f"authToken={token}",
        "--reporters", "json", "--reporter-json-export", report,
    )  # fmt: skip
    return finished.returncode, json.loads(report.read_text(encoding="utf-8"))["run"]


def test_the_collection_runs_green_against_the_demo(published, demo, tmp_path):
    """List, fetch, delete, and a fetch that finds nothing any more: every test of the collection passes."""
    code, report = newman(published, demo, tmp_path, demo.password)
    assert [failure["error"]["message"] for failure in report["failures"]] == []
    assert code == 0
    sent = [(it["item"]["name"], it["response"]["code"]) for it in report["executions"]]
    assert sent == [
        ("List Bindings", 200),
        ("Fetch a Binding", 200),
        ("Delete a Binding", 204),
        ("Fetch what was deleted", 404),
    ]
    assert all(len(it["assertions"]) == 3 for it in report["executions"])


def test_the_collection_is_red_where_answers_are_others(published, demo, tmp_path):
    """With a wrong token every status is wrong, and so are the bodies but that of the one which expects an error."""
    code, report = newman(published, demo, tmp_path, "0" * 32)
    assert code == 1
    failed = Counter(failure["error"]["test"] for failure in report["failures"])
    assert failed == {
        "the status is 200": 2,
        "the status is 204": 1,
        "the status is 404": 1,
        "the body is as the contract says": 2,
        "there is no body": 1,
    }


def test_the_collection_has_every_operation_with_every_example(published):
    """Each operation is a request, with an answer saved for each of its examples."""
    items = json.loads((published / COLLECTION).read_text(encoding="utf-8"))["item"]
    saved = {(item["name"], it["code"], it["name"]) for item in items for it in item["response"]}
    shown = {
        (response.operation.spec["summary"], int(response.status), summary)
        for response in specs.responses(specs.CONTRACT)
        for summary in summaries(response)
    }
    assert saved == shown


def summaries(response):
    """Return the summaries of the examples; of a response without a body its description."""
    examples = [example for body in response.content.values() for example in body["examples"].values()]
    return [example["summary"] for example in examples] or [response.spec["description"]]
