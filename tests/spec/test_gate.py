"""A broken contract does not pass, unless its version is a new one; and the change log lists the changes."""

import json

import pytest

from ..support import specs
from . import gate

pytestmark = [pytest.mark.ci("needs oasdiff, which Go builds"), pytest.mark.needs("oasdiff")]

SPEC = specs.load(specs.CONTRACT)
LIST = next(path.replace("/", "~1") for path in SPEC["paths"])
LOG = """# Changes

## 2.0.0 - 2026-12-01

### Added
- All of it.
"""


@pytest.fixture
def repository(tmp_path):
    """Make a repository in which 2.0.0 was released, with the contract as it is."""
    (tmp_path / "openapi" / "released").mkdir(parents=True)
    (tmp_path / "CHANGELOG.md").write_text(LOG, encoding="utf-8")
    write_changed(tmp_path / "openapi" / "released" / "2.0.0.yaml", {}, "2.0.0")
    write_changed(tmp_path / "openapi" / "bindings.yaml", {}, "2.0.0")
    return tmp_path


def write_changed(path, changes, version):
    spec = specs.change(SPEC, {"/info/version": version, **changes})
    path.write_text(json.dumps(spec), encoding="utf-8")  # which is YAML, too


def run(repository, changes, version, *options):
    """Run the gate on a changed contract, and return its exit code."""
    write_changed(repository / "openapi" / "bindings.yaml", changes, version)
    return gate.main(options, repository)


SCHEMAS = "/components/schemas"
PARAMETERS = f"/paths/{LIST}/get/parameters"
DROP_PROPERTY = {
    f"{SCHEMAS}/Binding/properties/credential_sid": None,
    f"{SCHEMAS}/Binding/required": [
        name for name in SPEC["components"]["schemas"]["Binding"]["required"] if name != "credential_sid"
    ],
}
DROP_PARAMETER = {f"{PARAMETERS}/1": None}  # of oasdiff's kinds of breaking changes the milder
NEW_PARAMETER = {f"{PARAMETERS}/-": {"name": "Order", "in": "query", "schema": {"type": "string"}}}
NEW_PROPERTY = {f"{SCHEMAS}/Binding/properties/device_name": {"type": "string"}}


@pytest.mark.parametrize(
    ("changes", "kind", "too_low", "version", "line"),
    [
        (DROP_PROPERTY, "breaking", "2.1.0", "3.0.0", "**Breaking:** `GET"),
        (DROP_PARAMETER, "breaking", "2.1.0", "3.0.0", "**Breaking:** `GET"),
        (NEW_PARAMETER, "compatible", "2.0.1", "2.1.0", "`GET"),
    ],
)
def test_a_change_needs_a_new_version_and_an_entry(repository, capsys, changes, kind, too_low, version, line):
    """Under the next version of its kind a change passes as soon as `make changelog` has written it."""
    for each in ("2.0.0", too_low):
        assert run(repository, changes, each) == 1
        refusal, found, *_ = capsys.readouterr().err.splitlines()
        needed = {"breaking": "major", "compatible": "minor"}[kind]
        assert f"{each} after 2.0.0 is not enough for a {kind} change: it needs a new {needed} version" in refusal
        assert found.startswith("  GET /v2/")
    assert run(repository, changes, version) == 1
    assert f"CHANGELOG.md does not tell under {version}" in capsys.readouterr().err
    assert run(repository, changes, version, "--changelog") == 0
    assert run(repository, changes, version) == 0
    log = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {version} - unreleased\n\n### Contract\n- {line}" in log


def test_other_words_need_a_new_patch_version(repository, capsys):
    """A spec's words are part of it: two that differ are not one version."""
    changes = {f"{SCHEMAS}/Binding/description": "In other words."}
    assert run(repository, changes, "2.0.0") == 1
    assert "2.0.0 after 2.0.0 is not enough for a change of words" in capsys.readouterr().err
    assert run(repository, changes, "2.0.1") == 0


def test_an_older_version_is_refused(repository, capsys):
    """A version does not go back."""
    assert run(repository, {}, "1.9.0") == 1
    assert "1.9.0 after 2.0.0 is not enough" in capsys.readouterr().err


def test_the_entry_is_written_once_and_leaves_the_rest_as_it_was(repository):
    """Written again after another change it is replaced; what people wrote in the section and the others stays."""
    log = repository / "CHANGELOG.md"
    log.write_text(
        LOG.replace("## 2.0.0", "## 2.1.0 - unreleased\n\n### Fixed\n- By hand.\n\n## 2.0.0"), encoding="utf-8"
    )
    assert run(repository, NEW_PARAMETER, "2.1.0", "--changelog") == 0
    assert run(repository, NEW_PROPERTY, "2.1.0", "--changelog") == 0
    once = log.read_text(encoding="utf-8")
    assert run(repository, NEW_PROPERTY, "2.1.0", "--changelog") == 0
    assert log.read_text(encoding="utf-8") == once
    head, _, tail = once.partition("## 2.0.0")
    assert head.startswith("# Changes\n\n## 2.1.0 - unreleased\n\n### Contract\n- `GET ")
    assert head.endswith("\n\n### Fixed\n- By hand.\n\n")
    assert "Order" not in head
    assert "## 2.0.0" + tail == LOG.partition("\n\n")[2]


def test_a_release_makes_the_next_baseline(repository, capsys):
    """`--release` writes the spec of the version, if it holds to the one before; later changes are held to it."""
    assert run(repository, NEW_PROPERTY, "2.1.0", "--release") == 1  # the change log does not tell yet
    assert run(repository, NEW_PROPERTY, "2.1.0", "--changelog") == 0
    assert run(repository, NEW_PROPERTY, "2.1.0", "--release") == 0
    released = repository / "openapi" / "released" / "2.1.0.yaml"
    assert released.read_bytes() == (repository / "openapi" / "bindings.yaml").read_bytes()
    assert run(repository, {}, "2.1.0") == 1  # the new property is gone again
    assert "or, since 2.1.0 is not released yet, `make release-spec`" in capsys.readouterr().err
    assert run(repository, DROP_PROPERTY, "2.1.0", "--release") == 1  # held to 2.0.0, not to the candidate
    assert "needs a new major version" in capsys.readouterr().err


def test_released_specs_do_not_change(repository, capsys):
    """Once the change log has a date for a version, neither its spec nor its entry is written any more."""
    for option in ("--release", "--changelog"):
        assert run(repository, NEW_PROPERTY, "2.0.0", option) == 1
        assert "2.0.0 was released" in capsys.readouterr().err


def test_the_contract_holds_to_the_last_released_one():
    """The contract of this repository passes."""
    assert gate.main([]) == 0
