"""Where a command writes a document: standard output, or a file that is complete or not there at all."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .failures import Refusal


@contextmanager
def destination(name: str, option: str = "--output") -> Iterator[BinaryIO]:
    """Standard output for `-`, else a file that takes its name, and the place of an older one, when the block ends."""
    path = Path(name)
    try:
        if name == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif path.exists() and not path.is_file():  # a pipe or a device is written to, not replaced
            with path.open("wb") as file:
                yield file
        else:
            with _replacing(path.resolve()) as file:
                yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Refusal(f"{option} {name} cannot be written: {error.strerror}.") from error


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
