"""`chat-bindings verify`: check whether a server keeps the contract."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..failures import Refusal
from .options import Whole, option

if TYPE_CHECKING:
    import ssl

    from ..verify.baseline import Baseline
    from ..verify.clause import Clause
    from ..verify.run import Run
    from ..verify.world import World

_NOT_CONFORMANT = 1
_COULD_NOT_RUN = 2

_seconds = click.FloatRange(0, min_open=True)
_file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command()
@click.argument("base_url", metavar="BASE_URL", required=False)
@option("--fixtures", metavar="WORLD.json", type=_file, help="The world that the target holds; see `fixtures`.")
@option("--strict", is_flag=True, help="Fail on a violated `should` as well.")
@option("--read-only", is_flag=True, help="Leave out whatever deletes.")
@option("--only", metavar="PATTERN", multiple=True, help="Clauses to check: PAGE-05, PAGE, 'AUTH-1*'. Repeatable.")
@option("--list", "listing", is_flag=True, help="Print the clauses instead of checking them.")
@option("--fuzz-examples", metavar="N", type=Whole(0, 1_000_000), default=0, help="Fuzz too, with N examples each.")
@option("--report-dir", metavar="DIR", type=click.Path(file_okay=False, path_type=Path), help="Where reports go.")
@option("--baseline", metavar="FILE", type=_file, help="Known violations: a report.json, or lines with id and reason.")
@option("--public-url", metavar="URL", help="What all URLs of answers must begin with, where it is not BASE_URL.")
@option("--timeout", metavar="S", type=_seconds, default=10.0, show_default=True, help="Seconds for each whole answer.")
@option("--wait", metavar="S", type=click.FloatRange(0), default=0.0, help="Seconds to wait for a target to come up.")
@option("--ca-file", metavar="FILE", type=_file, help="Authorities to trust besides the system's, in PEM.")
@option("--insecure", is_flag=True, help="Accept any certificate.")
def verify(  # noqa: PLR0913 - the command's options
    *,
    base_url: str | None,
    fixtures: Path | None,
    strict: bool,
    read_only: bool,
    only: tuple[str, ...],
    listing: bool,
    fuzz_examples: int,
    report_dir: Path | None,
    baseline: Path | None,
    public_url: str | None,
    timeout: float,
    wait: float,
    ca_file: Path | None,
    insecure: bool,
) -> int:
    """Prove or disprove that a server keeps the contract.

    The target at BASE_URL must hold the world of --fixtures: make one with `chat-bindings fixtures`, load it into your
    system, and verify. A system that assigns its own SIDs and tokens has them written into that file. Nothing else of
    the target is needed. A full run deletes some Bindings of the world, and says before which ones; load the world
    again for another run.

    \b
    Exit codes: 0 the target keeps the contract; 1 it does not; 2 it could not be verified.

    \b
    Examples:
      chat-bindings verify https://chat.example.com --fixtures world.json
      chat-bindings verify http://127.0.0.1:8000 --fixtures world.json --strict --report-dir report
      chat-bindings verify --list --only PAGE
    """
    clauses = _chosen(only)
    if listing:
        return _show(clauses, report_dir)
    if base_url is None:
        raise Refusal("BASE_URL is missing: the URL below which the target serves /v2/Services.")
    if fixtures is None:
        raise Refusal(
            "--fixtures (or CHAT_BINDINGS_VERIFY_FIXTURES) is missing: the world that the target holds. Make one with "
            "`chat-bindings fixtures -o world.json`, and load it into the target."
        )
    from ..verify.run import Run, checked_url
    from ..verify.violation import CannotRun

    try:
        run = Run(
            checked_url(base_url),
            _world(fixtures),
            strict,
            read_only,
            only,
            _context(ca_file, insecure=insecure),
            timeout,
            wait,
            _baseline(baseline),
            public_url="" if public_url is None else checked_url(public_url, "--public-url"),
        )
    except CannotRun as error:
        raise Refusal(f"{error}") from error
    return _verify(run, fuzz_examples, report_dir, [fixtures, *([baseline] if baseline else [])])


def _chosen(only: Sequence[str]) -> "list[Clause]":
    from ..verify.suite import chosen

    for pattern in only:
        if not chosen([pattern]):
            raise Refusal(f"--only {pattern} matches no clause: `chat-bindings verify --list` prints their ids.")
    return chosen(only)


def _baseline(path: Path | None) -> "Baseline | None":
    from ..verify.baseline import BadBaseline, Baseline
    from ..verify.suite import clauses

    try:
        return None if path is None else Baseline.read(path, {clause.id for clause in clauses()})
    except BadBaseline as error:
        raise Refusal(f"--baseline {path}: {error}.") from None


def _show(clauses: "Sequence[Clause]", report_dir: Path | None) -> int:
    from rich.console import Console

    from ..verify.report.console import show_clauses
    from ..verify.report.files import write_clauses
    from ..verify.suite import OUT_OF_REACH

    if report_dir is not None:
        write_clauses(clauses, OUT_OF_REACH, report_dir)
    show_clauses(clauses, OUT_OF_REACH, Console(highlight=False))
    return 0


def _verify(run: "Run", fuzz_examples: int, report_dir: Path | None, inputs: Sequence[Path]) -> int:
    from rich.console import Console

    from ..verify.fuzz.run import check_fuzzing
    from ..verify.report.console import LiveProgress, show_summary
    from ..verify.report.github import annotate, is_used, without_commands
    from ..verify.violation import CannotRun

    console = Console(stderr=True, highlight=False)
    if fuzz_examples:
        check_fuzzing()
    if report_dir is not None:
        _write(run, report_dir, inputs)  # before anything is sent: a folder that cannot be written to is said now
    try:
        waits_for = run.target.waits_for
        is_failure = run.report.is_failure
        with LiveProgress(console, len(run.clauses), is_failure=is_failure, waits_for=waits_for) as progress:
            run.started, run.done = progress.start, progress.done
            run.announce = lambda: _announce(run, console)
            run.go()
        if fuzz_examples:
            _fuzz(run, fuzz_examples, console)
    except CannotRun as error:
        raise Refusal(run.secrets.hidden(f"{error}")) from error
    finally:
        if report_dir is not None:
            _write(run, report_dir, inputs)
        if run.report.results or run.report.last_requests:
            with without_commands():
                show_summary(run.report, Console(highlight=False))
            if is_used():
                annotate(run.report)
    return {"conformant": 0, "violations": _NOT_CONFORMANT}.get(run.report.verdict, _COULD_NOT_RUN)


def _announce(run: "Run", console: Any) -> None:
    deletable = run.report.deletable
    if not deletable:
        console.print("Deletes nothing.")
        return
    console.print(f"May delete {len(deletable)} Bindings of the world, and nothing else:")
    console.print(" ".join(deletable), soft_wrap=True)


def _fuzz(run: "Run", examples: int, console: Any) -> None:
    from ..verify.fuzz.run import fuzz

    run.report.fuzz_examples = examples
    run.report.stopped = "The run was interrupted while it fuzzed."
    fuzzed = fuzz(run, examples, partial(console.print, markup=False))
    run.report.findings, run.report.fuzz_requests = fuzzed
    run.report.requests += sum(fuzzed.requests.values())
    run.name_variables()
    run.report.stopped = ""


def _write(run: "Run", report_dir: Path, inputs: Sequence[Path]) -> None:
    from ..verify.report.files import write_reports

    write_reports(run.report, report_dir, inputs)


def _world(fixtures: Path) -> "World":
    """Read the world of a file. Raises `Refusal` by the rules of `import`, with line and JSON pointer."""
    from ..files import scratch
    from ..storage.engines import administration
    from ..verify.world import World, WorldUnfit
    from ..world.loader import load
    from ..world.reader import WorldError
    from ..world.source import open_seekable

    try:
        with (
            scratch() as folder,
            open_seekable(str(fixtures)) as file,
            administration(f"sqlite:///{folder}/world.db") as storage,
        ):
            storage.migrate()
            with storage.load() as loader:
                load(loader, file, lambda _: None, replace=False)
        return World.read(fixtures)
    except WorldError as error:
        raise Refusal(f"--fixtures {fixtures}, {error}.") from None
    except WorldUnfit as error:
        raise Refusal(f"--fixtures {fixtures} cannot be verified with: {error}.") from None


def _context(ca_file: Path | None, *, insecure: bool) -> "ssl.SSLContext | None":
    if ca_file is None and not insecure:
        return None
    import ssl

    context = ssl.create_default_context()
    if insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if ca_file is None:
        return context
    try:
        context.load_verify_locations(ca_file)
    except (ssl.SSLError, OSError) as error:
        raise Refusal(f"--ca-file {ca_file} holds no certificates in PEM: {error}.") from None
    return context
