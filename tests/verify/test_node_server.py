"""The server in Node.js that has nothing of ours: the right one agrees with the reference, each wrong one starts."""

import re
from pathlib import Path

import pytest

from chat_bindings.verify.target import Target
from chat_bindings.verify.world import World as Held

from ..servers.node_server import node_defects, serving_node
from ..support.running import Service

pytestmark = pytest.mark.needs("node")

_ADDRESSES = re.compile(r"https?://[^/]+")


def _content(target: Target, service: object) -> dict[str, object]:
    answer = target.list(service, [("PageSize", "1000")])
    bindings = {item["sid"]: item for item in answer.bindings}
    for item in bindings.values():
        item["message_types"] = sorted(item["message_types"])
        item["url"] = _ADDRESSES.sub("", item["url"])
        item["links"] = {name: _ADDRESSES.sub("", url) for name, url in item["links"].items()}
    return bindings


def test_the_right_one_shows_what_the_reference_shows(service: Service, world_file: Path):
    """Both list the same Bindings, property by property, for every service of both accounts' worlds."""
    held = Held.read(world_file)
    with serving_node(world_file) as url:
        reference, other = Target(service.url, held), Target(url, held)
        for each in held.account.services:
            assert _content(other, each) == _content(reference, each)
        for binding in held.rich.bindings:
            query = [("Identity", binding.identity)]
            assert sorted(other.list(held.rich, query).sids) == sorted(reference.list(held.rich, query).sids)
        other.list(held.foreign).has_status(404).has_code(20404)
        other.list(held.rich, credentials=None).has_status(401).has_code(20003)
        reference.close()
        other.close()


def test_each_defect_has_a_name_a_clause_and_a_sentence():
    """The defects have names of their own, and each says which clause is meant to catch it."""
    defects = node_defects()
    assert len(defects) > 40
    assert len({each.name for each in defects}) == len(defects)
    for each in defects:
        assert re.fullmatch(r"[A-Z]+-[0-9]{2}", each.clause), each.name
        assert each.defect.endswith("."), each.name
