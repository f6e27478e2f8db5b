"""Compare what finds the wrong servers: `python -m tests.servers.compare`.

Schemathesis, Dredd, Prism and `chat-bindings verify` are run against the same wrong servers, each time against a server
that was just started. What a tool also reports of a right server does not count; a server is found when something is
left. Each result is written to a file as it comes, and what is there is not done again. A larger sample of the servers
holds a smaller one where it is a multiple of it, so a run can be made larger without being made again.
"""

import argparse
import fnmatch
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ..support.running import World
from .tools.dredd import Dredd
from .tools.prism import Prism
from .tools.results import Results
from .tools.schemathesis import Schemathesis
from .tools.subject import KINDS, Subject, right, wrong
from .tools.table import markdown, remarks
from .tools.tool import ROOT, Site, Tool
from .tools.verify import Verify

_NAMES = ("schemathesis", "dredd", "prism", "verify")
_SEEDS_OF_RIGHT = 3
"""With how many seeds a tool that is random is run against a right server: more of what it says wrongly shows."""


@dataclass(frozen=True)
class Task:
    """A tool, and a server to run it against."""

    tool: Tool
    subject: Subject
    seed: int = 1


class Comparison:
    """A run of the tools against the servers."""

    def __init__(self, world_file: Path, folder: Path, results: Results) -> None:
        self._world_file = world_file
        self._world = World(json.loads(world_file.read_text(encoding="utf-8")))
        self._folder = folder
        self._results = results
        self._is_over = threading.Event()
        self._is_interrupted = False

    def run(self, tasks: Sequence[Task], jobs: int, seconds: float) -> int:
        """Do tasks, some at the same time, and begin none after some seconds: how many are left."""
        left = 0
        timer = threading.Timer(seconds, self._is_over.set)
        timer.daemon = True
        timer.start()
        with ThreadPoolExecutor(jobs) as pool:
            futures = {pool.submit(self._do, task): task for task in tasks}
            try:
                for number, future in enumerate(as_completed(futures), 1):
                    left += not self._tell(f"{number}/{len(tasks)}", futures[future], future)
            except KeyboardInterrupt:
                self._is_interrupted = True
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        timer.cancel()
        return left

    def _do(self, task: Task) -> tuple[int, float] | None:
        """Run a tool against a server: how many findings it has, and the seconds that it took; None when it is late."""
        if self._is_over.is_set():
            return None
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            work = Path(name) / "tool"
            work.mkdir()
            with task.subject.start(Path(name)) as url:
                trial = task.tool.run(Site(url, self._world_file, self._world, work, task.seed))
        seconds = time.monotonic() - started
        if self._is_interrupted:
            return None  # so were the server and the tool: what was found is no finding
        self._results.add(task.tool, task.subject, task.seed, trial, seconds)
        return len(trial.findings), seconds

    @staticmethod
    def _tell(number: str, task: Task, future: "Future[tuple[int, float] | None]") -> bool:
        what = f"[{number}] {task.tool.name}, {task.subject.name}"
        try:
            done = future.result()
        except Exception as error:  # noqa: BLE001 - one server that fails must not end the others
            _say(f"{what}: FAILED: {type(error).__name__}: {error}")
            return False
        if done is None:
            return False
        _say(f"{what}: {done[0]} findings, {done[1]:.1f} s")
        return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all of it: 0 when all could be run, else 1."""
    options = _options(arguments)
    made: dict[str, Tool] = {
        "schemathesis": Schemathesis(options.max_examples), "dredd": Dredd(), "prism": Prism(), "verify": Verify(),
    }  # fmt: skip
    tools = [made[name] for name in options.tools]
    if missing := [f"{tool.name} cannot run: {why}" for tool in tools if (why := tool.missing())]:
        _say(*missing)
        return 2
    results = Results(options.output)
    results.begin(tools)
    with tempfile.TemporaryDirectory(prefix="chat-bindings-compare-") as name:
        folder = Path(name)
        world_file = folder / "world.json"
        World.made(world_file)
        subjects = _chosen(list(wrong(options.servers, world_file)), options.only, options.limit)
        tasks = [*_of_right(tools, right(options.servers, world_file, folder)), *_of_wrong(tools, subjects)]
        left = [task for task in tasks if options.fresh or not results.has(task.tool, task.subject, task.seed)]
        _say(f"{len(subjects)} wrong servers, {len(tools)} tools: {len(left)} of {len(tasks)} runs are left to do")
        undone = Comparison(world_file, folder, results).run(left, options.jobs, 60 * options.minutes)
    _say("", *markdown(results, tools, subjects), "", *remarks(results, tools, subjects))
    _say(*([f"\n{undone} runs are left to do: run it again"] if undone else []))
    return 1 if undone else 0


def _of_right(tools: Sequence[Tool], subjects: Iterator[Subject]) -> Iterator[Task]:
    for subject in subjects:
        for tool in tools:
            for seed in range(1, (_SEEDS_OF_RIGHT if tool.is_random else 1) + 1):
                yield Task(tool, subject, seed)


def _of_wrong(tools: Sequence[Tool], subjects: Sequence[Subject]) -> Iterator[Task]:
    for subject in subjects:
        for tool in tools:
            yield Task(tool, subject)


def _chosen(subjects: list[Subject], pattern: str, limit: int | None) -> list[Subject]:
    """Those whose name or clause matches; of them so many, spread over all."""
    matching = [each for each in subjects if any(fnmatch.fnmatch(text, pattern) for text in (each.name, each.clause))]
    if limit is None or limit >= len(matching):
        return matching
    return [matching[number * len(matching) // limit] for number in range(limit)]


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _some_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := sorted(set(names) - set(known)):
            raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}, but {', '.join(known)}")
        return [name for name in known if name in names]

    return parse


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.compare", description=__doc__)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="servers by name or clause, such as 'TEXT-*'")
    parser.add_argument("--tools", type=_some_of(_NAMES), default=_NAMES, help="some of " + ",".join(_NAMES))
    parser.add_argument("--servers", type=_some_of(KINDS), default=KINDS, help="some of " + ",".join(KINDS))
    parser.add_argument("--limit", type=int, metavar="N", help="so many servers, spread over all")
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time (%(default)s)")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="when to begin no more runs (%(default)s)")
    parser.add_argument("--max-examples", type=int, default=100, help="of Schemathesis, an operation (%(default)s)")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "compare.json", help="%(default)s")
    parser.add_argument("--fresh", action="store_true", help="do again what the file has")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
