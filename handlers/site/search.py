"""The index of the site's search, as a script: a page that is opened from disk may not read JSON."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from ..spec import CONTRACT, Json, document
from ..verify.suite import clauses
from .contract.errors import errors
from .contract.reference import operations, schemas
from .guides import guides
from .markdown import plain, sections


class Entry(NamedTuple):
    """An entry of the index: its address, its heading, and the words that find it."""

    url: str
    kind: str
    title: str
    text: str


def entries(differences: list[Json]) -> list[Entry]:
    """Make all entries of the index."""
    return [*_reference(), *_clauses(), *_errors(), *_differences(differences), *_guides()]


def script(name: str, value: Json) -> bytes:
    """Write a script that sets a member of the object that all scripts share."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return f"(window.chatBindings ??= {{}}).{name} = {text};\n".encode()


def _reference() -> Iterator[Entry]:
    for heading, text in sections(document(CONTRACT)["info"]["description"]).items():
        yield Entry(f"reference.html#{heading.anchor}", "Guide", heading.title, text)
    for each in operations():
        words = f"{each.method} {each.path} {each.anchor} {plain(each.description)}"
        yield Entry(f"reference.html#{each.anchor}", "Operation", each.title, words)
        for field in each.parameters:
            if field.place == "query":
                text = f"{each.title}. {plain(field.description)}"
                yield Entry(f"reference.html#{field.anchor}", "Parameter", field.name, text)
    for schema in schemas():
        yield Entry(f"reference.html#{schema.anchor}", "Schema", schema.name, plain(schema.description))
        for field in schema.properties:
            title = f"{schema.name}.{field.name}"
            yield Entry(f"reference.html#{field.anchor}", "Property", title, plain(field.description))


def _clauses() -> Iterator[Entry]:
    for each in clauses():
        yield Entry(f"clauses.html#{each.id}", "Clause", f"{each.id} {each.title}", plain(each.sentence))


def _errors() -> Iterator[Entry]:
    for each in errors():
        title = f"{each.code} {each.phrase}"
        messages = " ".join(str(json.loads(example.body)["message"]) for example in each.examples)
        yield Entry(f"errors.html#{each.code}", "Error", title, f"{each.status} {plain(each.when)} {messages}")


def _differences(differences: list[Json]) -> Iterator[Entry]:
    for each in differences:
        text = plain(f"{each['twilio']} {each['ours']} {each['reason']}")
        yield Entry(f"differences.html#{each['id']}", "Difference", each["title"], text)


def _guides() -> Iterator[Entry]:
    for name, guide in guides().items():
        yield Entry(f"{name}.html", "Operating", guide.title, plain(guide.introduction))
        for heading, text in sections(guide.body).items():
            yield Entry(f"{name}.html#{heading.anchor}", "Operating", f"{guide.title}: {heading.title}", plain(text))
