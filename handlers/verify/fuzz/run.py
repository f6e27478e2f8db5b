"""`verify --fuzz-examples`: Schemathesis fuzzes the target, in a process of its own."""

import importlib.util
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

from ...failures import Refusal
from ...files import scratch
from ..outcome import Finding
from ..run import Run
from ..target import Target
from ..violation import CannotRun, TargetGone, Violation
from .findings import findings, left_out, sent
from .plan import AUTHORIZATION, PLAN, FuzzPlan

_CONFIGURATION = """
hooks = "%(hooks)s"
headers = { Authorization = "${%(authorization)s}" }
workers = 1
continue-on-failure = true
request-timeout = %(timeout)s
max-redirects = 0
%(tls)s

[generation]
mode = "all"
database = "none" # a seed alone reproduces a run
no-shrink = true

[cache]
enabled = false

[checks]
enabled = true

[checks.object_level_authorization] # needs a second account: the clauses have it
enabled = false

[phases.coverage]
unexpected-methods = %(methods)s

[phases.fuzzing]
extra-data-sources.responses = false

[output.sanitization]
enabled = false # it would change URLs; what leaves the folder is hidden by ourselves
"""

_METHODS = ["put", "post", "patch", "delete", "options"]
_SEED = 1
_FOUND = (0, 1)
"""Exit codes of a complete run of Schemathesis."""
_LAST_LINES = 15
_FOREIGN = ("SCHEMATHESIS_", "HYPOTHESIS_", "CHAT_BINDINGS_", "PYTHONWARNINGS")


def check_fuzzing() -> None:
    """Refuse to fuzz where Schemathesis is not installed."""
    if importlib.util.find_spec("schemathesis") is None:
        raise Refusal("--fuzz-examples needs Schemathesis: pip install 'chat-bindings[fuzz]'.")


class Fuzzed(NamedTuple):
    """The outcome of fuzzing."""

    findings: list[Finding]
    requests: dict[str, int]
    """The number of requests to each operation."""


def fuzz(run: Run, examples: int, announce: Callable[[str], None]) -> Fuzzed:
    """Let Schemathesis try some examples of each operation. Deletes nothing.

    Raises `Refusal` when Schemathesis is missing or fails, `CannotRun` when the target is gone.
    """
    check_fuzzing()
    announce(f"Fuzzes with {examples} examples for each operation; a DELETE names Bindings that do not exist.")
    with scratch() as folder:
        report = folder / "report.ndjson"
        status = _run_schemathesis(run, examples, folder, report)
        if status is None:
            announce(f"Schemathesis was ended after {_bound(examples)} s: its findings until then are reported.")
        elif status not in _FOUND:
            _check_target(run)
            raise Refusal(f"Schemathesis failed ({status}): {run.secrets.hidden(_last_lines(folder / 'log'))}")
        report.touch()
        found = findings(report, run)
        requests = sent(report)
        for each in left_out(report):
            announce(f"Schemathesis could not finish {run.secrets.hidden(each)}.")
    if not any(finding.level == "must" for finding in found):
        _check_target(run)
    return Fuzzed(found, requests)


def _run_schemathesis(run: Run, examples: int, folder: Path, report: Path) -> int | None:
    """Its exit status; None when it took too long and was ended."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps(FuzzPlan.of(run).as_json()), encoding="utf-8")
    (folder / "schemathesis.toml").write_text(_configuration(run, folder), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)} | {
        PLAN: str(plan),
        AUTHORIZATION: run.world.credentials.header,
        "NETRC": str(folder / "netrc"),  # there is none: ~/.netrc would replace the credentials
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(folder),
    }
    with as_file(files("chat_bindings.openapi") / "bindings.yaml") as spec, (folder / "log").open("wb") as log:
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"),
            "run", str(spec), "--url", run.target.base_url, "--no-color", "--phases", "examples,coverage,fuzzing",
            "--max-examples", str(examples), "--seed", str(_SEED), *_exclusions(run),
            "--report", "ndjson", "--report-ndjson-path", str(report),
        ]  # fmt: skip
        process = subprocess.Popen(  # noqa: S603 - our own command, without a shell
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            return process.wait(_bound(examples))
        except subprocess.TimeoutExpired:
            return None
        finally:  # Ctrl-C too: `subprocess.run` would not wait for the end then
            process.kill()
            process.wait()


def _exclusions(run: Run) -> list[str]:
    return ["--exclude-method", "DELETE"] if run.read_only else []


def _configuration(run: Run, folder: Path) -> str:
    tls = ""
    if run.context is not None and run.context.verify_mode is ssl.CERT_NONE:
        tls = "tls-verify = false"
    elif run.context is not None:
        authorities = folder / "authorities.pem"
        authorities.write_text(_authorities(run.context), encoding="utf-8")
        tls = f"tls-verify = {json.dumps(str(authorities))}"
    methods = ["options"] if run.read_only else _METHODS
    return _CONFIGURATION % {
        "hooks": f"{__package__}.hooks",
        "authorization": AUTHORIZATION,
        "timeout": run.timeout,
        "tls": tls,
        "methods": json.dumps(methods),
    }


def _authorities(context: ssl.SSLContext) -> str:
    """Whom a context trusts, and the usual authorities, in PEM."""
    import certifi

    own = [ssl.DER_cert_to_PEM_cert(each) for each in context.get_ca_certs(binary_form=True)]
    return "".join([*own, Path(certifi.where()).read_text(encoding="utf-8")])


def _check_target(run: Run) -> None:
    """Raise `CannotRun` when the target does not answer any more."""
    target = Target(run.base_url, run.world, run.context, run.timeout)
    try:
        with suppress(Violation):  # other requests are answered
            target.list(run.world.rich, "PageSize=1")
    except TargetGone as gone:
        raise CannotRun(f"{gone}. Look whether it is still running, and verify again.") from gone
    finally:
        target.close()


def _bound(examples: int) -> int:
    """Seconds after which Schemathesis is ended."""
    return 60 + 2 * examples


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
