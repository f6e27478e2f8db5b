"""The published site, as files by their paths: pages, scripts, styles, and what can be downloaded."""

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from ..spec import CONTRACT, document
from .assets import assets
from .downloads import downloads
from .pages import differences, forwarding, page, titles, versions_page
from .search import entries, script

LATEST = "latest"
ASSETS = "assets"

Files = dict[str, bytes]


def version() -> str:
    """The version of the contract that is published."""
    return str(document(CONTRACT)["info"]["version"])


def shared_files() -> Files:
    """Scripts and styles. What they hold is a part of their names, so that versions can stand side by side."""
    files = assets()
    files["search-data.js"] = script("entries", entries(differences()))
    return {_address(name, content): content for name, content in files.items()}


def version_files(shared: Mapping[str, bytes]) -> Files:
    """The pages of the version, and its downloads."""
    files = downloads()
    pages = {f"{name}.html": page(name, _addresses(shared), files) for name in titles()}
    return pages | {f"downloads/{name}": content for name, content in files.items()}


def latest_files(shared: Mapping[str, bytes]) -> Files:
    """Make what stands at the addresses that stay: pages that lead on, and the downloads themselves."""
    pages = {f"{name}.html": forwarding(name, _addresses(shared)) for name in titles()}
    return pages | {f"downloads/{name}": content for name, content in downloads().items()}


def root_files(shared: Mapping[str, bytes], versions: list[str]) -> Files:
    """The page that lists the versions."""
    return {"index.html": versions_page(versions, _addresses(shared))}


def _address(name: str, content: bytes) -> str:
    path = PurePosixPath(name)
    return f"{ASSETS}/{path.stem}.{hashlib.sha256(content).hexdigest()[:10]}{path.suffix}"


def _addresses(shared: Mapping[str, bytes]) -> dict[str, str]:
    """The addresses of the shared files by the names that they had before."""
    found = {}
    for address in shared:
        path = PurePosixPath(address)
        found[f"{path.stem.rpartition('.')[0]}{path.suffix}"] = address
    return found
