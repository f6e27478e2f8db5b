"""Where a command writes a document: standard output, or a file that is complete or not there at all."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..failures import Refusal
from ..files import check_output, is_regular, real, replacing, scratch, settle, unfinished


@contextmanager
def destination(name: str, option: str = "--output", *, inputs: Sequence[Path] = ()) -> Iterator[BinaryIO]:
    """Standard output for `-`, else a file that takes its name, and the place of an older one, when the block ends.

    What is no regular file gets all at the end, so that its reader keeps nobody waiting but the caller. Raises
    `Refusal`, where it would replace a database, its log, or one of the inputs, too.
    """
    path = Path(name)
    with _writable(name, option):
        check_output(path, inputs=inputs)
        if name == "-" and is_regular(sys.stdout.buffer):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif _is_file(name):
            with replacing(real(path)) as file:
                yield file
        else:
            with tempfile.TemporaryFile() as spooled:  # nameless: nothing of it stays behind
                yield spooled
                _send(spooled, name)


@contextmanager
def made(name: str, replaceable: int) -> Iterator[Path]:
    """A path for a new file, whose content is at its destination, as `destination` takes it, when the block ends."""
    path = real(Path(name))
    with _writable(name, "--output"):
        check_output(path, replaceable=replaceable)
        with unfinished(path) if _is_file(name) else scratch() as folder:
            new = folder / "new"
            yield new
            if _is_file(name):
                settle(new, path)
                return
            with new.open("rb") as file:
                _send(file, name)


def _is_file(name: str) -> bool:
    path = Path(name)
    return name != "-" and (path.is_file() or not path.exists())


def _send(file: BinaryIO, name: str) -> None:
    file.seek(0)
    if name == "-":
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with Path(name).open("wb") as out:
        shutil.copyfileobj(file, out)


@contextmanager
def _writable(name: str, option: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Refusal(f"{option} {name} cannot be written: {error.strerror}.") from error
