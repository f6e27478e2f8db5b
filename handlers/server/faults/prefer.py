"""The `Prefer` header of a request, by RFC 7240."""

import re

from ..errors import ApiError

# quantifiers are possessive, so that no header takes long to be refused
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_GAP = r"[ \t]*+"
_WORD = rf'(?:{_NAME}|"(?:[^"\\]|\\.)*+")'
_PARAMETER = rf"{_GAP};{_GAP}(?:{_NAME}(?:{_GAP}={_GAP}{_WORD})?)?"
_PREFERENCE = re.compile(
    rf"{_GAP}(?:(?P<name>{_NAME})(?:{_GAP}={_GAP}(?P<value>{_WORD}))?(?:{_PARAMETER})*{_GAP})?(?:,|$)"
)
_QUOTED_PAIR = re.compile(r"\\(.)")

_MOST = 100
"""Elements of a request's lists of preferences, empty ones included: ten times as many as there are preferences."""

VARY = {"Vary": "Prefer"}
"""A header of every answer that might have been another for another `Prefer`."""


def preferences(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The preferences of a request by their names in lower case; a value that is left out is an empty one.

    Of a preference that comes more than once the first counts, in whichever header it stands. Parameters after a
    semicolon are left out. Raises `ApiError("invalid_parameter")` for what is no list of preferences, and for a list of
    too many.
    """
    sent = [value for name, value in headers if name == b"prefer"]
    if sum(value.count(b",") + 1 for value in sent) > _MOST:
        raise _refused(f"must have at most {_MOST} preferences")
    found: dict[str, str] = {}
    for value in sent:
        _read(value.decode("latin-1"), found)
    return found


def _refused(rule: str) -> ApiError:
    return ApiError("invalid_parameter", VARY, parameter="Prefer", rule=rule)


def _read(text: str, found: dict[str, str]) -> None:
    place = 0
    while place < len(text):
        match = _PREFERENCE.match(text, place)
        if match is None:
            raise _refused("must be a list of preferences, such as wait=10")
        if match["name"]:
            found.setdefault(match["name"].lower(), _unquoted(match["value"] or ""))
        place = match.end()


def _unquoted(word: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def written(name: str, value: str) -> str:
    """A preference as it is written in a header."""
    if not value:
        return name
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f"{name}={value}" if re.fullmatch(_NAME, value) else f'{name}="{escaped}"'
