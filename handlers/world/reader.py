"""A streaming reader of worlds: one account, key, service or Binding at a time, with its line and JSON pointer."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson
import orjson

from .schema import ROOT, record_types
from .source import LONGEST, Advance, TextError, pieces

Events = list[tuple[str, Any]]
"""Events of ijson's `basic_parse`: `map_key` and its name, `string` and its text, `start_map`, `end_map`, ..."""

_KEPT = 2
"""Levels of nesting within a record that are kept: no rule concerns deeper ones."""

_DEEPEST = 100
"""The greatest depth of nesting in a world."""

_SHOWN = 200
"""Characters that a message shows of a name."""

_YAJL = {
    "premature EOF": "the file ends in the middle of the document: it is empty or was cut off",
    "trailing garbage": "nothing may stand after the end of the document",
}


class WorldError(Exception):
    """A world breaks a rule, at a line and a JSON pointer (RFC 6901)."""

    def __init__(self, line: int, pointer: str, rule: str) -> None:
        super().__init__(f"line {line}, {_printable(pointer) or 'the document'}: {_printable(rule)}")
        self.line = line
        self.pointer = pointer
        self.rule = rule


class Frame:
    """A record, or the World itself, while it is read and once it is complete."""

    __slots__ = ("depth", "index", "kind", "line", "lines", "name", "parent", "sid", "value")

    def __init__(self, kind: str, parent: "Frame | None", place: tuple[str, int], line: int, depth: int) -> None:
        self.kind = kind
        self.parent: Frame = parent or self
        """The record that contains it."""
        self.name, self.index = place
        self.line = line
        self.depth = depth
        self.value: dict[str, Any] = {}
        """Its properties so far; its lists of other records are empty."""
        self.lines: dict[Any, int] = {}
        """The lines of its properties, and of (property, index), where they are not its first line."""
        self.sid: str | None = None
        """Its SID once it is in the database, set by the loader."""

    @property
    def pointer(self) -> str:
        """Return its JSON pointer (RFC 6901)."""
        return f"{self.parent.pointer}/{self.name}/{self.index}" if self.name else ""

    def error(self, path: tuple[Any, ...], rule: str) -> WorldError:
        """Return the error that the value at a path within it breaks a rule."""
        places = [path[0], tuple(path)] if path else []
        line = next((self.lines[place] for place in reversed(places) if place in self.lines), self.line)
        return WorldError(line, self.pointer + _pointer(path), rule)

    def check(self) -> None:
        """Raise `WorldError` for the first rule that it breaks by itself."""
        violation = record_types()[self.kind].violation(self.value)
        if violation is not None:
            raise self.error(violation.path, violation.rule)


class _List:
    """A list of records, which are read one by one and not kept."""

    __slots__ = ("kind", "length", "name")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.length = 0


class Reader:
    """Yields each frame when it is complete: a service's Bindings before the service.

    Iterate once. Raises `WorldError` for invalid JSON, for a duplicate name, for a record that is too long, and for
    a record that is no object. `Frame.check` validates a record by the schema of its kind.
    """

    def __init__(self, file: BinaryIO, advance: Advance) -> None:
        self._file = file
        self._advance = advance
        self._kinds = record_types()
        self._frame = Frame("", None, ("", 0), 1, 0)  # around the whole document
        self._stack: list[tuple[Any, str | None]] = []
        self._node: Any = _List("", ROOT)  # what is being filled
        self._key: str | None = None  # the last name in it, when it is an object
        self._line = 1

    def __iter__(self) -> Iterator[Frame]:
        """Read from the file's position to its end."""
        found: Events = ijson.sendable_list()
        parser = ijson.basic_parse_coro(found, use_float=True)  # ijson crashes where an integer is too long for Python
        since, follows = 0, False
        try:
            for line, piece in pieces(self._file, self._advance):
                self._line = line
                if follows and (at_once := self._whole_line(piece)) is not None:
                    yield at_once
                    since = 0
                    continue
                follows = piece.endswith(b",\n")
                flaw = _feed(parser, piece)
                for frame in self._frames(found):
                    yield frame
                    since = 0
                found.clear()
                since += len(piece)
                if flaw is not None:
                    raise self._error(flaw)
                if since > LONGEST:
                    raise self._error(f"must not take up more than {LONGEST} bytes of text")
        except TextError as error:
            self._line = error.line
            raise self._error(error.rule) from None
        flaw = _close(parser)
        if flaw is not None:
            raise self._error(flaw)
        yield from self._frames(found)

    def _whole_line(self, piece: bytes) -> Frame | None:
        """Parse a line of exactly the form that `export` writes, past the parser; None for any other.

        The line follows a comma and ends with one, so that the parser's state stays right. A line that orjson writes
        again byte for byte has no duplicate names; with one object and one array it is not nested too deep.
        """
        node = self._node
        if type(node) is not _List or self._kinds[node.kind].children or not piece.endswith(b"},\n"):
            return None
        text = piece[:-2]
        if text.count(b"{") != 1 or text.count(b"[") > 1 or len(text) > LONGEST:
            return None
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
        if type(value) is not dict or orjson.dumps(value) != text:
            return None
        frame = Frame(node.kind, self._frame, (node.name, node.length), self._line, len(self._stack) + 1)
        frame.value = value
        node.length += 1
        return frame

    def _frames(self, events: Events) -> Iterator[Frame]:
        # the hot loop of an import: some twenty events a Binding
        line = self._line
        for event, value in events:
            node = self._node
            if event == "string":
                if type(node) is dict:
                    node[self._key] = value
                else:
                    self._put(value)
            elif event == "map_key":
                if value in node:
                    raise self._error("must not be there twice", value)
                self._key = value
                frame = self._frame
                if line != frame.line and node is frame.value:
                    frame.lines[value] = line
            elif event in ("start_map", "start_array"):
                self._open({} if event == "start_map" else [])
            elif event in ("end_map", "end_array"):
                frame = self._frame
                self._node, self._key = self._stack.pop()
                if node is frame.value:
                    yield frame
                    self._node.length += 1
                    self._frame = frame.parent
            else:
                self._put(0 if event == "number" else value)  # no rule depends on the number

    def _put(self, value: Any) -> None:
        node = self._node
        if type(node) is dict:
            node[self._key] = value
        elif type(node) is list:
            frame = self._frame
            if self._line != frame.line:
                frame.lines[self._stack[-1][1], len(node)] = self._line
            node.append(value)
        else:
            raise self._unfit(node, value)

    def _open(self, value: Any) -> None:
        node, frame = self._node, self._frame
        if type(node) is _List:
            if type(value) is not dict:
                raise self._unfit(node, value)
            self._stack.append((node, self._key))
            frame = Frame(node.kind, frame, (node.name, node.length), self._line, len(self._stack))
            self._frame, self._node, self._key = frame, frame.value, None
            return
        if len(self._stack) > _DEEPEST:
            raise self._error(f"must not be nested deeper than {_DEEPEST} levels")
        kept = len(self._stack) - frame.depth < _KEPT
        self._put(value if kept else type(value)())
        self._stack.append((node, self._key))
        child = self._kinds[frame.kind].children.get(self._key or "") if node is frame.value else None
        if child is not None and type(value) is list:
            self._node = _List(self._key or "", child)
        else:
            self._node = value
        self._key = None

    def _unfit(self, node: _List, value: Any) -> WorldError:
        violation = self._kinds[node.kind].violation(value)
        return self._error(violation.rule if violation else "must be an object")

    def _error(self, rule: str, name: str | None = None) -> WorldError:
        """Return the error that the current value, or a name in it, breaks a rule."""
        frame = self._frame
        if not frame.kind:
            return WorldError(self._line, "", rule)
        path: list[Any] = [len(node) - 1 if type(node) is list else key for node, key in self._stack[frame.depth :]]
        if name is not None:
            path.append(name)
        elif type(self._node) is not dict:
            path.append(self._node.length if type(self._node) is _List else len(self._node))
        elif self._key is not None and self._key not in self._node:
            path.append(self._key)
        return WorldError(self._line, frame.pointer + _pointer(tuple(path)), rule)


def _feed(parser: Any, piece: bytes) -> str | None:
    """Pass a piece to the parser; return why it is no JSON, or None."""
    try:
        if piece:  # an empty one would mean the end
            parser.send(piece)
    except ijson.JSONError as error:
        return _reason(error)
    return None


def _close(parser: Any) -> str | None:
    try:
        parser.close()
    except ijson.JSONError as error:
        return _reason(error)
    return None


def _reason(error: Any) -> str:
    """Return the sentence of an ijson error without the input that follows it, which may be personal data."""
    text = error.args[0]
    sentence = (text.decode(errors="replace") if isinstance(text, bytes) else str(text)).partition("\n")[0]
    reason = sentence.partition(": ")[2] or sentence
    return _YAJL.get(reason) or f"is not JSON: {reason.rstrip('.')}"


def _pointer(path: tuple[Any, ...]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _printable(text: str) -> str:
    shown = text if len(text) <= 4 * _SHOWN else text[: 4 * _SHOWN] + "..."
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)
