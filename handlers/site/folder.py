"""The folder of a published site, in which only published files are replaced or removed.

A manifest in the folder lists each published file with its SHA-256. A listed file that still has its digest may be
replaced; any other file is foreign. Where the site needs the path of a foreign file, publishing fails before it writes.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .manifest import MANIFEST, Manifest, digest
from .site import LATEST, latest_files, root_files, shared_files, version, version_files
from .tree import Change, Tree, Unfit

__all__ = ["Published", "Unfit", "publish"]

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class Published(NamedTuple):
    """A published site: its versions, the newest first, and the number and size in bytes of its files."""

    versions: list[str]
    files: int
    size: int


def publish(folder: Path) -> Published:
    """Publish the version into a folder, whole or not at all, beside the other versions.

    Raises `Unfit` where a foreign file has a path of the site, and `OSError` where the folder cannot be written; both
    leave the folder as it was.
    """
    tree = Tree(folder)
    shared = shared_files()
    versions = _versions(tree.root)
    files = _files(shared, versions)
    before = Manifest.read(tree)
    _check(tree, files, before)
    stale = _stale(tree, files, before, versions)
    now = before.without(stale).with_files(files)
    tree.apply(
        [
            # both digests are listed meanwhile: after a kill in between, the next run knows all files of this one
            Change(MANIFEST, before.join(now).content()),
            *(Change(path, content) for path, content in files.items() if tree.read(path) != content),
            *(Change(path, None) for path in stale),
            Change(MANIFEST, now.content()),
        ]
    )
    return Published(versions, len(files), sum(map(len, files.values())))


def _files(shared: Mapping[str, bytes], versions: list[str]) -> dict[str, bytes]:
    """Make all files of the site by path; linked files come before the files that link to them."""
    files = dict(shared)
    files |= {f"{version()}/{path}": content for path, content in version_files(shared).items()}
    if versions[0] == version():
        files |= {f"{LATEST}/{path}": content for path, content in latest_files(shared).items()}
    return files | root_files(shared, versions)


def _versions(folder: Path) -> list[str]:
    """List the published versions and the one to be published, the newest first."""
    with suppress(FileNotFoundError):
        found = {path.name for path in folder.iterdir() if _VERSION.fullmatch(path.name) and path.is_dir()}
        return sorted(found | {version()}, key=lambda name: [int(part) for part in name.split(".")], reverse=True)
    return [version()]


def _check(tree: Tree, files: Mapping[str, bytes], before: Manifest) -> None:
    for path, content in files.items():
        there = tree.read(path)
        if there is not None and there != content and not before.lists(path, digest(there)):
            raise Unfit(
                f"holds {path}, which was not published by chat-bindings, or was changed since: "
                "name another folder, or move that file away"
            )


def _stale(tree: Tree, files: Mapping[str, bytes], before: Manifest, versions: list[str]) -> list[str]:
    """List the published files of this version, and of the permanent addresses, that the site no longer has."""
    folders = {version(), LATEST} if versions[0] == version() else {version()}
    found = []
    for path in before.paths():
        if path.partition("/")[0] in folders and path not in files:
            with suppress(Unfit):  # a foreign file has the path by now
                there = tree.read(path)
                if there is not None and before.lists(path, digest(there)):
                    found.append(path)
    return found
