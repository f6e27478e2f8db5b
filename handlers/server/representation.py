"""The representation of a Binding: JSON text, joined from the columns of its row."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from urllib.parse import quote

import orjson

from ..spec import component, path_template
from ..storage.interface import Binding

# all characters but the unreserved ones: Ruby's and Java's URI parsers refuse others
# not `+`, with which each character is tried: a search for a set is quick
_RESERVED = re.compile(r"[^A-Za-z0-9._~-][^A-Za-z0-9._~-]*")

_ENCODED = {character: quote(character, safe="") for character in map(chr, range(128))}
"""Encoded ASCII characters. Others are not cached: clients choose them, among over a million."""

_encoded_all = _RESERVED.sub
_dumps = orjson.dumps


def _encode(match: re.Match[str]) -> str:
    found = match[0]
    return _ENCODED.get(found) or quote(found, safe="")


@cache
def template() -> str:
    """Make the JSON template of a Binding: `%s` for its own values, and names in braces for those of its service.

    Raises `NotImplementedError` where the spec has other properties than these.
    """
    # only texts that users choose need escaping; the others are SIDs, times and words
    holes = dict.fromkeys(Binding._fields, '"%s"') | dict.fromkeys(("endpoint", "identity", "message_types"), "%s")
    sid = {"sid": holes.pop("sid"), "account_sid": '"{account_sid}"', "service_sid": '"{service_sid}"'}
    shape = sid | holes | {"url": '"%s{bindings}%s"', "links": '{{"user":"%s{users}%s"}}'}
    names = component("schemas", "Binding")["properties"]
    if set(names) != set(shape):
        raise NotImplementedError(f"the spec's Binding has {', '.join(names)}; served are {', '.join(shape)}")
    return "{{" + ",".join(f'"{name}":{hole}' for name, hole in shape.items()) + "}}"


@cache
def _paths() -> tuple[str, str, str]:
    """Split the URLs of a service: before its SID, and after it to a Binding and to a user."""
    before, after = path_template("listBindings").split("{ServiceSid}")
    return before, f"{after}/", f"{after.rpartition('/')[0]}/Users/"


def collection_url(origin: str, service_sid: str) -> str:
    """Build the absolute URL of a service's list of Bindings."""
    return origin + path_template("listBindings").format(ServiceSid=service_sid)


@lru_cache(maxsize=1024)
def _template_of(account_sid: str, service_sid: str) -> tuple[str, ...]:
    """Split a service's template at its holes: joining the pieces takes a third of the time of formatting.

    The cache holds existing services only. The origin is no part of its key, since clients choose their `Host`.
    """
    before, bindings, users = _paths()
    service = f"{before}{service_sid}"
    pieces = template().split("%s")
    known = {"account_sid": account_sid, "service_sid": service_sid}
    return tuple(piece.format(**known, bindings=service + bindings, users=service + users) for piece in pieces)


def _text(pieces: tuple[str, ...], binding: Binding, origin: str) -> str:
    sid, created, updated, endpoint, identity, kind, credential_sid, message_types = binding
    p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12 = pieces
    return "".join((
        p0, sid, p1, created, p2, updated, p3, _dumps(endpoint).decode(), p4, _dumps(identity).decode(), p5, kind,
        p6, credential_sid, p7, message_types, p8, origin, p9, sid, p10, origin, p11,
        _encoded_all(_encode, identity), p12,
    ))  # fmt: skip


def represent(binding: Binding, account_sid: str, service_sid: str, origin: str) -> orjson.Fragment:
    """Build the JSON of the spec's schema `Binding`; `origin` is a scheme and host."""
    return orjson.Fragment(_text(_template_of(account_sid, service_sid), binding, origin))


def represent_all(bindings: Iterable[Binding], account_sid: str, service_sid: str, origin: str) -> orjson.Fragment:
    """Build a JSON array of Bindings of one service."""
    pieces = _template_of(account_sid, service_sid)
    texts = [_text(pieces, binding, origin) for binding in bindings]
    return orjson.Fragment(f"[{','.join(texts)}]")
