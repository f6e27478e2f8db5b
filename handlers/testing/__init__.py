"""The pytest plugin `chat_bindings`: a server for each test with the fixture.

All other modules are imported with the first server: tests without one pay nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .server import ChatBindingsServer, ServerFactory

_MARKER = "chat_bindings"
_FILES = ("world", "faults")
_KNOWN = (*_FILES, "registration", "options", "fresh")
_KEPT = ("world", "registration")
_SHOWN = 300
"""Lines of a server's log in the report of a failed test."""

_factory = pytest.StashKey["ServerFactory"]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(world=None, faults=None, registration=True, options=(), fresh=False): what chat_bindings_server "
        "serves: a world (a document, or its file), with fault rules (likewise; True for none), with options of "
        "`serve`, from a process of the test's own (fresh).",
    )


@pytest.fixture(scope="session")
def chat_bindings_server_factory(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["ServerFactory"]:
    """Return a factory of servers for `with` blocks, such as those of a fixture for a whole module.

    It takes the arguments of the marker `chat_bindings`, and yields a `ChatBindingsServer`.
    """
    from .server import ServerFactory

    factory = ServerFactory(tmp_path_factory.mktemp("chat-bindings"))
    request.config.stash[_factory] = factory
    yield factory
    del request.config.stash[_factory]
    factory.close()


@pytest.fixture
def chat_bindings_server(
    request: pytest.FixtureRequest, chat_bindings_server_factory: "ServerFactory"
) -> Iterator["ChatBindingsServer"]:
    """Serve a world to this test alone, on a free port of this machine.

    Tests without faults and options share a server, which is reset for each; with `fresh` it is a new one. It has the
    Binding of Twilio's page, or the world of the marker `chat_bindings`. Paths in the marker are relative to the test's
    file; of several markers the nearest counts, for each argument.
    """
    from .launcher import CannotServe

    with ExitStack() as stack:
        try:
            wanted = _read_markers(request.node, request.path.parent)
            is_own = wanted.pop("fresh", False) or wanted.get("faults") or wanted.get("options")
            make = chat_bindings_server_factory if is_own else chat_bindings_server_factory.kept
            own = wanted if is_own else {name: wanted[name] for name in _KEPT if name in wanted}
            server = stack.enter_context(make(**own))
        except CannotServe as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield server


def _read_markers(node: pytest.Item, folder: Path) -> dict[str, Any]:
    from .launcher import CannotServe

    wanted: dict[str, Any] = {}
    for marker in reversed([*node.iter_markers(_MARKER)]):
        wanted |= marker.kwargs
        if marker.args or not marker.kwargs.keys() <= {*_KNOWN}:
            raise CannotServe(f"The marker {_MARKER} takes {', '.join(_KNOWN)}, each by its name.")
    return {
        name: folder / value if name in _FILES and isinstance(value, str | Path) else value
        for name, value in wanted.items()
    }


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Add the servers' logs to the report of a failed test."""
    if call.excinfo is None or "chat_bindings_server_factory" not in getattr(item, "fixturenames", ()):
        return
    factory = item.config.stash.get(_factory, None)
    for server in [*factory.running, *factory.failed] if factory else ():
        lines = server.log.splitlines()[-_SHOWN:]
        item.add_report_section(call.when, f"chat-bindings log of {server.url}", "\n".join(lines))
    if factory:
        factory.failed.clear()
