"""Scripts and styles of the site: our own, and those that npm brings, which are in the wheel, not in the repository."""

from importlib.resources.abc import Traversable

from ..service.specification import directory

_OURS = ("site.css", "site.js", "try.css", "try.js", "latest.js")
_FROM_NPM = ("swagger-ui.js", "swagger-ui.LICENSE.txt", "minisearch.js", "minisearch.LICENSE.txt")


def missing_assets() -> str:
    """What to do where the scripts that npm brings are no part of this installation; empty where they are."""
    if all((_folder() / "vendor" / name).is_file() for name in _FROM_NPM):
        return ""
    return (
        "the scripts of the site, which npm brings, are missing here: run `make site` in a clone of chat-bindings with "
        "Node.js 20.19 or later, or install chat-bindings from its wheel"
    )


def assets() -> dict[str, bytes]:
    """Their content by their names."""
    sources = [_folder() / name for name in _OURS] + [_folder() / "vendor" / name for name in _FROM_NPM]
    return {path.name: path.read_bytes() for path in sources}


def _folder() -> Traversable:
    return directory() / "site"
