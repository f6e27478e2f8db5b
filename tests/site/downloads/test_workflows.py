"""The Arazzo document runs with Redocly's runner against the real service, and red where it should."""

import json
import shutil
from collections import Counter

import pytest
import yaml

from ...support import specs
from ...support.answers import operations
from ...support.raw import basic
from .tools import run

pytestmark = [pytest.mark.ci("needs Redocly's runner, which npm brings"), pytest.mark.needs("node")]

WORKFLOWS = "workflows.arazzo.yaml"
TYPE = "apn"
"""The type by which the document filters."""


@pytest.fixture(scope="module")
def user(world):
    """Return the identity with the most devices, one of them of the type in question."""
    identities = (each["identity"] for each in world.hundred["bindings"] if each["binding_type"] == TYPE)
    return Counter(identities).most_common(1)[0][0]


def respect(folder, published, service, world, user, *workflows):
    """Run workflows as published. Returns the runner's exit code, and the requests of each by workflow."""
    for name in (WORKFLOWS, specs.CONTRACT):
        shutil.copy(published / name, folder)
    inputs = {
        "authorization": basic(*world.auth),
        "service_sid": world.hundred["sid"],
        "identity": user,
        "page_size": 30,
    }
    finished = run(
        "redocly", "respect", folder / WORKFLOWS, *(argument for name in workflows for argument in ("-w", name)),
        "--server", f"bindings={service.url}", "--input", json.dumps(inputs), "-J", folder / "report.json",
        REDOCLY_TELEMETRY="off",
    )  # fmt: skip
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    (file,) = report["files"].values()
    return finished, {each["workflowId"]: list(steps(each)) for each in file["executedWorkflows"]}


def steps(workflow):
    """Return the ids of the steps that were run, those of nested workflows too."""
    for step in workflow["executedSteps"]:
        if "executedSteps" in step:
            yield from steps(step)
        else:
            yield step["stepId"]


def test_the_workflows_run_green(tmp_path, published, service, world, client, user):
    """Filtering, walking to the last page, and cleaning up after a user, who has nothing left: no check fails."""
    devices = sum(each["identity"] == user for each in world.hundred["bindings"])
    assert devices > 1
    finished, ran = respect(
        tmp_path, published, service, world, user, "filter_a_list", "walk_the_pages", "clean_up_after_a_user"
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert ran == {
        "filter_a_list": ["of_a_user", "of_a_type", "of_the_user_and_of_the_type"],
        "walk_the_pages": ["first_page", "page", "page", "page"],
        "clean_up_after_a_user": ["list", "fetch", "delete", "fetch_again", "list_again"] * devices,
    }
    url = f"/v2/Services/{world.hundred['sid']}/Bindings"
    assert client.get(url, params={"Identity": user}).json()["bindings"] == []


def test_the_workflows_are_red_where_answers_are_others(tmp_path, published, service, world):
    """A user without Bindings fails the steps that check the response, and the runner ends with 1."""
    finished, ran = respect(tmp_path, published, service, world, "nobody", "filter_a_list", "clean_up_after_a_user")
    assert finished.returncode == 1
    assert ran == {"filter_a_list": ["of_a_user"], "clean_up_after_a_user": ["list"]}
    assert finished.stdout.count("✗ success criteria check") >= 2


def test_the_workflows_are_of_the_contract():
    """The document has the version of the contract, and uses each of its operations."""
    text = (specs.FOLDER / WORKFLOWS).read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert document["info"]["version"] == specs.load(specs.CONTRACT)["info"]["version"]
    used = {step.get("operationId") for workflow in document["workflows"] for step in workflow["steps"]} - {None}
    assert used == operations(specs.CONTRACT).keys()
