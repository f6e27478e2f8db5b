"""The rows of a database, counted and digested: two databases that hold the same give the same."""

import hashlib

import orjson

from ..storage.copying import Part


class Tally:
    """How many rows of each kind there were, and the SHA-256 of all of them, a JSON array of texts in a line each."""

    def __init__(self) -> None:
        self.counts = {"accounts": 0, "keys": 0, "services": 0, "bindings": 0}
        self._sha256 = hashlib.sha256()

    def add(self, part: Part) -> None:
        """Count rows; the digest depends on the order of all that are added."""
        self.counts[part.kind] += len(part.rows)
        lines = (
            orjson.dumps([part.kind, part.service_sid, *row], option=orjson.OPT_APPEND_NEWLINE) for row in part.rows
        )
        self._sha256.update(b"".join(lines))

    def __str__(self) -> str:
        counts = ", ".join(f"{kind} {number}" for kind, number in self.counts.items())
        return f"{counts}, sha256 {self._sha256.hexdigest()}"
