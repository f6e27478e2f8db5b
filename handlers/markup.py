"""Markup: text that is HTML already, which templates take as it is."""

import html


class Markup(str):
    """HTML. Templates escape every text that does not say by `__html__` that it is HTML."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def escape(text: str) -> str:
    """Escape a text for HTML, in the references that Jinja writes."""
    return html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;")
