"""A contract that was broken does not pass, unless its version says so; and the change log tells what changed."""

import json

import pytest

from ..support import specs
from . import gate

pytestmark = [pytest.mark.ci("needs oasdiff, which Go builds"), pytest.mark.needs("oasdiff")]

SPEC = specs.load(specs.CONTRACT)
LIST, ONE = (path.replace("/", "~1") for path in SPEC["paths"])
LOG = """# Changes

## 2.0.0 - 2026-12-01

### Added
- All of it.
"""


@pytest.fixture
def repository(tmp_path):
    """A repository in which 2.0.0 was released, with the contract as it is."""
    (tmp_path / "openapi" / "released").mkdir(parents=True)
    (tmp_path / "CHANGELOG.md").write_text(LOG, encoding="utf-8")
    write_changed(tmp_path / "openapi" / "released" / "2.0.0.yaml", {}, "2.0.0")
    write_changed(tmp_path / "openapi" / "bindings.yaml", {}, "2.0.0")
    return tmp_path


def write_changed(path, changes, version):
    spec = specs.change(SPEC, {"/info/version": version, **changes})
    path.write_text(json.dumps(spec), encoding="utf-8")  # which is YAML, too


def run(repository, changes, version, *options):
    """Run the gate on a changed contract: the code that it ends with."""
    write_changed(repository / "openapi" / "bindings.yaml", changes, version)
    return gate.main(options, repository)


def without(schema, name):
    """The required properties of a schema, without one."""
    return [each for each in SPEC["components"]["schemas"][schema]["required"] if each != name]


SCHEMAS = "/components/schemas"
GET, DELETE = f"/paths/{LIST}/get", f"/paths/{ONE}/delete"
DROP_PROPERTY = {
    f"{SCHEMAS}/Binding/properties/credential_sid": None,
    f"{SCHEMAS}/Binding/required": without("Binding", "credential_sid"),
}
REQUIRED = [{"name": "Reason", "in": "query", "required": True, "schema": {"type": "string"}}]

BREAKING = {
    "a property goes": (DROP_PROPERTY, "removed the required property `credential_sid`"),
    "an enum narrows": ({f"{SCHEMAS}/BindingType/enum": ["apn", "fcm"]}, "`gcm`"),
    "a parameter is required": ({f"{DELETE}/parameters": REQUIRED}, "`Reason`"),
    "an operation goes": ({DELETE: None}, "api removed"),
    "a path goes": ({f"/paths/{ONE}": None}, "api path removed"),
    "a maximum falls": ({f"{SCHEMAS}/PageSize/maximum": 50}, "`PageSize`, the max was decreased"),
    "a property may be null": (
        {f"{SCHEMAS}/Binding/properties/endpoint/nullable": True},
        "`endpoint` became nullable",
    ),
    "a property is optional": (
        {f"{SCHEMAS}/PageMeta/required": without("PageMeta", "key")},
        "`meta/key` became optional",
    ),
    "a type changes": (
        {f"{SCHEMAS}/Error/properties/code": {"type": "string"}},
        "`type` changed from `integer` to `string`",
    ),
    "a parameter goes": ({f"{GET}/parameters/1": None}, "`Identity`"),
    "what was optional is required": ({"/components/parameters/PageSizeParameter/required": True}, "became required"),
    "a success goes": (
        {f"{DELETE}/responses/200": {"description": "Deleted."}, f"{DELETE}/responses/204": None},
        "`204`",
    ),
}

NEW_PARAMETER = {f"{GET}/parameters/-": {"name": "Order", "in": "query", "schema": {"type": "string"}}}
NEW_PROPERTY = {f"{SCHEMAS}/Binding/properties/device_name": {"type": "string"}}
NEW_OPERATION = {
    f"/paths/{LIST}/post": {
        "operationId": "create_binding", "tags": ["Bindings"], "summary": "Create a Binding",
        "responses": {"201": {"description": "Created."}},
    },
}  # fmt: skip

COMPATIBLE = {
    "a new parameter": (NEW_PARAMETER, "`Order`"),
    "a new operation": (NEW_OPERATION, "endpoint added"),
    "a new property": (NEW_PROPERTY, "`device_name`"),
}


def check_entry(repository, changes, version, fragment):
    """Prove that a change passes under a version as soon as `make changelog` has written it: the entry."""
    assert run(repository, changes, version) == 1
    assert run(repository, changes, version, "--changelog") == 0
    assert run(repository, changes, version) == 0
    entry = (repository / "CHANGELOG.md").read_text(encoding="utf-8").partition("## 2.0.0")[0]
    assert fragment in entry
    return entry


@pytest.mark.parametrize(("changes", "fragment"), BREAKING.values(), ids=BREAKING)
def test_a_breaking_change_is_found(repository, capsys, changes, fragment):
    """Under a new minor version it is refused, and what broke is named."""
    assert run(repository, changes, "2.1.0") == 1
    errors = capsys.readouterr().err
    assert "2.1.0 after 2.0.0 is not enough for a breaking change: it needs a new major version" in errors
    assert fragment in errors


def test_a_breaking_change_needs_a_new_major_version(repository, capsys):
    """Under the same version or a patch it is refused; under 3.0.0 it passes, with an entry in the change log."""
    for version in ("2.0.0", "2.0.1"):
        assert run(repository, DROP_PROPERTY, version) == 1
        assert f"{version} after 2.0.0 is not enough for a breaking change" in capsys.readouterr().err
    entry = check_entry(repository, DROP_PROPERTY, "3.0.0", "`credential_sid`")
    assert "CHANGELOG.md does not tell under 3.0.0" in capsys.readouterr().err
    assert "## 3.0.0 - unreleased\n\n### Contract\n- **Breaking:** `" in entry


@pytest.mark.parametrize(("changes", "fragment"), COMPATIBLE.values(), ids=COMPATIBLE)
def test_a_compatible_change_needs_a_new_minor_version(repository, capsys, changes, fragment):
    """Under a patch version it is refused; under a minor one it passes with an entry in the change log."""
    assert run(repository, changes, "2.0.1") == 1
    errors = capsys.readouterr().err
    assert "2.0.1 after 2.0.0 is not enough for a compatible change: it needs a new minor version" in errors
    assert fragment in errors
    assert "Breaking" not in check_entry(repository, changes, "2.1.0", fragment)


def test_other_words_need_a_new_patch_version(repository, capsys):
    """What a spec says in words is part of it: two that differ are not one version."""
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
