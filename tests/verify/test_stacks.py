"""The servers on other stacks: the right ones agree with the reference, each defect names its clause."""

import re
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import pytest

from chat_bindings.verify.suite import clauses
from chat_bindings.verify.target import Target
from chat_bindings.verify.world import World as Held

from ..servers.stacks import STACKS, defects_on, serving_on
from ..support.running import Service

ON = [pytest.param(stack, marks=pytest.mark.needs(tool)) for stack, tool in STACKS.items()]

_ADDRESSES = re.compile(r"https?://[^/]+")


def _content(target: Target, service: object) -> dict[str, object]:
    answer = target.list(service, [("PageSize", "1000")])
    bindings = {item["sid"]: item for item in answer.bindings}
    for item in bindings.values():
        item["message_types"] = sorted(item["message_types"])
        item["url"] = _ADDRESSES.sub("", item["url"])
        item["links"] = {name: unquote(_ADDRESSES.sub("", url)) for name, url in item["links"].items()}
    return bindings


@pytest.mark.parametrize("stack", ON)
def test_the_right_one_shows_what_the_reference_shows(stack: str, service: Service, world_file: Path):
    """Both list the same Bindings, property by property, for every service of both accounts' worlds."""
    held = Held.read(world_file)
    with (
        serving_on(stack, world_file) as url,
        closing(Target(service.url, held)) as reference,
        closing(Target(url, held)) as other,
    ):
        for each in held.account.services:
            assert _content(other, each) == _content(reference, each)
        for binding in held.rich.bindings:
            query = [("Identity", binding.identity)]
            assert sorted(other.list(held.rich, query).sids) == sorted(reference.list(held.rich, query).sids)
        other.list(held.foreign).has_status(404).has_code(20404)
        other.list(held.rich, credentials=None).has_status(401).has_code(20003)


@pytest.mark.parametrize("stack", ON)
def test_each_defect_has_a_name_a_clause_and_a_sentence(stack: str):
    """The defects have names of their own, and each names a clause of the suite."""
    defects = defects_on(stack)
    assert len(defects) >= 12
    assert len({each.name for each in defects}) == len(defects)
    assert {each.clause for each in defects} <= {clause.id for clause in clauses()}
    for each in defects:
        assert each.defect.endswith("."), each.name
