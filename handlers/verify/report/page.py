"""The reports of verify as pages: one file each, without scripts, that loads nothing."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ...markup import Markup, escape
from ..clause import Clause
from ..clauses.free import free
from ..outcome import Report
from .texts import (
    SECTIONS,
    by_section,
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

_CODE = re.compile("`([^`]+)`")


def report_page(report: Report) -> str:
    """Render a report as a page."""
    counts = Counter(kind(report, result) for result in report.results)
    return _render(
        "report.html.j2",
        report=report,
        started_at=report.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S GMT"),
        verdict=verdict(report),
        counts={name: counts[name] for name in ("passed", "failed", "known", "advice", "skipped")},
        violations=group_by_cause(report),
        findings=list_findings(report),
        skipped=skipped(report),
        lacking=lacking(report),
        remedy=remedy(report),
        sections=by_section(report.results),
        kind=lambda result: kind(report, result),
        fuzzing=fuzzing(report),
        last_requests=[sent_line(each) for each in report.last_requests],
        pluralize=pluralize,
    )


def clauses_page(clauses: Sequence[Clause], out_of_reach: Sequence[tuple[str, str]]) -> str:
    """Render what the clauses say as a page."""
    sections = {
        name: [clause for clause in clauses if clause.section == section]
        for section, name in SECTIONS.items()
        if any(clause.section == section for clause in clauses)
    }
    return _render("clauses.html.j2", sections=sections, out_of_reach=out_of_reach, free=free(), count=len(clauses))


def marked(text: str) -> Markup:
    """Mark what stands between backticks in a text as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", escape(printable(text))))


def _render(template: str, **context: Any) -> str:
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("style.css.j2").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.filters["marked"] = marked
    environment.globals |= {
        "style": Markup(style),
        "policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
    }
    return environment
