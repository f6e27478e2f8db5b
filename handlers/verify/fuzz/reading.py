"""The contract's reading of a fuzzed request: Schemathesis does not know all that a server may choose."""

import re
from collections.abc import Collection, Iterable
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from ..facts import LARGEST_SIZE, TYPES

Reading = Literal["valid", "invalid", "free", "odd"]
"""`free` is what a server may take or refuse; `odd` what no client sends, so that a refusal is the server's affair."""

_PATH = re.compile(r"/v2/Services/([^/]*)/Bindings(?:/([^/]*))?")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ODD = re.compile(r"[\x00-\x20\x7f/\\?#%;.]")
_DIGITS = re.compile("[0-9]+")
_INTEGER = re.compile("0|[1-9][0-9]*")

_LONGEST_URL = 4000
"""Longer ones are refused by some proxies."""
_MOST_VALUES, _PAGES = 10, 1000
_LIST = ("BindingType", "Identity", "PageSize", "Page", "PageToken")


def reading(url: str, prefix: str, tokens: Collection[str]) -> Reading:
    """Tell what a GET or DELETE of a URL is, going by the contract; `tokens` are page tokens that the target gave."""
    parts = urlsplit(url)
    match = _PATH.fullmatch(parts.path.removeprefix(prefix))
    if match is None or len(url) > _LONGEST_URL:
        return "odd"
    found = [_sid("IS", match[1]), _query(parts.query, tokens, is_list=match[2] is None)]
    if match[2] is not None:
        found.append(_sid("BS", match[2]))
    return _worst(found)


def _worst(readings: Iterable[Reading]) -> Reading:
    found = set(readings)
    order: tuple[Reading, ...] = ("odd", "free", "invalid")
    return next((each for each in order if each in found), "valid")


def _sid(letters: str, raw: str) -> Reading:
    try:
        text = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return "odd"
    if re.fullmatch(f"{letters}[0-9a-f]{{32}}", text):
        return "valid"
    if re.fullmatch(f"{letters}[0-9a-f]{{32}}", text, re.IGNORECASE):
        return "free"
    return "odd" if not text or _BROKEN.search(raw) or _ODD.search(text) else "invalid"


def _query(query: str, tokens: Collection[str], *, is_list: bool) -> Reading:
    if _BROKEN.search(query):
        return "odd"
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        return "odd"
    if any(not name or "\0" in name + value for name, value in pairs):
        return "odd"
    if not is_list:
        return "invalid" if pairs else "valid"
    return _worst(_values(name, [value for other, value in pairs if other == name], tokens) for name, _ in pairs)


def _values(name: str, values: list[str], tokens: Collection[str]) -> Reading:
    if name not in _LIST:
        return "free" if name.lower() in map(str.lower, _LIST) else "invalid"
    if name in ("BindingType", "Identity"):
        found = [_read_filter(name, value) for value in values]
        return _worst([*found, "free" if len(values) > _MOST_VALUES else "valid"])
    if len(values) > 1:
        return "free"  # what a scalar means that is sent twice is the server's choice
    if name == "PageToken":
        return "free" if values[0] in ("", *tokens) else "invalid"
    return _integer(name, values[0])


def _read_filter(name: str, value: str) -> Reading:
    if not value:
        return "free"
    return "invalid" if name == "BindingType" and value not in TYPES else "valid"


def _integer(name: str, value: str) -> Reading:
    if not _DIGITS.fullmatch(value):
        return "invalid"
    digits = value.lstrip("0")
    largest = LARGEST_SIZE if name == "PageSize" else _PAGES
    is_large = len(digits) > len(str(largest)) or int(digits or "0") > largest
    if name == "PageSize" and (is_large or not digits):
        return "invalid"
    return "free" if is_large or not _INTEGER.fullmatch(value) else "valid"
