"""`serve --announce`: a JSON object with the server's URL and credentials, written once it accepts requests."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from ..options import option

announce_option = option(
    "--announce",
    metavar="FILE|-",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Once requests are accepted, write a JSON object with the URL and the credentials; - for standard output. "
    "A file is complete or not there at all, readable by you alone, and removed at the end.",
)

Announce = Callable[[dict[str, Any]], None]


@contextmanager
def announcing(name: str | None) -> Iterator[Announce]:
    """Yield a function that writes an object to a file, atomically; the file is removed at the end."""
    if name is None:
        yield lambda _: None
    elif name == "-":
        yield lambda announced: click.echo(json.dumps(announced))
    else:
        try:
            with _file(Path(os.path.realpath(name))) as announce:
                yield announce
        except _Unwritable as error:
            raise click.UsageError(f"--announce {name} cannot be written: {error}.") from None


class _Unwritable(Exception):
    pass


@contextmanager
def _file(path: Path) -> Iterator[Announce]:
    try:
        if path.exists() and not path.is_file():  # a pipe or a device is written to, not replaced
            yield lambda announced: _write(path, announced)
            return
        _remove_old(path)
        descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(descriptor)
    except OSError as error:
        raise _Unwritable(error.strerror) from None
    written: list[os.stat_result] = []

    def announce(announced: dict[str, Any]) -> None:
        _write(Path(scratch), announced)
        Path(scratch).replace(path)
        written.append(path.stat())

    try:
        yield announce
    finally:
        with suppress(OSError):
            Path(scratch).unlink(missing_ok=True)
            if written and os.path.samestat(path.stat(), written[0]):
                path.unlink()


def _write(path: Path, announced: dict[str, Any]) -> None:
    path.write_text(f"{json.dumps(announced)}\n", encoding="utf-8")


def _remove_old(path: Path) -> None:
    """Remove the announcement of an earlier process, which was killed; another file is an error."""
    with suppress(FileNotFoundError):
        size = path.stat().st_size
        if size:
            try:
                old = json.loads(path.read_bytes()) if size < 1 << 16 else None
            except ValueError:
                old = None
            if not isinstance(old, dict) or not {"url", "pid", "control_url"} <= old.keys():
                raise _Unwritable("another file has this name, so choose a new one")
        path.unlink()
