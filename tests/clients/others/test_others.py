"""Generators and frameworks of others read the contract: what they make compiles, runs and answers."""

from pathlib import Path

import pytest

from chat_bindings.site.downloads import downloads

from ...support.running import Service, World
from ...support.tools import unavailable
from .driver import Missing, Reference, check, generators

MARKS = {True: pytest.mark.ci("installs a generator"), False: pytest.mark.nightly("part of `make clients`")}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    for name, content in downloads().items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def reference(service: Service, world: World) -> Reference:
    return Reference(service.url, world)


@pytest.mark.parametrize("generator", [pytest.param(it, id=it.key, marks=MARKS[it.quick]) for it in generators()])
def test_what_is_generated(generator, published, reference):
    """From each rendition that it reads, compiled strictly, it gives right answers."""
    try:
        check(generator, published, reference)
    except Missing as missing:
        unavailable(str(missing))
