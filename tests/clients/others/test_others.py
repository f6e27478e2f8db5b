"""Generators and frameworks of others read the contract: their output compiles, runs and answers."""

import re
from pathlib import Path
from typing import Any

import pytest

from ...support.running import Service, World
from ...support.tools import unavailable
from . import driver
from .__main__ import section
from .driver import ROOT, Failed, Generator, Missing, Reference, check, generators

MARKS = {True: pytest.mark.ci("installs a generator"), False: pytest.mark.nightly("part of `make clients`")}


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


def broken(**other: Any) -> Generator:
    fields = {"key": "broken", "version": "1.0", "kind": "client", "language": "none", "strict": "", "run": "true"}
    return Generator(**{**fields, "install": "true", **other})


def test_a_generator_that_cannot_be_installed_leaves_nothing(monkeypatch, tmp_path):
    """Its command fails: one sentence names it and what installs it, and what is half installed goes the next time."""
    monkeypatch.setattr(driver, "BUILD", tmp_path)
    generator = broken(install="touch half && false", name="@broken/generator")
    about = "@broken/generator 1.0 failed at `false`; it is installed by `touch half && false`."
    with pytest.raises(Failed, match=f"^{re.escape(about)}"):
        driver.install(generator)
    driver.install(broken())
    assert [path.name for path in (tmp_path / "broken").iterdir()] == [".installed"]


def test_a_generator_that_fails_leaves_nothing_of_an_earlier_run(monkeypatch, tmp_path):
    """The last run's output is gone before the next one generates."""
    monkeypatch.setattr(driver, "BUILD", tmp_path)
    generator = broken(generate="cp {spec} client/api")
    driver.install(generator)
    (generator.folder / "client").mkdir()
    (generator.folder / "client" / "api").write_text("of an earlier run")
    with pytest.raises(Failed, match=r"failed at `cp missing.json client/api`"):
        driver.build(generator, Path("missing.json"), {})
    assert not (generator.folder / "client").exists()


@pytest.mark.needs("curl")
def test_a_tool_that_is_too_old_or_missing_is_named(monkeypatch, tmp_path):
    """One sentence names the required version and the command that installs it."""
    monkeypatch.setattr(driver, "BUILD", tmp_path)
    with pytest.raises(
        Missing, match=r"^broken: \S*curl is [\d.]+, and 99\.0 or later is needed: apt-get install \w+$"
    ):
        driver.install(broken(needs={"curl": "99.0"}))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match=r"^broken: curl is missing: apt-get install curl$"):
        driver.install(broken(needs={"curl": ""}))


def test_the_guide_has_the_table_as_it_is():
    """A changed entry has to be run before the guide can show it: `make clients`."""
    text = (ROOT / "openapi" / "guides" / "generators.md").read_text(encoding="utf-8")
    assert "\n".join(section(generators())) in text
