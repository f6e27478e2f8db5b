"""Markup: text that is HTML already, which templates do not escape."""

import html


class Markup(str):
    """HTML. Jinja escapes every text that has no `__html__`."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def escape(text: str) -> str:
    """Escape a text for HTML, with the character references that Jinja writes."""
    return html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;")
