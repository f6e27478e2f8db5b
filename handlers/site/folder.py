"""The folder of a published site: what was published in it, and nothing else, is replaced or removed.

A manifest in the folder lists each published file with its SHA-256. A listed file that still has its digest may be
replaced; every other file is somebody else's. Where the site needs such a path, publishing fails before it writes.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .manifest import MANIFEST, Manifest, digest
from .site import LATEST, latest_files, root_files, shared_files, version, version_files
from .tree import Step, Tree, Unfit

__all__ = ["Published", "Unfit", "publish"]

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class Published(NamedTuple):
    """A published site: its versions, the newest first, and the number and size in bytes of its files."""

    versions: list[str]
    files: int
    size: int


def publish(folder: Path) -> Published:
    """Publish the version into a folder, whole or not at all, beside the versions that are there.

    Raises `Unfit` where a path that the site needs is taken by something else, and `OSError` where the folder cannot
    be written; either leaves the folder as it was.
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
            Step(MANIFEST, before.joined(now).content()),
            *(Step(path, content) for path, content in files.items() if tree.read(path) != content),
            *(Step(path, None) for path in stale),
            Step(MANIFEST, now.content()),
        ]
    )
    return Published(versions, len(files), sum(map(len, files.values())))


def _files(shared: Mapping[str, bytes], versions: list[str]) -> dict[str, bytes]:
    """All files of the site by their paths, those that others link to before those that link."""
    files = dict(shared)
    files |= {f"{version()}/{path}": content for path, content in version_files(shared).items()}
    if versions[0] == version():
        files |= {f"{LATEST}/{path}": content for path, content in latest_files(shared).items()}
    return files | root_files(shared, versions)


def _versions(folder: Path) -> list[str]:
    """The published versions and the one to be published, the newest first."""
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
    """The published files of this version, and of the addresses that stay, that the site no longer has."""
    folders = {version(), LATEST} if versions[0] == version() else {version()}
    found = []
    for path in before.paths():
        if path.partition("/")[0] in folders and path not in files:
            with suppress(Unfit):  # the path is somebody else's by now
                there = tree.read(path)
                if there is not None and before.lists(path, digest(there)):
                    found.append(path)
    return found
