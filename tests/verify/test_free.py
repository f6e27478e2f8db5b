"""Rules that are left free are listed, and the target's choices are named."""

import pytest

from chat_bindings.verify.clauses.free import choices, free
from chat_bindings.verify.evidence import Evidence
from chat_bindings.verify.run import Run
from chat_bindings.verify.world import World

from ..servers.catalogue import by_name
from ..servers.http import serving
from ..servers.right import Right
from .judging import verified


def test_ids_of_what_is_free_are_permanent():
    """Each has an id of its own, counted up from 01, and a sentence."""
    assert [each.id for each in free()] == [f"FREE-{number:02}" for number in range(1, len(free()) + 1)]
    assert all(each.rule.endswith(".") for each in free())


class Otherwise(by_name("chunked"), by_name("packed"), by_name("lenient")):
    """A server that chooses otherwise wherever it can."""


@pytest.mark.parametrize(
    ("server", "chosen"),
    [
        (
            Right,
            {
                "FREE-05": "status 404",
                "FREE-06": "status 404",
                "FREE-07": "status 200",
                "FREE-08": "the last counts",
                "FREE-14": "with Content-Length, not compressed",
            },
        ),
        (
            Otherwise,
            {"FREE-05": "status 200", "FREE-06": "status 200", "FREE-07": "status 405", "FREE-14": "in chunks, gzip"},
        ),
    ],
)
def test_choices(server, chosen, world_file, world):
    """Servers that choose otherwise are distinguished, and none of it is a violation."""
    with serving(server(world.document)) as url:
        run = Run(url, World.read(world_file))
        found = {each.id: each.chosen for each in choices(Evidence(run.target, run.plan))}
        run.target.close()
        report = verified(url, world_file, ["HTTP"])
    assert {name: found[name] for name in chosen} == chosen
    assert report.verdict == "conformant"


def test_a_run_of_some_clauses_does_not_ask_for_it(world_file, world):
    """A run of some clauses requests nothing for the free rules."""
    with serving(Right(world.document)) as url:
        assert list(verified(url, world_file, ["FETCH-02"]).choices) == []
