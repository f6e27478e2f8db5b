"""Folders as data."""

from pathlib import Path


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of each file below a folder, by its path there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
