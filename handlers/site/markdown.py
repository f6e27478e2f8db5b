"""Markdown of the specs, the guides and the change log, as HTML and as plain text."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token

from ..markup import Markup


class Heading(NamedTuple):
    """A heading, and its anchor."""

    anchor: str
    title: str


def html(text: str, *, deeper: int = 0) -> Markup:
    """Render a text as HTML, with headings some levels deeper and with anchors. HTML in the text is escaped."""
    tokens = _parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1:]) + deeper}"
    return Markup(_markdown().renderer.render(tokens, _markdown().options, {}))  # markdown-it escapes


def inline(text: str) -> Markup:
    """Render a text of one paragraph as HTML, without the paragraph's tag."""
    return Markup(_markdown().renderInline(" ".join(text.split())))


def headings(text: str, tag: str = "h2") -> list[Heading]:
    """List the headings of a level."""
    tokens = _parse(text)
    return [
        Heading(str(token.attrs["id"]), following.content)
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.tag == tag
    ]


def sections(text: str) -> dict[Heading, str]:
    """Map each heading of the second level to the plain text below it."""
    parts = re.split(r"^## .*\n", text, flags=re.MULTILINE)[1:]
    return {heading: plain(part) for heading, part in zip(headings(text), parts, strict=True)}


def rows(text: str) -> list[list[str]]:
    """List the cells of all tables, by row, without header rows."""
    found: list[list[str]] = []
    cell = False
    for token in _parse(text):
        if token.type == "tr_open":
            found.append([])
        elif token.type in ("td_open", "td_close"):
            cell = token.type == "td_open"
        elif token.type == "inline" and cell:
            found[-1].append(token.content)
    return [row for row in found if row]


def plain(text: str) -> str:
    """Strip the marks of Markdown from a text."""
    return " ".join(re.sub(r"[`*|#]|---", " ", text).split())


def _parse(text: str) -> list[Token]:
    tokens = _markdown().parse(text)
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"[^a-z0-9.]+", "-", following.content.lower()).strip("-"))
    return tokens


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for kind in ("fence", "code_block"):
        parser.add_render_rule(kind, _block)
    parser.add_render_rule("table_open", lambda *_: '<div class="scrolled" tabindex="0">\n<table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table>\n</div>\n")
    return parser


def _block(_: RendererProtocol, tokens: Sequence[Token], index: int, *__: object) -> str:
    """Render a block of code that the keyboard can focus, for scrolling."""
    return f'<pre tabindex="0">{escapeHtml(tokens[index].content.rstrip())}</pre>\n'
