"""The text of a world: a file or a pipe, read in pieces of valid UTF-8, each with its line."""

import codecs
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PIECE = 64 * 1024

LONGEST = 1024 * 1024
"""The greatest size of a Binding, or of any text, in bytes: it bounds memory for broken files. The largest valid
Binding, all escapes, takes up a third of it."""

_PROGRESS_EVERY = 1024 * 1024

# JSON's escapes: whole surrogate pairs (1), and halves of them (2)
_ESCAPES = re.compile(
    rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)

Advance = Callable[[int], None]
"""Receives the number of bytes read since its last call."""


class TextError(Exception):
    """The text is invalid from a line on."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(rule)
        self.line = line
        self.rule = rule


@contextmanager
def open_seekable(name: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input for `-`, for reading more than once. Raises `OSError`."""
    with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
        if file.seekable():
            yield file
            return
        with tempfile.TemporaryFile() as spooled:  # nameless: nothing of it stays behind
            shutil.copyfileobj(file, spooled, _PIECE)
            spooled.seek(0)
            yield spooled


def pieces(file: BinaryIO, advance: Advance) -> Iterator[tuple[int, bytes]]:
    """Read the text from the file's position, in pieces, each after the number of its line.

    No piece ends inside of a character or an escape. Raises `TextError`, after the piece that ends before the flaw.
    """
    line, pending, first = 1, 0, True
    for piece in _cut(file):
        pending += len(piece)
        if pending > _PROGRESS_EVERY:
            advance(pending)
            pending = 0
        if first and piece.startswith(codecs.BOM_UTF8):
            raise TextError(line, "must not begin with a byte order mark: save it as UTF-8 without one")
        first = False
        if (b"\\u" in piece or not piece.isascii()) and (flaw := _flaw(piece)):
            yield line, piece[: flaw[0]]
            raise TextError(line, flaw[1])
        yield line, piece
        line += piece.endswith(b"\n")
    advance(pending)


def _cut(file: BinaryIO) -> Iterator[bytes]:
    """Cut a file into lines, and long lines into pieces that end after a quote or a comma."""
    rest = b""
    while piece := file.readline(_PIECE):
        if not rest and piece.endswith(b"\n"):
            yield piece
            continue
        rest += piece
        end = len(rest) if rest.endswith(b"\n") else max(rest.rfind(b'"'), rest.rfind(b",")) + 1
        if not end and len(rest) > LONGEST:
            end = len(rest)  # the reader refuses it as too long
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest


def _flaw(piece: bytes) -> tuple[int, str] | None:
    """Find the first invalid byte of a piece: its place and the reason; None for valid text."""
    try:
        piece.decode()
    except UnicodeDecodeError as error:
        return error.start, "must be UTF-8: these bytes are not, so save it in that encoding"
    if b"\\ud" in piece or b"\\uD" in piece:
        for escape in _ESCAPES.finditer(piece):
            if escape[2]:
                return escape.start(), f"must not hold half of a surrogate pair, \\u{escape[2].decode()}"
    return None
