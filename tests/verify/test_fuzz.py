"""`verify --fuzz-examples`: Schemathesis against right servers and wrong ones."""

import os
import signal
import sys
import tempfile
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from chat_bindings.failures import Refusal
from chat_bindings.verify.fuzz.plan import Forbidden, FuzzPlan, Substitutes
from chat_bindings.verify.fuzz.reading import reading
from chat_bindings.verify.fuzz.run import fuzz
from chat_bindings.verify.run import Run
from chat_bindings.verify.world import World

from ..servers.catalogue import by_name
from ..servers.http import serving
from ..servers.right import Right
from ..support.measuring import unmeasured
from ..support.running import cli_output

pytestmark = [pytest.mark.ci("runs Schemathesis many times"), pytest.mark.long]

SERVICE, SID = f"IS{'0' * 31}1", f"BS{'0' * 31}a"


class Recorder(by_name("lenient")):
    """A server that is right but lenient: keeps the requests, and calls a function of a test at the twentieth."""

    def __init__(self, world, at_the_twentieth=lambda: None):
        super().__init__(world)
        self.seen = []
        self.at_the_twentieth = at_the_twentieth

    def answer(self, request):
        self.seen.append((request.method, request.target))
        if len(self.seen) == 20:
            self.at_the_twentieth()
        return super().answer(request)


def run_fuzz(url, world_file, examples=5, *, measured=False, **options):
    """Fuzz with a run that has turned some pages before, and return the findings and the requests."""
    run = Run(url, World.read(world_file), **options)
    try:
        run.target.list(run.world.large, "PageSize=5")
        with nullcontext() if measured else unmeasured():
            return fuzz(run, examples, lambda _: None)
    finally:
        run.target.close()


def export(service):
    return cli_output("export", "--database", service.locator)


def schemathesis_lines():
    """Yield the command lines of the processes that we started and that run Schemathesis."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            line = (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if int(parent) == os.getpid() and b"schemathesis.cli" in line:
            yield line


def test_the_reference_service_has_no_findings_and_loses_nothing(service, world_file):
    """Nothing is found in the reference service, and its export afterwards is that of before."""
    before = export(service)
    assert run_fuzz(service.url, world_file).findings == []
    assert export(service) == before


@pytest.fixture(scope="module", params=[False, True], ids=["deletes", "read-only"])
def recorded(request, world_file, world):
    """Record a run without findings: whether it only reads, its received requests, their counts, command lines."""
    lines = []
    server = Recorder(world.document, lambda: lines.extend(schemathesis_lines()))
    with serving(server) as url:
        examples = 5 if request.param else 20
        outcome = run_fuzz(url, world_file, examples, measured=not request.param, read_only=request.param)
    assert outcome.findings == []
    return request.param, server.seen, outcome.requests, lines


def test_requests_are_counted(recorded):
    """The requests of each operation are counted."""
    read_only, seen, counts, _ = recorded
    assert {name.partition(" ")[0] for name in counts} >= ({"GET"} if read_only else {"GET", "DELETE"})
    assert sum(counts.values()) <= len(seen)


def test_a_delete_never_names_what_is_there(recorded, world_file):
    """Many DELETEs are sent, none with a SID of the world or of the spec's example; with --read-only none at all."""
    read_only, seen, *_ = recorded
    world = World.read(world_file)
    known = {each.sid for account in world.accounts for each in account.bindings} | {f"BS{'a' * 32}"}
    unsafe = [target for method, target in seen if method not in ("GET", "HEAD", "OPTIONS")]
    deletes = [target for method, target in seen if method == "DELETE"]
    assert (len(deletes) == 0) if read_only else (len(deletes) >= 20)
    assert not read_only or not unsafe
    assert not [target for target in unsafe for sid in known if sid.lower() in target.lower()]
    reads = [target for method, target in seen if method == "GET"]
    assert any(sid in target for target in reads for sid in known)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_no_secret_stands_in_the_list_of_processes(recorded, world_file):
    """The command line of Schemathesis holds neither the token nor the credentials encoded."""
    *_, lines = recorded
    credentials = World.read(world_file).credentials
    assert lines
    for line in lines:
        assert credentials.password.encode() not in line
        assert credentials.header.partition(" ")[2].encode() not in line


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_an_interrupted_run_leaves_nothing(world_file, world, tmp_path, monkeypatch):
    """Ctrl-C ends Schemathesis, and its folder is removed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    main = threading.main_thread().ident
    server = Recorder(world.document, lambda: signal.pthread_kill(main, signal.SIGINT))
    with serving(server) as url, pytest.raises(KeyboardInterrupt):
        run_fuzz(url, world_file, measured=True)
    assert list(schemathesis_lines()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("crashes-on-odd-sids", "not_a_server_error"),
        ("errors-are-problem-json", "content_type_conformance"),
        ("forgets-more-info", "response_schema_conformance"),
    ],
)
def test_a_wrong_server_is_found(world_file, world, name, check):
    """A server error, a wrong Content-Type and a broken schema are found, as `must`, each once, without secrets."""
    with serving(by_name(name)(world.document)) as url:
        found = run_fuzz(url, world_file, measured=check == "not_a_server_error").findings
    assert any(each.level == "must" and check in each.title for each in found), found
    assert len({(each.title, each.actual[:10]) for each in found}) == len(found)
    for secret in World.read(world_file).credentials_known():
        assert secret.password not in str(found)
        assert secret.header not in str(found)
    assert all("curl" in each.reproduce and "Authorization" not in each.reproduce for each in found)


def test_what_is_not_a_fault_is_a_should(world_file, world):
    """A missing request id is found, but only as `should`."""
    with serving(by_name("no-request-id")(world.document)) as url:
        found = run_fuzz(url, world_file).findings
    assert found
    assert {each.level for each in found} == {"should"}


def test_schemathesis_is_missing(world_file, monkeypatch):
    """A missing Schemathesis is an error that names its installation."""
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    with pytest.raises(Refusal, match=r"pip install 'chat-bindings\[fuzz\]'"):
        fuzz(Run("http://127.0.0.1:1", World.read(world_file)), 1, lambda _: None)


def test_schemathesis_fails(world_file, world):
    """The last lines of Schemathesis are reported when it cannot run."""
    with serving(Right(world.document)) as url, pytest.raises(Refusal, match="max-examples"):
        run_fuzz(url, world_file, 0)


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("valid", f"{SERVICE}/Bindings"),
        ("valid", f"{SERVICE}/Bindings/{SID}"),
        ("valid", f"{SERVICE}/Bindings?Identity=a%2Cb&Identity=%C3%BC&BindingType=apn&PageSize=1000&Page=3"),
        ("invalid", f"{SERVICE}/Bindings?PageSize=1001"),
        ("invalid", f"{SERVICE}/Bindings?PageSize=00"),
        ("invalid", f"{SERVICE}/Bindings?PageSize=five"),
        ("invalid", f"{SERVICE}/Bindings?Unknown=1"),
        ("invalid", f"{SERVICE}/Bindings?BindingType=web"),
        ("invalid", f"{SERVICE}/Bindings?PageToken=mine"),
        ("invalid", f"{SERVICE}/Bindings/{SID}?PageSize=5"),
        ("invalid", f"{SERVICE}/Bindings/{SID}0"),
        ("free", f"{SERVICE}/Bindings?PageToken=given"),
        ("free", f"{SERVICE}/Bindings?PageToken="),
        ("free", f"{SERVICE}/Bindings?Identity="),
        ("free", f"{SERVICE}/Bindings?PageSize=05"),
        ("free", f"{SERVICE}/Bindings?PageSize=five&PageSize=5"),
        ("free", f"{SERVICE}/Bindings?Page=2147483647"),
        ("free", f"{SERVICE}/Bindings?" + "&".join(["Identity=a"] * 11)),
        ("free", f"{SERVICE}/Bindings/{SID.replace('a', 'A')}"),
        ("odd", f"{SERVICE}/Bindings?Identity=%ZZ"),
        ("odd", f"{SERVICE}/Bindings?Identity=%FF"),
        ("odd", f"{SERVICE}/Bindings?Identity=%00"),
        ("odd", f"{SERVICE}/Bindings/"),
        ("odd", f"{SERVICE}/Bindings/a%2Fb"),
        ("odd", "../Bindings"),
    ],
)
def test_how_the_contract_reads_a_request(expected, url):
    """Requests that the contract leaves to the server are neither valid nor invalid."""
    assert reading(f"http://localhost/prefix/v2/Services/{url}", "/prefix", ["given"]) == expected


def test_what_may_not_be_sent_is_stopped():
    """The last guard lets nothing go elsewhere, and no SID be deleted but one made up here."""
    substitutes = Substitutes(FuzzPlan("http://localhost:1", {SERVICE: [SID]}, [], []))
    base = f"http://localhost:1/v2/Services/{SERVICE}/Bindings"
    substitutes.check("GET", f"{base}/{SID}")
    for url in (f"{base}/{SID}", f"{base}/{SID.upper()}", f"{base}/%42S{SID[2:]}", f"{base}/%2542S{SID[2:]}"):
        with pytest.raises(Forbidden):
            substitutes.check("DELETE", url)
    with pytest.raises(Forbidden):
        substitutes.check("GET", f"http://localhost:2/v2/Services/{SERVICE}/Bindings")
    absent = substitutes.path("DELETE", {"ServiceSid": SERVICE, "Sid": SID})
    assert absent["ServiceSid"] == SERVICE
    assert absent["Sid"] != SID
    substitutes.check("DELETE", f"{base}/{absent['Sid']}")
    assert substitutes.path("DELETE", {"ServiceSid": SERVICE, "Sid": ""})["ServiceSid"] != SERVICE
    assert substitutes.path("POST", {"ServiceSid": SERVICE})["ServiceSid"] != SERVICE


def test_what_a_server_may_choose_is_no_finding(world_file, world):
    """A server that is right but lenient has no findings."""
    with serving(by_name("lenient")(world.document)) as url:
        assert run_fuzz(url, world_file, measured=True).findings == []
