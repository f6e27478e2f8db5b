"""Names and orders that stand in the spec and in Python as well agree."""

import json
import re
from importlib.resources import files

import orjson

from chat_bindings.server import envelope, errors, paging, representation
from chat_bindings.storage.interface import Binding, Filters, Page

from ..support.answers import CONTRACT, REGISTRATION, document


def test_representations_have_the_order_of_the_spec():
    """A Binding, and the `meta` of a page, have their properties in the order of the spec."""
    schemas = document()["components"]["schemas"]
    example = document()["components"]["examples"]["binding"]["value"]
    kept = {name: example[name] for name in Binding._fields}
    binding = Binding(**kept | {"message_types": json.dumps(kept["message_types"])})
    shown = representation.represent(binding, example["account_sid"], example["service_sid"], "https://chat.twilio.com")
    assert list(json.loads(orjson.dumps(shown))) == list(schemas["Binding"]["properties"])
    links = paging.Links("https://chat.twilio.com", Filters(), 50)
    meta = paging.meta(links, Page([binding], has_previous=False, has_next=False), page=0, size=50, token=None)
    assert list(meta) == list(schemas["PageMeta"]["properties"])


def test_exposed_headers_are_those_of_the_spec():
    """A page may read each header of the spec; Cache-Control is on the list of Fetch."""
    headers = {name.lower() for name in document()["components"]["headers"]}
    assert errors.REQUEST_ID.lower() in headers
    exposed = dict(envelope.SHARED)[b"access-control-expose-headers"].decode().lower().split(", ")
    assert set(exposed) == headers - {"access-control-allow-origin", "cache-control"}


def test_the_log_knows_every_sid_of_the_specs():
    """The log shows the segments of a path that are SIDs, of each kind."""
    folder = files("chat_bindings.openapi")
    texts = [(folder / name).read_text(encoding="utf-8") for name in (CONTRACT, REGISTRATION, "world.yaml")]
    prefixes = {prefix for text in texts for prefix in re.findall(r"\^([A-Z]{2})\[", text)}
    assert len(prefixes) == 6
    for prefix in prefixes:
        assert envelope._SID.fullmatch(f"{prefix}{'0123456789abcdef' * 2}")  # noqa: SLF001 - what it takes for a SID
