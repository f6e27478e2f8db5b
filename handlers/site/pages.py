"""The pages of a version of the site."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..spec import CONTRACT, Json, directory, document
from ..verify.clauses.free import free
from ..verify.report.page import marked
from ..verify.suite import OUT_OF_REACH
from . import markdown
from .contract.clauses import by_section
from .contract.errors import errors
from .contract.reference import headers, operations, place_of, schemas
from .downloads import SUMS
from .guides import guides

PAGES = {
    "index": "Overview",
    "reference": "Reference",
    "try": "Try it",
    "clauses": "Clauses",
    "errors": "Errors",
    "differences": "Differences",
    "changes": "Changes",
    "operating": "Operating",
    "downloads": "Downloads",
}
"""The pages of the navigation by name, in order. The guides are listed on one of them."""


_ABOUT = {
    "bindings.yaml": "For people and linters: the contract as it is written, OpenAPI 3.0.3. All else is made of it.",
    "registration.yaml": "How devices register with the reference service; no part of the contract.",
    "control.yaml": "How tests set, reset and watch the reference service; no part of the contract.",
    "faults.yaml": "The schema of the rules of faults that `serve --fault-rules` and the control API take.",
    "world.yaml": "The schema of the documents that `import`, `export`, `fixtures` and `verify` speak.",
    "report.yaml": "The schema of the report that `verify` writes.",
    "workflows.arazzo.yaml": "The main workflows, as an Arazzo document.",
    "bindings.bundled.json": "For generators and frameworks that read OpenAPI 3.0: one JSON document.",
    "bindings.dereferenced.json": "For tools that follow no reference: the same with none left in it.",
    "bindings.3.1.json": "For those that read OpenAPI 3.1, whose schemas are those of JSON Schema 2020-12.",
    "bindings.postman_collection.json": "The operations and their examples as a collection of Postman, with tests.",
    "schemathesis.toml": "How Schemathesis fuzzes a server from any of these specs, see below.",
    "world.json": "A world of accounts, services and Bindings, made to break naive servers: what `verify` needs.",
}
"""Descriptions of the downloads."""


class Download(NamedTuple):
    """A file to download."""

    name: str
    about: str
    size: str
    digest: str


def titles() -> dict[str, str]:
    """Return the titles of all pages, by name."""
    return PAGES | {name: guide.title for name, guide in guides().items()}


def page(name: str, assets: Mapping[str, str], downloads: Mapping[str, bytes]) -> bytes:
    """Render a page of the version. `assets` are the addresses of scripts and styles from the site's root."""
    if name in guides():
        return _render("guide.html.j2", root="../", name=name, assets=assets, guide=guides()[name])
    return _render(f"{name}.html.j2", root="../", name=name, assets=assets, **_CONTENT[name](downloads))


def forwarding(name: str, assets: Mapping[str, str]) -> bytes:
    """Render the page at a permanent address, which redirects to the page of the latest version."""
    return _render("latest.html.j2", root="../", name=name, assets=assets)


def versions_page(versions: list[str], assets: Mapping[str, str]) -> bytes:
    """Render the page at the site's root, which lists the versions."""
    return _render("versions.html.j2", root="", versions=versions, assets=assets)


def differences() -> list[Json]:
    """List the differences from Twilio's own OpenAPI file."""
    return list(document("differences.yaml")["differences"])


def _overview(downloads: Mapping[str, bytes]) -> dict[str, Any]:
    introduction = document(CONTRACT)["info"]["description"].partition("\n## ")[0]
    counts = {
        "operations": len(operations()),
        "clauses": sum(map(len, by_section().values())),
        "errors": len(errors()),
        "differences": len(differences()),
        "downloads": len(downloads),
    }
    return {"introduction": introduction, "counts": counts, "operations": operations()}


def _reference(_: Mapping[str, bytes]) -> dict[str, Any]:
    guide = "## " + document(CONTRACT)["info"]["description"].partition("\n## ")[2]
    return {"guide": guide, "operations": operations(), "schemas": schemas(), "headers": headers()}


def _try(_: Mapping[str, bytes]) -> dict[str, Any]:
    return {"operations": operations()}


def _clauses(_: Mapping[str, bytes]) -> dict[str, Any]:
    return {"sections": by_section(), "out_of_reach": OUT_OF_REACH, "free": free()}


def _errors(_: Mapping[str, bytes]) -> dict[str, Any]:
    return {"errors": errors()}


def _differences(_: Mapping[str, bytes]) -> dict[str, Any]:
    return {"differences": differences()}


def _changes(_: Mapping[str, bytes]) -> dict[str, Any]:
    text = (directory() / "CHANGELOG.md").read_text(encoding="utf-8")
    return {
        "introduction": text.partition("\n## ")[0].partition("\n")[2],
        "changes": "## " + text.partition("\n## ")[2],
    }


def _downloads(downloads: Mapping[str, bytes]) -> dict[str, Any]:
    files = [
        Download(name, _ABOUT[name], f"{len(content) / 1000:,.1f} kB", hashlib.sha256(content).hexdigest())
        for name, content in downloads.items()
        if name != SUMS
    ]
    return {"files": files, "sums": SUMS}


_CONTENT = {
    "index": _overview,
    "reference": _reference,
    "try": _try,
    "clauses": _clauses,
    "errors": _errors,
    "differences": _differences,
    "changes": _changes,
    "operating": lambda _: {},
    "downloads": _downloads,
}


def _render(template: str, **context: Any) -> bytes:
    return _environment().get_template(template).render(**context).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"marked": marked, "markdown": markdown.html, "inline": markdown.inline}
    environment.globals |= {
        "info": document(CONTRACT)["info"],
        "page_doc": document(CONTRACT)["externalDocs"],
        "server": document(CONTRACT)["servers"][0]["url"],
        "contract": CONTRACT,
        "pages": PAGES,
        "titles": titles(),
        "guides": guides(),
        "headings": markdown.headings,
        "place_of": place_of,
    }
    return environment
