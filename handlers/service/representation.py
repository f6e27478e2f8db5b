"""A Binding as clients see it, as JSON text: put together from its row, and not by way of objects."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from urllib.parse import quote

import orjson

from ..storage.interface import Binding
from .specification import component, path_template

# every character but the unreserved ones: Ruby's and Java's URI parsers take nothing else
_RESERVED = re.compile(r"[^A-Za-z0-9._~-]")


class _Encoded(dict[str, str]):
    """Characters, percent-encoded: each is encoded once."""

    def __missing__(self, character: str) -> str:
        self[character] = quote(character, safe="")
        return self[character]


_encoded = _Encoded()


def _encode(match: re.Match[str]) -> str:
    return _encoded[match[0]]


@cache
def _template() -> str:
    """The JSON text of a Binding, with holes for what `_rendered` fills in: the spec's properties, in their order."""
    # text that users choose has to be escaped; all else is a SID, a time or a word
    holes = dict.fromkeys(Binding._fields, '"%s"') | dict.fromkeys(("endpoint", "identity", "message_types"), "%s")
    holes |= {"url": '"%s%s"', "links": '{"user":"%s%s"}'}
    names = tuple(component("schemas", "Binding")["properties"])
    if names != tuple(holes):
        raise NotImplementedError(f"the spec's Binding has {', '.join(names)}; served are {', '.join(holes)}")
    return "{" + ",".join(f'"{name}":{hole}' for name, hole in holes.items()) + "}"


@cache
def _paths() -> tuple[str, str]:
    instance, collection = path_template("fetch_binding"), path_template("list_bindings")
    return instance, f"{collection.rpartition('/')[0]}/Users/"


def collection_url(origin: str, service_sid: str) -> str:
    """The absolute URL of a service's list of Bindings."""
    return origin + path_template("list_bindings").format(ServiceSid=service_sid)


def _rendered(bindings: Sequence[Binding], origin: str) -> Iterator[str]:
    """The JSON texts of Bindings of one service."""
    template, (instance, users) = _template(), _paths()
    service_sid = bindings[0].service_sid
    instances = origin + instance.format(ServiceSid=service_sid, Sid="")
    users = origin + users.format(ServiceSid=service_sid)
    dumps, encoded = orjson.dumps, _RESERVED.sub
    for sid, account_sid, _, created, updated, endpoint, identity, kind, credential_sid, types in bindings:
        yield template % (
            sid,
            account_sid,
            service_sid,
            created,
            updated,
            dumps(endpoint).decode(),
            dumps(identity).decode(),
            kind,
            credential_sid,
            types,
            instances,
            sid,
            users,
            encoded(_encode, identity),
        )


def represent(binding: Binding, origin: str) -> orjson.Fragment:
    """The JSON of the spec's schema `Binding`; `origin` is a scheme and host."""
    return orjson.Fragment(next(_rendered([binding], origin)))


def represent_all(bindings: Sequence[Binding], origin: str) -> orjson.Fragment:
    """A JSON array of Bindings of one service."""
    return orjson.Fragment(f"[{','.join(_rendered(bindings, origin))}]" if bindings else "[]")
