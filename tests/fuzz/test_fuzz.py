"""Schemathesis finds no failure, no error and no warning in the running service, and nothing of it is switched off."""

import tomllib

import pytest
from schemathesis.config import SchemathesisWarning

from . import run
from .trace import EXCEPTIONS, HERE

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("unmeasured")]


def keys(node):
    """Yield every key of a configuration, with its value, at any depth."""
    for key, value in node.items():
        yield key, value
        if isinstance(value, dict):
            yield from keys(value)


@pytest.mark.ci("runs Schemathesis five times")
def test_a_small_run_finds_nothing_wrong(tmp_path, capsys):
    """10 examples an operation, from all specs, with a token and with a key: no failure, no error, no warning."""
    status = run.main(["--examples", "10", "--report-dir", str(tmp_path)])
    assert status == 0, capsys.readouterr().out


@pytest.mark.ci("loads Schemathesis: ten seconds of CPU")
def test_nothing_is_switched_off_but_what_is_listed():
    """The configuration switches off no check, phase or warning, and widens no status, beside those on the list."""
    config = tomllib.loads((HERE / "schemathesis.toml").read_text(encoding="utf-8"))
    listed = EXCEPTIONS["switched_off"]
    assert set(config["warnings"]["display"]) == {str(warning) for warning in SchemathesisWarning} - set(listed)
    assert config["warnings"]["fail-on"] is True
    for section in ("checks", "phases", "warnings"):
        for key, value in keys(config[section]):
            assert (key, value) != ("enabled", False), section
            assert key not in ("expected-statuses", "low_valid_rate", "unexpected-methods"), key
    assert not {"operations", "baseline", "suppress-health-check", "max-failures", "rate-limit"} & set(config)
    assert listed == {}
    switched = [key for key, value in keys(config["phases"]) if value is False]
    assert switched == [name.rpartition(".")[2] for name in EXCEPTIONS["settings"]]


def test_unreachable_statuses_are_those_of_faults_and_limits():
    """The list of what is unreachable holds no status that a request alone can bring about."""
    assert set(EXCEPTIONS["unreached"]) <= {"429", "500", "503"}
