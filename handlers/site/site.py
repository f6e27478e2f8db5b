"""The files of the published site by path: pages, scripts, styles and downloads."""

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
    """Return the version of the contract."""
    return str(document(CONTRACT)["info"]["version"])


def shared_files() -> Files:
    """Make scripts and styles, with a digest of the content in each name: versions can stand side by side."""
    files = assets()
    files["search-data.js"] = script("entries", entries(differences()))
    return {_address(name, content): content for name, content in files.items()}


def version_files(shared: Mapping[str, bytes]) -> Files:
    """Make the pages and the downloads of the version."""
    files = downloads()
    pages = {f"{name}.html": page(name, _addresses(shared), files) for name in titles()}
    return pages | {f"downloads/{name}": content for name, content in files.items()}


def latest_files(shared: Mapping[str, bytes]) -> Files:
    """Make the files at the permanent addresses: pages that redirect, and the downloads."""
    pages = {f"{name}.html": forwarding(name, _addresses(shared)) for name in titles()}
    return pages | {f"downloads/{name}": content for name, content in downloads().items()}


def root_files(shared: Mapping[str, bytes], versions: list[str]) -> Files:
    """Make the page that lists the versions."""
    return {"index.html": versions_page(versions, _addresses(shared))}


def _address(name: str, content: bytes) -> str:
    path = PurePosixPath(name)
    return f"{ASSETS}/{path.stem}.{hashlib.sha256(content).hexdigest()[:10]}{path.suffix}"


def _addresses(shared: Mapping[str, bytes]) -> dict[str, str]:
    """Map the original names of the shared files to their addresses."""
    found = {}
    for address in shared:
        path = PurePosixPath(address)
        found[f"{path.stem.rpartition('.')[0]}{path.suffix}"] = address
    return found
