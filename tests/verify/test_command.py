"""`chat-bindings verify` against the running reference: findings, deletes, files and refusals."""

import json
import re
import signal
import subprocess
import threading
from html import unescape
from itertools import chain
from pathlib import Path

import jsonschema
import pytest
from junitparser import JUnitXml

from chat_bindings.verify.clauses.free import free
from chat_bindings.verify.report.texts import SECTIONS
from chat_bindings.verify.suite import OUT_OF_REACH, chosen, clauses

from ..conftest import load
from ..servers.catalogue import by_name
from ..servers.http import serving
from ..servers.right import Right
from ..support import specs
from ..support.running import CLI, Service, cli_output, environment, run_cli
from .judging import verified

SCHEMA = specs.load("report.yaml")


def verify(url, world_file, *options):
    """Run the command."""
    return run_cli("verify", url, "--fixtures", world_file, *options)


def report_in(folder: Path):
    """Read a report.json, which holds to its schema."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, SCHEMA)
    return report


def exported(service: Service):
    """Export a service's database."""
    return cli_output("export", "--database", service.locator)


def sids(export: str):
    """List the SIDs of the Bindings of an export."""
    return set(re.findall(r'"sid": ?"(BS\w+)"', export))


def secrets(world):
    """List all secrets of a world."""
    return [account["auth_token"] for account in (world.a, world.b)] + [world.key["secret"]]


@pytest.fixture
def fresh(tmp_path, world_file):
    """Start a reference of one's own, since a run deletes."""
    with Service(load(tmp_path / "fresh.db", world_file)) as running:
        yield running


def test_the_reference_keeps_every_clause(fresh, world_file, world, tmp_path):
    """A strict run against the reference passes every clause and skips none; it deletes what it announced alone."""
    before = sids(exported(fresh))
    run = verify(fresh.url, world_file, "--strict", "--report-dir", tmp_path / "report")
    assert run.returncode == 0, run.stdout + run.stderr
    report = report_in(tmp_path / "report")
    assert report["verdict"] == "conformant"
    assert {clause["outcome"] for clause in report["clauses"]} == {"passed"}
    assert [each["id"] for each in report["choices"]] == [each.id for each in free()]
    assert "The target keeps the contract." in run.stdout
    gone = before - sids(exported(fresh))
    assert gone == set(report["deleted"]) <= set(report["deletable"])
    assert all(sid in run.stderr for sid in report["deletable"])
    suites = JUnitXml.fromfile(str(tmp_path / "report" / "junit.xml"))
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (len(report["clauses"]), 0, 0, 0)
    for path in (tmp_path / "report").iterdir():
        assert not [secret for secret in secrets(world) if secret in path.read_text(encoding="utf-8")], path.name


def test_read_only_changes_nothing(service, world_file, tmp_path):
    """With --read-only an export before and after is the same; what deletes is skipped, and counted."""
    before = exported(service)
    only = [word for section in ("AUTH", "DELETE", "RACE") for word in ("--only", section)]
    run = verify(service.url, world_file, "--strict", "--read-only", *only, "--report-dir", tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert exported(service) == before
    report = report_in(tmp_path)
    assert report["deletable"] == report["deleted"] == []
    skipped = [clause["id"] for clause in report["clauses"] if clause["outcome"] == "skipped"]
    assert skipped == [each.id for each in chosen(only[1::2]) if each.deletes]
    assert "Deletes nothing." in run.stderr
    assert f"{len(skipped)} skipped" in run.stdout


def test_only_what_was_chosen_is_checked(service, world_file, tmp_path):
    """--only chooses by id, section or pattern; what matches nothing is refused."""
    run = verify(service.url, world_file, "--only", "PAGE-0*", "--only", "fetch", "--report-dir", tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert {clause["id"][:5] for clause in report_in(tmp_path)["clauses"]} == {"PAGE-", "FETCH"}
    refused = verify(service.url, world_file, "--only", "PAGE-99")
    assert refused.returncode == 2
    assert "--only PAGE-99 matches no clause" in refused.stderr


def test_a_violation_is_shown_with_the_curl_line_that_reproduces_it(world_file, world, tmp_path):
    """A violated `must` is exit 1, with what was expected, what came, and a curl line that shows it when it is run."""
    with serving(by_name("no-challenge")(world.document)) as url:
        run = verify(url, world_file, "--only", "AUTH-05", "--report-dir", tmp_path)
        assert run.returncode == 1
        [clause] = report_in(tmp_path)["clauses"]
        line = clause["reproduce"].splitlines()[0]
        assert line in run.stdout.replace("\n  ", "\n")
        shown = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=True)
    assert clause["expected"] == "WWW-Authenticate: Basic"
    assert " 401 " in shown.stdout.splitlines()[0]
    assert "www-authenticate" not in shown.stdout.lower()
    assert JUnitXml.fromfile(str(tmp_path / "junit.xml")).failures == 1


def test_advice_does_not_fail_a_run_that_is_not_strict(world_file, world, tmp_path):
    """A violated `should` is advice, and fails with --strict alone."""
    with serving(by_name("no-request-id")(world.document)) as url:
        lenient = verify(url, world_file, "--only", "HTTP-01", "--report-dir", tmp_path)
        strict = verify(url, world_file, "--only", "HTTP-01", "--strict")
    assert (lenient.returncode, strict.returncode) == (0, 1)
    assert "1 advice" in lenient.stdout
    assert JUnitXml.fromfile(str(tmp_path / "junit.xml")).failures == 0


def test_an_interrupted_run_leaves_a_report(world_file, world, tmp_path):
    """An interrupted run ends with 130, and its report lists the checks so far."""
    deleting = threading.Event()

    class NeverDeletes(Right):
        def answer(self, request):
            answer = super().answer(request)
            if request.method == "DELETE":
                deleting.set()
                answer.delay_s = 60
            return answer

    with serving(NeverDeletes(world.document)) as url:
        command = [*CLI, "verify", url, "--fixtures", str(world_file), "--report-dir", str(tmp_path)]
        command += ["--only", "FETCH", "--only", "DELETE-01"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        ) as run:
            assert deleting.wait(60)
            run.send_signal(signal.SIGINT)
            printed, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    report = report_in(tmp_path)
    assert report["verdict"] == "incomplete"
    assert report["stopped"] == "The run was interrupted."
    assert report["requests"] > 0
    assert "did not come to its end" in printed
    assert JUnitXml.fromfile(str(tmp_path / "junit.xml")).errors == 1


def test_clauses_are_listed_and_explained(tmp_path):
    """--list prints clauses, rules that are free and rules out of reach; --report-dir explains them in files."""
    listed = cli_output("verify", "--list", "--report-dir", tmp_path)
    explained = json.loads((tmp_path / "clauses.json").read_text(encoding="utf-8"))
    page = unescape((tmp_path / "clauses.html").read_text(encoding="utf-8"))
    assert [(each["id"], each["deletes"]) for each in explained["clauses"]] == [
        (each.id, bool(each.deletes)) for each in clauses()
    ]
    assert [each["id"] for each in explained["free"]] == [each.id for each in free()]
    assert explained["out_of_reach"] == [{"rule": rule, "reason": reason} for rule, reason in OUT_OF_REACH]
    for each in clauses():
        assert f'id="{each.id}"' in page
        assert f"bindings.yaml#{each.spec}" in listed
        assert each.sentence in listed
    for each in free():
        assert f'id="{each.id}"' in page
        assert f"{each.id} {each.rule}" in listed
    assert all(reason in page for _, reason in OUT_OF_REACH)
    assert all(text in listed for text in (*chain(*OUT_OF_REACH), *SECTIONS.values()))
    assert "PAGE-05" in cli_output("verify", "--list", "--only", "PAGE")


def test_a_world_that_is_held_in_part_gets_violations(world_file):
    """A world of which some Bindings are missing gets violations, and not an error that no run could be made."""
    document = json.loads(world_file.read_text(encoding="utf-8"))
    for service in document["accounts"][0]["services"]:
        del service["bindings"][::2]
    with serving(Right(document)) as url:
        report = verified(url, world_file, ["FETCH-01", "LIST-07"])
    assert [each.outcome for each in report.results] == ["failed", "failed"]
