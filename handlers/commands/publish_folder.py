"""The folder of a published site: versions stand side by side, and each part is whole or as it was before."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .failures import Refusal
from .publish_site import ASSETS, LATEST, latest_files, root_files, shared_files, version, version_files

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_KNOWN = re.compile(rf"{_VERSION.pattern}|{LATEST}|{ASSETS}|index\.html|\..*")


def publish(folder: Path) -> list[str]:
    """Publish the version into a folder, beside the versions that are there: the versions, the newest first."""
    _check(folder)
    shared = shared_files()
    folder.mkdir(parents=True, exist_ok=True)
    _add(folder / ASSETS, {path.removeprefix(f"{ASSETS}/"): content for path, content in shared.items()})
    _replace(folder / version(), version_files(shared))
    versions = _versions(folder)
    if versions[0] == version():
        _replace(folder / LATEST, latest_files(shared))
    _add(folder, root_files(shared, versions))
    return versions


def _check(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Refusal(f"--output {folder} is a file: name a folder.")
    strange = sorted(path.name for path in folder.glob("*") if not _KNOWN.fullmatch(path.name))
    if strange:
        raise Refusal(f"--output {folder} holds something else, {strange[0]}: name a new folder, or that of a site.")


def _versions(folder: Path) -> list[str]:
    found = [path.name for path in folder.iterdir() if _VERSION.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=lambda name: [int(part) for part in name.split(".")], reverse=True)


def _add(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files of which each takes its name when it is whole."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        temporary = folder / f".{name}.{os.getpid()}"
        temporary.write_bytes(content)
        temporary.replace(folder / name)


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder that takes its name, and the place of an older one, when it is whole."""
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
