"""The markup of an HTML page, by Python's own parser."""

from html.parser import HTMLParser


class Markup(HTMLParser):
    """The elements of a page with their attributes, in order, its text, and its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = self.inline = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.inline += data
        else:
            self.text += data

    def values(self, *names: str) -> list[tuple[str, str]]:
        """Return the values of attributes, each with the name of its element."""
        return [(tag, given[name] or "") for tag, given in self.elements for name in names if name in given]
