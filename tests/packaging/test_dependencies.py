"""Dependencies: all imports are declared, and the private interfaces that ours extends still exist."""

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.supervisors import Multiprocess

from chat_bindings.server.monitoring.metrics import BatchedHistogram

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MOST = 17


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9._-]+", each)[0].lower().replace("_", "-") for each in requirements}


def imported() -> Iterator[tuple[str, Path]]:
    """Return the top-level modules of others that the product imports, each with a file that does."""
    for file in (ROOT / "handlers").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((each.name.split(".")[0], file) for each in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module.split(".")[0], file


def test_imports_are_declared():
    """No import works only because a dependency of ours happens to need it too."""
    declared = names([*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())])
    found = packages_distributions()
    undeclared = {
        (module, str(file.relative_to(ROOT)))
        for module, file in imported()
        if module not in sys.stdlib_module_names
        and not {each.lower().replace("_", "-") for each in found.get(module, [module])} & declared
    }
    assert not undeclared


def test_there_are_few():
    """Each dependency is one more that its users have to trust."""
    assert len(PROJECT["dependencies"]) <= MOST


@pytest.mark.parametrize("name", ["connexion", "prometheus-client", "starlette", "throttled-py", "uvicorn"])
def test_extended_dependencies_have_upper_bounds(name):
    """Untried versions are not installed under code that builds on private interfaces."""
    assert "<" in next(each for each in PROJECT["dependencies"] if each.startswith(name))


@pytest.mark.parametrize(
    ("theirs", "names"),
    [
        (HttpToolsProtocol, "_start_asgi_task connection_lost connection_made data_received on_body on_header"),
        (HttpToolsProtocol, "on_headers_complete on_message_begin on_message_complete on_response_complete"),
        (RequestResponseCycle, "run_asgi send receive"),
        (uvicorn.Config, "load"),
    ],
)
def test_overridden_methods_are_still_called(theirs, names):
    """uvicorn still has the methods that ours replace: another name would leave ours uncalled, and its own in force."""
    gone = [name for name in names.split() if not callable(getattr(theirs, name, None))]
    assert not gone, f"uvicorn's {theirs.__name__} has no {', '.join(gone)} any more: read it, then move the bound"


def test_the_arguments_of_a_cycle_are_as_before():
    """uvicorn's cycle is made by us: an argument that it gains or loses changes what it does."""
    takes = set(inspect.signature(RequestResponseCycle).parameters)
    assert takes == {
        "scope", "transport", "flow", "logger", "access_logger", "access_log", "default_headers", "message_event",
        "expect_100_continue", "keep_alive", "on_response",
    }, "uvicorn's RequestResponseCycle takes other arguments: read it again, then move the bound"  # fmt: skip


def test_the_supervisor_is_as_before():
    """uvicorn's supervisor looks after its workers by the methods and attributes that ours builds on."""
    source = inspect.getsource(Multiprocess)
    parts = ("keep_subprocess_alive", "terminate_all", "processes_num", "should_exit", "sockets", "self.processes")
    gone = [part for part in parts if part not in source]
    assert not gone, f"uvicorn's Multiprocess has no {', '.join(gone)} any more: read it again, then move the bound"


def test_many_observations_at_once():
    """prometheus-client's histogram keeps a sum and a count for each bucket under the names that ours adds to."""
    registries = [CollectorRegistry(), CollectorRegistry()]
    batched, one_by_one = (BatchedHistogram("h", "Some.", buckets=(1, 2), registry=each) for each in registries)
    batched.add([1, 2, 1], 8.5)
    for value in (0.5, 1.5, 1.5, 5):
        one_by_one.observe(value)
    first, second = (re.sub(r"h_created .*", "", generate_latest(each).decode()) for each in registries)
    assert first == second, "prometheus-client keeps histograms otherwise: read it again, then move the bound"
