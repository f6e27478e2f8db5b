"""The measured sections of the guides: each make target that measures writes its own."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

GUIDES = Path(__file__).parents[2] / "openapi" / "guides"


def write(guide: str, section: str, machine: str, lines: Sequence[str]) -> Path:
    """Replace a section of a guide, between its two markers, by a sentence on machine and date, and some lines.

    The markers are link reference definitions of Markdown, which no page shows. Raises ValueError for a section that
    the guide lacks.
    """
    path = GUIDES / f"{guide}.md"
    text = path.read_text(encoding="utf-8")
    begin, end = f"[figures-{section}]: # 'written by make'\n", f"[end-{section}]: # 'written by make'\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{path.name} has no section {section}: it begins with {begin.strip()}")
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine}"
    body = "\n".join([begin, measured, "", *lines, "", end])
    path.write_text(pattern.sub(lambda _: body, text), encoding="utf-8")
    return path
