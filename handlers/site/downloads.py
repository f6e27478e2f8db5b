"""The downloads of the site: the specs, their renditions, a world, and checksums."""

import hashlib
import json
from io import BytesIO
from typing import Any

from ..spec import CONTRACT, CONTROL, REGISTRATION, directory, document
from ..world.fixtures import make_world
from ..world.writer import write_world
from .postman import collection
from .renditions import as_openapi_31, for_tools, without_references

SUMS = "SHA256SUMS"

_WORKFLOWS = "workflows.arazzo.yaml"
_AS_WRITTEN = (
    CONTRACT,
    REGISTRATION,
    CONTROL,
    "faults.yaml",
    "world.yaml",
    "report.yaml",
    _WORKFLOWS,
    "schemathesis.toml",
)
_SEED = 1


def downloads() -> dict[str, bytes]:
    """Make the files, by name; the bytes are the same on every machine."""
    written = document(CONTRACT)
    spec = for_tools(written)
    stem = CONTRACT.partition(".")[0]
    files = {name: (directory() / name).read_bytes() for name in _AS_WRITTEN}
    files |= {
        f"{stem}.bundled.json": _json(spec),
        f"{stem}.dereferenced.json": _json(without_references(spec)),
        f"{stem}.3.1.json": _json(for_tools(as_openapi_31(written))),
        f"{stem}.postman_collection.json": _json(collection(written)),
        "world.json": _world(),
    }
    return files | {SUMS: _sums(files)}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def _world() -> bytes:
    file = BytesIO()
    write_world(file, make_world(_SEED))
    return file.getvalue()


def _sums(files: dict[str, bytes]) -> bytes:
    """List checksums in the format of sha256sum."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return "".join(lines).encode()
