"""The guides on running the service, from their Markdown: what is done when, with the commands that do it."""

from functools import cache
from typing import NamedTuple

from ..spec import directory
from . import markdown
from .markdown import Heading

NAMES = ("deploy", "back-up", "upgrade", "rotate-credentials", "erasure")
"""The guides by the names of their pages, in the order in which a service meets them."""


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
