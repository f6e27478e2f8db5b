"""Refusals of the largest requests: twenty shapes of body, header, query and path, and what each costs a worker."""

import base64
import time
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from ...support import raw
from ..figures import table
from .contending import OURS, Site, running, turns
from .kinds import AUTHORIZATION, COLLECTION, REGISTRATION

_ROUNDS = 7
_BODY = 1 << 20
_URL = 65_000
_HEADER = 100_000
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class Shape(NamedTuple):
    """A request that causes much work."""

    name: str
    method: str
    target: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


def _filled(unit: str, size: int, before: str = "", after: str = "") -> str:
    return before + unit * ((size - len(before) - len(after)) // len(unit)) + after


def _posted(name: str, kind: str, text: str) -> Shape:
    return Shape(name, "POST", REGISTRATION, [("Content-Type", kind)], text.encode())


_USER = base64.b64encode(b"a" * (3 * _HEADER // 4) + b":x").decode()

SHAPES = (
    _posted("JSON: numbers in a list", _JSON, _filled("1,", _BODY, '{"MessageTypes":[', "1]}")),
    _posted("JSON: empty lists", _JSON, _filled("[],", _BODY, '{"MessageTypes":[', "[]]}")),
    _posted("JSON: as many empty lists as are read", _JSON, _filled("[],", 72_000, '{"MessageTypes":[', "[]]}")),
    _posted("JSON: deep", _JSON, "[" * _BODY),
    _posted("JSON: many names", _JSON, "{" + ",".join(f'"{number:x}":1' for number in range(80_000)) + "}"),
    _posted("JSON: a long text", _JSON, _filled("a", _BODY, '{"Identity":"', '"}')),
    _posted("JSON: a text of escapes", _JSON, _filled("\\u00e9", _BODY, '{"Identity":"', '"}')),
    _posted("JSON: a number of a million digits", _JSON, "9" * _BODY),
    _posted("form: separators alone", _FORM, "&" * _BODY),
    _posted("form: many fields", _FORM, _filled("Identity=x&", _BODY)),
    _posted("form: a text of escapes", _FORM, _filled("%C3%A9", _BODY, "Identity=")),
    _posted("form: a name of escapes", _FORM, _filled("%41", _BODY)),
    _posted("form: a text of plus signs", _FORM, _filled("+", _BODY, "Identity=")),
    Shape("path: escapes", "GET", _filled("%C3%A9", _URL, "/")),
    Shape("path: slashes", "GET", "/" * _URL),
    Shape("query: many parameters", "GET", _filled("Page=1&", _URL, f"{COLLECTION}?")),
    Shape("query: an identity of escapes", "GET", _filled("%C3%A9", _URL, f"{COLLECTION}?Identity=", "&x=1")),
    Shape("query: an integer of zeros", "GET", _filled("0", _URL, f"{COLLECTION}?PageSize=", "x")),
    Shape("header: a long user name", "GET", COLLECTION, [("Authorization", f"Basic {_USER}")]),
    Shape("headers: many", "GET", COLLECTION, [("a", "")] * 20_000),
)


def seconds(url: str, shape: Shape) -> float:
    """Take the time of a refusal: the response to the shape is an error of the client's."""
    named = {name.lower() for name, _ in shape.headers}
    headers = [*shape.headers, *(each for each in AUTHORIZATION.items() if each[0].lower() not in named)]
    if shape.body:
        headers.append(("Content-Length", str(len(shape.body))))
    began = time.perf_counter()
    answer = raw.ask(url, shape.method, shape.target, headers, shape.body)
    took = time.perf_counter() - began
    if not 400 <= answer.status < 500:
        raise RuntimeError(f"{shape.name} is answered {answer.status}")
    return took


def measure(site: Site) -> list[str]:
    """Take the median of each shape, the worst first."""
    shapes, took = {shape.name: shape for shape in SHAPES}, defaultdict(list)
    with running(OURS.command, site) as ours:
        for name in turns("refusals", list(shapes), _ROUNDS):
            took[name].append(seconds(ours.url, shapes[name]) * 1000)
    worst = sorted(((median(each), name) for name, each in took.items()), reverse=True)
    return table(["a refusal of", "ms"], [[name, f"{milliseconds:.1f}"] for milliseconds, name in worst])
