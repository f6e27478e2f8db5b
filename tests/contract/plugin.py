"""Pytest, as verify uses it: which checks it runs, in which order, and what becomes of them."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from .clause import Clause, clause_of
from .credentials import Secrets
from .evidence import Evidence
from .judge import DeleteLost, NotShown, TargetGone, Violation
from .report import Result
from .suite import checks, modules

_FOLDER = Path(__file__).parent


class Stopped(Exception):
    """The run cannot go on; the message says why."""


class Clauses:
    """A plugin of pytest that checks clauses and tells what became of each."""

    def __init__(
        self,
        evidence: Evidence,
        secrets: Secrets,
        wanted: Sequence[Clause],
        skipped: Callable[[Clause], str],
        started: Callable[[Clause], None],
        done: Callable[[Result], None],
    ) -> None:
        self._evidence = evidence
        self._secrets = secrets
        self._wanted = {clause.id for clause in wanted}
        self._skipped = skipped
        self._started = started
        self._done = done
        self._losses = 0
        self.failure: BaseException | None = None
        """What ended the run before its end."""

    @pytest.fixture
    def evidence(self) -> Evidence:
        """The target and what is known of it."""
        return self._evidence

    def pytest_pycollect_makemodule(self, module_path: Path, parent: Any) -> pytest.Module:
        """Take a module as it is imported already, whatever pytest would call it."""
        collected: pytest.Module = pytest.Module.from_parent(parent, path=module_path)
        collected.obj = next(each for each in modules() if Path(each.__file__ or "") == module_path)
        return collected

    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: object) -> list[Any] | None:
        """Take the clauses of a module, and nothing that it imports."""
        is_own = isinstance(collector.obj, ModuleType) and getattr(obj, "__module__", "") == collector.obj.__name__
        return None if is_own and clause_of(obj) is not None else []

    def files(self) -> list[str]:
        """The files of the clauses that are wanted."""
        wanted = dict.fromkeys(check.__module__ for check in checks() if _known(check).id in self._wanted)
        return [str(_FOLDER / f"{name.rpartition('.')[2]}.py") for name in wanted]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the clauses that are wanted, in their order."""
        order = {check: number for number, check in enumerate(checks())}
        items[:] = sorted(
            (item for item in items if _clause(item).id in self._wanted), key=lambda item: order[_check(item)]
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Say which clause comes."""
        self._started(_clause(item))

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Check a clause, and tell what became of it."""
        clause, began = _clause(pyfuncitem), time.monotonic()
        reason = self._skipped(clause)
        result = Result(clause, "skipped", detail=reason) if reason else self._checked(clause, _check(pyfuncitem))
        if result is not None:
            self._done(replace(result, seconds=time.monotonic() - began))
        return True

    def _checked(self, clause: Clause, check: Callable[..., None]) -> Result | None:
        try:
            check(self._evidence)
        except Violation as violation:
            return self._violated(clause, violation)
        except NotShown as lacking:
            return Result(clause, "skipped", detail=self._secrets.hidden(str(lacking)))
        except DeleteLost as lost:
            return self._lost(clause, lost)
        except TargetGone as error:
            self._stop(Stopped(str(error)))
        except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - it says nothing about the target
            self._stop(error)
        else:
            return Result(clause, "passed")
        return None

    def _lost(self, clause: Clause, lost: DeleteLost) -> Result:
        """A DELETE of nothing that was not answered: once in a run that may be the network's fault."""
        self._losses += 1
        if self._losses > 1:
            return self._violated(clause, lost.again())
        return Result(clause, "skipped", detail=self._secrets.hidden(f"a DELETE is not repeated, and {lost}"))

    def _violated(self, clause: Clause, violation: Violation) -> Result:
        hidden = self._secrets.hidden
        lines = list(dict.fromkeys(answer.request.curl for answer in violation.shown_by))
        return Result(
            clause,
            "failed",
            expected=hidden(violation.expected),
            actual=hidden(violation.actual),
            detail=hidden(violation.detail),
            reproduce=hidden("\n".join(lines)),
        )

    def _stop(self, error: BaseException) -> None:
        self.failure = error
        pytest.exit("stopped", 0)


def run_pytest(plugin: Clauses) -> None:
    """Run the clauses in this process, whatever pytest is configured to do elsewhere."""
    arguments = [
        f"-c{os.devnull}",
        f"--rootdir={_FOLDER}",
        f"--confcutdir={_FOLDER}",  # else it looks for tests in every folder above as well
        "--noconftest",
        "--import-mode=importlib",
        "-s",
        "--continue-on-collection-errors",
    ]
    arguments += [f"-p no:{name}".replace("-p ", "-p") for name in _WITHOUT]
    with _alone():
        code = pytest.main([*arguments, *plugin.files()], [plugin])
    if plugin.failure is None and code not in (0, 5):
        plugin.failure = RuntimeError(f"pytest ended with {code!r}")


_WITHOUT = (
    "terminal", "cacheprovider", "logging", "warnings", "faulthandler", "doctest", "junitxml", "pastebin", "stepwise",
    "unraisableexception", "threadexception", "nose", "debugging", "recwarn", "xdist", "pytest_cov",
)  # fmt: skip
"""Plugins of pytest's that have nothing to do here, or would write into the user's folder."""


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """No options and plugins that the user's own tests want."""
    kept = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    auto = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    current = os.environ.get("PYTEST_CURRENT_TEST")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    write_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = write_bytecode
        for name, value in (*kept.items(), ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", auto), ("PYTEST_CURRENT_TEST", current)):
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _check(item: Any) -> Callable[..., None]:
    check: Callable[..., None] = item.obj
    return check


def _clause(item: Any) -> Clause:
    return _known(_check(item))


def _known(check: Callable[..., None]) -> Clause:
    found = clause_of(check)
    assert found is not None
    return found
