"""The text of a world: a file or a pipe, read in pieces that are known to be proper UTF-8, each with its line."""

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
"""Bytes that a Binding, or any text, may take up: three times what a Binding within its bounds can (of escapes alone),
so that a broken file cannot take all memory."""

_TOLD_EVERY = 1024 * 1024

# JSON's escapes: whole surrogate pairs (1), and halves of them (2)
_ESCAPES = re.compile(
    rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)

Advance = Callable[[int], None]
"""Is told how many more bytes were read."""


class TextError(Exception):
    """The text cannot be read any further, at some line."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(rule)
        self.line = line
        self.rule = rule


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """A file, or standard input for `-`, that can be read more than once. Raises `OSError`."""
    with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
        if file.seekable():
            yield file
            return
        with tempfile.TemporaryFile() as spooled:  # nameless: nothing of it stays behind
            shutil.copyfileobj(file, spooled, _PIECE)
            spooled.seek(0)
            yield spooled


def pieces(file: BinaryIO, advance: Advance) -> Iterator[tuple[int, bytes]]:
    """The text from where the file stands, in pieces with the number of their line.

    No piece ends inside of a character or an escape. Raises `TextError`, after the piece that ends before the flaw.
    """
    line, untold, first = 1, 0, True
    for piece in _cut(file):
        untold += len(piece)
        if untold > _TOLD_EVERY:
            advance(untold)
            untold = 0
        if first and piece.startswith(codecs.BOM_UTF8):
            raise TextError(line, "must not begin with a byte order mark: save it as UTF-8 without one")
        first = False
        if (b"\\u" in piece or not piece.isascii()) and (flaw := _flaw(piece)):
            yield line, piece[: flaw[0]]
            raise TextError(line, flaw[1])
        yield line, piece
        line += piece.endswith(b"\n")
    advance(untold)


def _cut(file: BinaryIO) -> Iterator[bytes]:
    """Lines, and pieces of long lines, which end after a quote or a comma."""
    rest = b""
    while piece := file.readline(_PIECE):
        if not rest and piece.endswith(b"\n"):
            yield piece
            continue
        rest += piece
        end = len(rest) if rest.endswith(b"\n") else max(rest.rfind(b'"'), rest.rfind(b",")) + 1
        if not end and len(rest) > LONGEST:
            end = len(rest)  # the reader will find it too long, whatever it is cut into
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest


def _flaw(piece: bytes) -> tuple[int, str] | None:
    """Where a piece is no proper text, and why."""
    try:
        piece.decode()
    except UnicodeDecodeError as error:
        return error.start, "must be UTF-8: these bytes are not, so save it in that encoding"
    if b"\\ud" in piece or b"\\uD" in piece:
        for escape in _ESCAPES.finditer(piece):
            if escape[2]:
                return escape.start(), f"must not hold half of a surrogate pair, \\u{escape[2].decode()}"
    return None
