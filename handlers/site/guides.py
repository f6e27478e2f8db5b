"""The guides: Markdown files of openapi/guides."""

from functools import cache
from typing import NamedTuple

from ..spec import directory
from . import markdown
from .markdown import Heading

NAMES = (
    "test-clients",
    "verify",
    "worlds",
    "clients",
    "generators",
    "deploy",
    "security",
    "postgresql",
    "monitor",
    "back-up",
    "upgrade",
    "rotate-credentials",
    "erasure",
    "performance",
    "resilience",
)
"""The names of the guides' pages: first about testing, then about operating."""


class Guide(NamedTuple):
    """A guide: its title, and its introduction and body in Markdown."""

    title: str
    introduction: str
    body: str

    @property
    def headings(self) -> list[Heading]:
        """List the headings of its parts."""
        return markdown.headings(self.body)


@cache
def guides() -> dict[str, Guide]:
    """Read all guides, by the names of their pages."""
    folder = directory() / "guides"
    return {name: _parse((folder / f"{name}.md").read_text(encoding="utf-8")) for name in NAMES}


def _parse(text: str) -> Guide:
    introduction, _, body = text.partition("\n## ")
    title, _, introduction = introduction.partition("\n")
    return Guide(title.removeprefix("# "), introduction.strip(), f"## {body}")
