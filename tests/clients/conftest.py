"""The machine on which the SDKs run."""

from collections.abc import Iterator

import pytest

from ..conftest import load
from ..support.measuring import unmeasured
from ..support.running import Service
from ..support.tools import unavailable
from .machine import HOST, Authority, Machine
from .namespace import Namespace
from .tools import missing


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose needs are missing: here, since pytest puts skips from one place in one line."""
    needs = [name for marker in item.iter_markers("needs") for name in marker.args]
    if "namespace" in getattr(item, "fixturenames", ()):
        needs.insert(0, "namespace")
    for need in needs:
        if what := missing(need):
            unavailable(what)


@pytest.fixture(scope="session")
def namespace() -> Iterator[Namespace]:
    """Make a namespace in which HOST is the loopback."""
    with Namespace({HOST: "127.0.0.1"}) as made:
        yield made


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make the certificate authority of the SDKs."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def machine(namespace, authority, world, world_file, tmp_path_factory) -> Iterator[Machine]:
    """Start a machine whose HOST holds the fixtures' world, for the tests of one module."""
    folder = tmp_path_factory.mktemp("machine")
    home = folder / "home"
    home.mkdir()
    tls = ("--tls-cert", authority.cert, "--tls-key", authority.key)
    options = ("--port", 443, *tls, "--public-url", f"https://{HOST}")
    with unmeasured(), Service(load(folder / "service.db", world_file), *options, under=namespace.enter):
        yield Machine(namespace, authority, world, home)


@pytest.fixture(
    params=[
        *(pytest.param(each, marks=pytest.mark.needs(f"twilio-{each}")) for each in ("python", "node", "go", "java")),
        pytest.param("csharp", marks=pytest.mark.needs("dotnet", "twilio-csharp")),
    ]
)
def library(request: pytest.FixtureRequest) -> str:
    """Return the language of an SDK that is a library; `programs/` has programs in each."""
    language: str = request.param
    return language
