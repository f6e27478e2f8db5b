"""The `Prefer` header of a request, by RFC 7240."""

import re

from ..errors import ApiError

# quantifiers are possessive: no header makes the match backtrack
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_GAP = r"[ \t]*+"
_WORD = rf'(?:{_NAME}|"(?:[^"\\]|\\.)*+")'
_PARAMETER = rf"{_GAP};{_GAP}(?:{_NAME}(?:{_GAP}={_GAP}{_WORD})?)?"
_PREFERENCE = re.compile(
    rf"{_GAP}(?:(?P<name>{_NAME})(?:{_GAP}={_GAP}(?P<value>{_WORD}))?(?:{_PARAMETER})*{_GAP})?(?:,|$)"
)
_QUOTED_PAIR = re.compile(r"\\(.)")

_MOST = 100
"""Elements of a request's preferences at most, empty ones included: ten times as many as the spec has."""

VARY = {"Vary": "Prefer"}
"""The header of every response that depends on `Prefer`."""


def preferences(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Parse the preferences of a request, by name in lower case; a missing value is an empty one.

    The first of a repeated preference counts, across headers too. Parameters after a semicolon are ignored. Raises
    `ApiError("invalid_parameter")` for a header that is no list of preferences, and for a list of too many.
    """
    sent = [value for name, value in headers if name == b"prefer"]
    if sum(value.count(b",") + 1 for value in sent) > _MOST:
        raise _refuse(f"must have at most {_MOST} preferences")
    found: dict[str, str] = {}
    for value in sent:
        _read(value.decode("latin-1"), found)
    return found


def _refuse(rule: str) -> ApiError:
    return ApiError("invalid_parameter", VARY, parameter="Prefer", rule=rule)


def _read(text: str, found: dict[str, str]) -> None:
    place = 0
    while place < len(text):
        match = _PREFERENCE.match(text, place)
        if match is None:
            raise _refuse("must be a list of preferences, such as wait=10")
        if match["name"]:
            found.setdefault(match["name"].lower(), _unquote(match["value"] or ""))
        place = match.end()


def _unquote(word: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def format_preference(name: str, value: str) -> str:
    """Format a preference for a header."""
    if not value:
        return name
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f"{name}={value}" if re.fullmatch(_NAME, value) else f'{name}="{escaped}"'
