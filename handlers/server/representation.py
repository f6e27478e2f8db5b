"""A Binding as clients see it, as JSON text: put together from its row, and not by way of objects."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from urllib.parse import quote

import orjson

from ..spec import component, path_template
from ..storage.interface import Binding

# all characters but the unreserved ones: Ruby's and Java's URI parsers take nothing else
_RESERVED = re.compile(r"[^A-Za-z0-9._~-]+")

_ENCODED = {character: quote(character, safe="") for character in map(chr, range(128))}
"""The ASCII ones: what else there is, over a million, clients choose, and nothing is remembered for each of them."""

_encoded_all = _RESERVED.sub
_dumps = orjson.dumps


def _encode(match: re.Match[str]) -> str:
    found = match[0]
    return _ENCODED.get(found) or quote(found, safe="")


@cache
def template() -> str:
    """The JSON text of a Binding, with a hole for what each Binding has.

    What all Bindings of a service have in common stands in braces. Raises `NotImplementedError` where the spec has
    other properties than these.
    """
    # text that users choose has to be escaped; all else is a SID, a time or a word
    holes = dict.fromkeys(Binding._fields, '"%s"') | dict.fromkeys(("endpoint", "identity", "message_types"), "%s")
    sid = {"sid": holes.pop("sid"), "account_sid": '"{account_sid}"', "service_sid": '"{service_sid}"'}
    shape = sid | holes | {"url": '"%s{bindings}%s"', "links": '{{"user":"%s{users}%s"}}'}
    names = component("schemas", "Binding")["properties"]
    if set(names) != set(shape):
        raise NotImplementedError(f"the spec's Binding has {', '.join(names)}; served are {', '.join(shape)}")
    return "{{" + ",".join(f'"{name}":{hole}' for name, hole in shape.items()) + "}}"


@cache
def _paths() -> tuple[str, str, str]:
    """What comes before a service's SID in the URLs of its Bindings, and what after it; for its users likewise."""
    before, after = path_template("listBindings").split("{ServiceSid}")
    return before, f"{after}/", f"{after.rpartition('/')[0]}/Users/"


def collection_url(origin: str, service_sid: str) -> str:
    """The absolute URL of a service's list of Bindings."""
    return origin + path_template("listBindings").format(ServiceSid=service_sid)


@lru_cache(maxsize=1024)
def _template_of(account_sid: str, service_sid: str) -> tuple[str, ...]:
    """What stands before, between and after the holes: joining them costs a third of what formatting does.

    It is remembered for services that exist. The origin is no part of it: clients choose their `Host`.
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
    """The JSON of the spec's schema `Binding`; `origin` is a scheme and host."""
    return orjson.Fragment(_text(_template_of(account_sid, service_sid), binding, origin))


def represent_all(bindings: Iterable[Binding], account_sid: str, service_sid: str, origin: str) -> orjson.Fragment:
    """A JSON array of Bindings of one service."""
    pieces = _template_of(account_sid, service_sid)
    texts = [_text(pieces, binding, origin) for binding in bindings]
    return orjson.Fragment(f"[{','.join(texts)}]")
