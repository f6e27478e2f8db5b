"""The manifest of a published site: the path and the SHA-256 of each file, in the format of sha256sum."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Self

from .tree import Tree, Unfit

MANIFEST = ".chat-bindings-site"

_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<path>[^\x00-\x1f\\]+)")
_HEAD_OF_PATHS = re.compile(r"(?!/)(?!(?:.*/)?\.\.?(?:/|$))")


def digest(content: bytes) -> str:
    """Return the SHA-256 of a content in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


class Manifest:
    """The digests of each published file, by its path in the site's folder."""

    def __init__(self, digests: Mapping[str, frozenset[str]]) -> None:
        self._digests = digests

    @classmethod
    def read(cls, tree: Tree) -> Self:
        """Read the manifest of a folder; an empty one where there is none. Raises `Unfit` for another file."""
        content = tree.read(MANIFEST)
        found: dict[str, frozenset[str]] = {}
        for line in (content or b"").decode("utf-8", "replace").splitlines():
            match = _LINE.fullmatch(line)
            if not match or not _HEAD_OF_PATHS.match(match["path"]):
                raise Unfit(f"holds {MANIFEST}, which is no list of published files")
            found[match["path"]] = found.get(match["path"], frozenset()) | {match["digest"]}
        return cls(found)

    def paths(self) -> list[str]:
        """Return all paths, sorted."""
        return sorted(self._digests)

    def lists(self, path: str, one: str) -> bool:
        """Return whether a file with this digest was published there."""
        return one in self._digests.get(path, ())

    def without(self, paths: Iterable[str]) -> "Manifest":
        """Return a manifest without some paths."""
        gone = set(paths)
        return Manifest({path: digests for path, digests in self._digests.items() if path not in gone})

    def with_files(self, files: Mapping[str, bytes]) -> "Manifest":
        """Return a manifest in which some files have only the digests of these contents."""
        return Manifest({**self._digests, **{path: frozenset({digest(it)}) for path, it in files.items()}})

    def join(self, other: "Manifest") -> "Manifest":
        """Return a manifest with the entries of both."""
        paths = {**self._digests, **other._digests}  # noqa: SLF001 - of the same class
        nothing: frozenset[str] = frozenset()
        return Manifest(
            {
                path: self._digests.get(path, nothing) | other._digests.get(path, nothing)  # noqa: SLF001
                for path in paths
            }
        )

    def content(self) -> bytes:
        """Return the manifest as a file, sorted by path."""
        lines = (f"{one}  {path}\n" for path in self.paths() for one in sorted(self._digests[path]))
        return "".join(lines).encode()
