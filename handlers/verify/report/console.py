"""Terminal output of verify: the clauses, the progress of a run, and its results."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from ..clause import Clause
from ..clauses.free import free
from ..outcome import Finding, Report, Result
from .texts import (
    SECTIONS,
    count_by_section,
    fuzzing,
    group_by_cause,
    kind,
    lacking,
    list_findings,
    pluralize,
    printable,
    remedy,
    sent_line,
    skipped,
    verdict,
)

SILENCE_S = 5.0
"""Seconds without news after which a line says what the run waits for."""

_STYLES = {"passed": "green", "failed": "bold red", "known": "cyan", "advice": "yellow", "skipped": "dim"}


class LiveProgress:
    """The progress of a run: a bar on a terminal, else a line for each violation and, after a silence, for the wait."""

    def __init__(
        self,
        console: Console,
        total: int,
        *,
        is_failure: Callable[[Result], bool] = lambda result: result.clause.level == "must",
        waits_for: Callable[[], str] = lambda: "",
    ) -> None:
        self._console = console
        self._is_failure = is_failure
        self._total = total
        self._checked = 0
        self._waits_for = waits_for
        self._news = threading.Event()
        self._has_ended = False
        self._watch = threading.Thread(target=self._break_silence, daemon=True)
        self._progress = Progress(
            TextColumn("{task.description}", style="dim"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._has_ended = True
        self._news.set()
        self._watch.join()
        self._progress.stop()

    def start(self, clause: Clause) -> None:
        """Show that a clause is being checked."""
        self._progress.update(self._task, description=f"{clause.id} {escape(clause.title)}")

    def done(self, result: Result) -> None:
        """Show that a clause was checked."""
        self._checked += 1
        self._progress.advance(self._task)
        if self._console.is_terminal or result.outcome == "failed":
            self._news.set()
        if result.outcome == "failed":
            style, word = ("bold red", "violated") if self._is_failure(result) else ("yellow", "advice")
            self._console.print(f"[{style}]{word}[/] {result.clause.id} {escape(result.clause.title)}")

    def _break_silence(self) -> None:
        while not self._has_ended:
            if self._news.wait(SILENCE_S):
                self._news.clear()
            elif waits_for := self._waits_for():
                self._console.print(
                    Text(f"Waits for {printable(waits_for)} ({self._checked} of {self._total} clauses checked)."),
                    soft_wrap=True,
                )


def show_summary(report: Report, console: Console) -> None:
    """Print what a run found: the sections, what was violated and how to see it, what was skipped, the verdict."""
    console.print(_sections(report))
    for result, others in group_by_cause(report):
        _show_violation(report, result, console)
        for other in others:
            _print(f"  also {other.clause.id}", f"({other.clause.level}) {other.clause.title}", console)
    for finding in list_findings(report):
        _show_finding(report, finding, console)
    _show_skipped(report, console)
    for note in report.notes:
        _print("Note", note, console)
    for name, text in report.variables.items():
        _print(f"${name}", text, console)
    _show_target(report, console)
    if report.mended:
        _print("Mended", f"{', '.join(report.mended)}: the baseline can do without.", console)
    if text := fuzzing(report):
        _print("Fuzzing", text, console)
    counts = Counter(kind(report, result) for result in report.results)
    text = ", ".join(f"{counts[each]} {each}" for each in _STYLES if counts[each])
    console.print(f"{text or 'nothing checked'}; {report.requests} requests in {report.duration_s:.1f} s.")
    style = {"conformant": "bold green", "violations": "bold red"}.get(report.verdict, "bold yellow")
    console.print(Text(printable(verdict(report)), style), soft_wrap=True)


def _show_skipped(report: Report, console: Console) -> None:
    for reason, ids in skipped(report).items():
        _print("Skipped", f"{', '.join(ids)}: {reason}.", console)
    lacks = lacking(report)
    if lacks:
        _print("Skipped", remedy(report), console)
    for what, ids in lacks.items():
        _print(f"  no {what}:", ", ".join(ids), console)


def show_clauses(clauses: Sequence[Clause], out_of_reach: Sequence[tuple[str, str]], console: Console) -> None:
    """Print clauses with their level, sentence, source and place in the spec, and the rules that are out of reach."""
    section = ""
    for clause in clauses:
        if clause.section != section:
            section = clause.section
            console.print(f"\n[bold]{SECTIONS[section]}[/]")
        deletes = "; deletes" if clause.deletes else ""
        console.print(f"[bold]{clause.id}[/] ({clause.level}{deletes}) {escape(clause.sentence)}", soft_wrap=True)
        console.print(f"    [dim]{escape(clause.source)}; bindings.yaml#{escape(clause.spec)}[/]", soft_wrap=True)
    console.print("\n[bold]Out of reach[/]")
    for rule, why in out_of_reach:
        console.print(f"{escape(rule)} [dim]{escape(why)}.[/]", soft_wrap=True)
    console.print("\n[bold]Left free[/]")
    for each in free():
        console.print(f"[bold]{each.id}[/] {escape(each.rule)}", soft_wrap=True)
    deleting = sum(bool(clause.deletes) for clause in clauses)
    console.print(f"\n{pluralize(len(clauses), 'clause')}, {deleting} of which delete.")


def _show_target(report: Report, console: Console) -> None:
    if report.choices:
        console.print("\n[bold]What is left free, and what the target chose[/]")
    for choice in report.choices:
        _print(choice.id, f"{choice.rule} {choice.chosen or 'not shown'}.", console)
    for sent in report.last_requests:
        _print("Last", sent_line(sent), console)


def _sections(report: Report) -> Table:
    table = Table("Section", box=None, pad_edge=False)
    for name in _STYLES:
        table.add_column(name, justify="right")
    for section, counts in count_by_section(report).items():
        cells = [f"[{style}]{counts[name]}[/]" if counts[name] else "" for name, style in _STYLES.items()]
        table.add_row(section, *cells)
    return table


def _show_violation(report: Report, result: Result, console: Console) -> None:
    clause, name = result.clause, kind(report, result)
    console.print(f"\n[{_STYLES[name]}]{clause.id}[/] ({clause.level}) [bold]{escape(clause.title)}[/]")
    console.print(escape(clause.sentence), soft_wrap=True)
    _show_details(report, result, console)


def _show_finding(report: Report, finding: Finding, console: Console) -> None:
    style = _STYLES[kind(report, finding)]
    title = Text.assemble(("Fuzzing", style), f" ({finding.level}) ", (printable(finding.title), "bold"))
    console.print()
    console.print(title, soft_wrap=True)
    _show_details(report, finding, console)


def _show_details(report: Report, found: Result | Finding, console: Console) -> None:
    known = report.known_as(found)
    for label, text in (
        ("expected", found.expected),
        ("actual", found.actual),
        ("note", found.detail),
        ("known", known),
    ):
        if text:
            _print(f"  {label:>8}", text, console)
    for line in found.reproduce.split("\n"):
        if line:
            line_as_it_is = Segments([Segment(f"  {printable(line)}\n")])  # a text would have its tabs expanded
            console.print(line_as_it_is, soft_wrap=True, end="")


def _print(label: str, text: str, console: Console) -> None:
    """Print a label and a text of others: never as markup, where `:b:` is a picture and a last backslash is doubled."""
    console.print(Text.assemble((label, "dim"), " ", printable(text)), soft_wrap=True)
