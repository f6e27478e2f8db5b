"""A contract that was broken does not pass, unless its version says so; and the change log tells what changed."""

import json

import pytest

from ..support import specs
from . import gate

pytestmark = [pytest.mark.ci("needs oasdiff, which Go builds"), pytest.mark.needs("oasdiff")]

SPEC = specs.load(specs.CONTRACT)
LIST, ONE = SPEC["paths"]
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
    write(tmp_path / "openapi" / "released" / "2.0.0.yaml", changed(lambda _: None, "2.0.0"))
    write(tmp_path / "openapi" / "bindings.yaml", changed(lambda _: None, "2.0.0"))
    return tmp_path


def write(path, spec):
    path.write_text(json.dumps(spec), encoding="utf-8")  # which is YAML, too


def changed(change, version):
    spec = json.loads(json.dumps(SPEC))  # a copy in which nothing is shared any more that aliases share in the file
    spec["info"]["version"] = version
    change(spec)
    return spec


def run(repository, change, version, *options):
    """Run the gate on a changed contract: the code that it ends with."""
    write(repository / "openapi" / "bindings.yaml", changed(change, version))
    return gate.main(options, repository)


def schema(spec, name):
    return spec["components"]["schemas"][name]


def drop_property(spec):
    del schema(spec, "Binding")["properties"]["credential_sid"]
    schema(spec, "Binding")["required"].remove("credential_sid")


def narrow_enum(spec):
    schema(spec, "BindingType")["enum"].remove("gcm")


def require_parameter(spec):
    parameter = {"name": "Reason", "in": "query", "required": True, "schema": {"type": "string"}}
    spec["paths"][ONE]["delete"].setdefault("parameters", []).append(parameter)


def remove_operation(spec):
    del spec["paths"][ONE]["delete"]


def remove_path(spec):
    del spec["paths"][ONE]


def narrow_maximum(spec):
    schema(spec, "PageSize")["maximum"] = 50


def null_property(spec):
    schema(spec, "Binding")["properties"]["endpoint"]["nullable"] = True


def optional_property(spec):
    schema(spec, "PageMeta")["required"].remove("key")


def retype_property(spec):
    schema(spec, "Error")["properties"]["code"] = {"type": "string"}


def remove_parameter(spec):
    del spec["paths"][LIST]["get"]["parameters"][1]


def require_optional(spec):
    spec["components"]["parameters"]["PageSizeParameter"]["required"] = True


def remove_success(spec):
    responses = spec["paths"][ONE]["delete"]["responses"]
    responses["200"] = {"description": "Deleted."}
    del responses["204"]


BREAKING = {
    drop_property: "removed the required property `credential_sid`",
    narrow_enum: "`gcm`",
    require_parameter: "`Reason`",
    remove_operation: "api removed",
    remove_path: "api path removed",
    narrow_maximum: "`PageSize`, the max was decreased",
    null_property: "`endpoint` became nullable",
    optional_property: "`meta/key` became optional",
    retype_property: "`type` changed from `integer` to `string`",
    remove_parameter: "`Identity`",
    require_optional: "became required",
    remove_success: "`204`",
}


def optional_parameter(spec):
    parameter = {"name": "Order", "in": "query", "schema": {"type": "string"}}
    spec["paths"][LIST]["get"]["parameters"].append(parameter)


def new_operation(spec):
    spec["paths"][LIST]["post"] = {
        "operationId": "create_binding", "tags": ["Bindings"], "summary": "Create a Binding",
        "responses": {"201": {"description": "Created."}},
    }  # fmt: skip


def new_property(spec):
    schema(spec, "Binding")["properties"]["device_name"] = {"type": "string"}


COMPATIBLE = {optional_parameter: "`Order`", new_operation: "endpoint added", new_property: "`device_name`"}

each_breaking = pytest.mark.parametrize(("change", "told"), BREAKING.items(), ids=[it.__name__ for it in BREAKING])
each_compatible = pytest.mark.parametrize(
    ("change", "told"), COMPATIBLE.items(), ids=[it.__name__ for it in COMPATIBLE]
)


@each_breaking
def test_a_breaking_change_does_not_pass_without_a_new_major_version(repository, capsys, change, told):
    """Under the same version, a patch or a minor one it is refused, and what broke is named."""
    for version in ("2.0.0", "2.0.1", "2.1.0"):
        assert run(repository, change, version) == 1
        said = capsys.readouterr().err
        assert f"{version} after 2.0.0 is not enough for a breaking change: it needs a new major version" in said
        assert told in said


@each_breaking
def test_a_breaking_change_passes_with_a_new_major_version_once_it_is_told(repository, capsys, change, told):
    """Under 3.0.0 it passes as soon as the change log tells it, which `make changelog` sees to."""
    assert run(repository, change, "3.0.0") == 1
    assert "CHANGELOG.md does not tell under 3.0.0" in capsys.readouterr().err
    assert run(repository, change, "3.0.0", "--changelog") == 0
    entry = (repository / "CHANGELOG.md").read_text(encoding="utf-8").partition("## 2.0.0")[0]
    assert "## 3.0.0 - unreleased\n\n### Contract\n- **Breaking:** `" in entry
    assert told in entry
    assert run(repository, change, "3.0.0") == 0


@each_compatible
def test_a_compatible_change_needs_a_new_minor_version(repository, capsys, change, told):
    """Under the same version or a patch it is refused; under a minor one it passes with an entry in the change log."""
    for version in ("2.0.0", "2.0.1"):
        assert run(repository, change, version) == 1
        said = capsys.readouterr().err
        assert f"{version} after 2.0.0 is not enough for a compatible change: it needs a new minor version" in said
        assert told in said
    assert run(repository, change, "2.1.0", "--changelog") == 0
    assert run(repository, change, "2.1.0") == 0
    entry = (repository / "CHANGELOG.md").read_text(encoding="utf-8").partition("## 2.0.0")[0]
    assert told in entry
    assert "Breaking" not in entry


def other_words(spec):
    schema(spec, "Binding")["description"] = "In other words."


def test_other_words_need_a_new_patch_version(repository, capsys):
    """What a spec says in words is part of it: two that differ are not one version."""
    assert run(repository, other_words, "2.0.0") == 1
    assert "2.0.0 after 2.0.0 is not enough for a change of words" in capsys.readouterr().err
    assert run(repository, other_words, "2.0.1") == 0


def test_an_older_version_is_refused(repository, capsys):
    """A version does not go back."""
    assert run(repository, lambda _: None, "1.9.0") == 1
    assert "1.9.0 after 2.0.0 is not enough" in capsys.readouterr().err


def test_the_entry_is_written_once_and_leaves_the_rest_as_it_was(repository):
    """Written again after another change it is replaced; what people wrote in the section and the others stays."""
    log = repository / "CHANGELOG.md"
    log.write_text(
        LOG.replace("## 2.0.0", "## 2.1.0 - unreleased\n\n### Fixed\n- By hand.\n\n## 2.0.0"), encoding="utf-8"
    )
    assert run(repository, optional_parameter, "2.1.0", "--changelog") == 0
    assert run(repository, new_property, "2.1.0", "--changelog") == 0
    once = log.read_text(encoding="utf-8")
    assert run(repository, new_property, "2.1.0", "--changelog") == 0
    assert log.read_text(encoding="utf-8") == once
    head, _, tail = once.partition("## 2.0.0")
    assert head.startswith("# Changes\n\n## 2.1.0 - unreleased\n\n### Contract\n- `GET ")
    assert head.endswith("\n\n### Fixed\n- By hand.\n\n")
    assert "Order" not in head
    assert "## 2.0.0" + tail == LOG.partition("\n\n")[2]


def test_a_release_makes_the_next_baseline(repository, capsys):
    """`--release` writes the spec of the version, if it holds to the one before; later changes are held to it."""
    assert run(repository, new_property, "2.1.0", "--release") == 1  # the change log does not tell yet
    assert run(repository, new_property, "2.1.0", "--changelog") == 0
    assert run(repository, new_property, "2.1.0", "--release") == 0
    released = repository / "openapi" / "released" / "2.1.0.yaml"
    assert released.read_bytes() == (repository / "openapi" / "bindings.yaml").read_bytes()
    assert run(repository, lambda _: None, "2.1.0") == 1  # the new property is gone again
    assert "or, since 2.1.0 is not released yet, `make release-spec`" in capsys.readouterr().err
    assert run(repository, drop_property, "2.1.0", "--release") == 1  # held to 2.0.0, not to the candidate
    assert "needs a new major version" in capsys.readouterr().err


def test_released_specs_do_not_change(repository, capsys):
    """Once the change log has a date for a version, neither its spec nor its entry is written any more."""
    for option in ("--release", "--changelog"):
        assert run(repository, new_property, "2.0.0", option) == 1
        assert "2.0.0 was released" in capsys.readouterr().err


def test_the_contract_holds_to_the_last_released_one():
    """The contract of this repository passes."""
    assert gate.main([]) == 0
