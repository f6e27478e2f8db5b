"""The guides: Markdown files of openapi/guides, as pages of the site."""

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
"""The guides by the names of their pages: for those who test, then for those who operate."""


class Guide(NamedTuple):
    """A guide: what it is called, what it begins with, and the rest of it in Markdown."""

    title: str
    introduction: str
    body: str

    @property
    def headings(self) -> list[Heading]:
        """The headings of its parts."""
        return markdown.headings(self.body)


@cache
def guides() -> dict[str, Guide]:
    """All guides by the names of their pages."""
    folder = directory() / "guides"
    return {name: _parsed((folder / f"{name}.md").read_text(encoding="utf-8")) for name in NAMES}


def _parsed(text: str) -> Guide:
    introduction, _, body = text.partition("\n## ")
    title, _, introduction = introduction.partition("\n")
    return Guide(title.removeprefix("# "), introduction.strip(), f"## {body}")
