"""Fuzz the running service from all specs: `python -m tests.fuzz.run --examples 500`.

The real service runs as a process on a free port of the loopback and holds a world of 20,000 Bindings; Schemathesis
runs against it for each spec with each kind of credentials, and for that of the control API, with its token, against
one of its own. Ends with 1 when Schemathesis reports a failure, an error
or a warning, or did less than it was asked to.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from ..load.figures import say
from ..support.answers import CONTRACT, CONTROL, REGISTRATION, document, operations
from ..support.databases import DATABASES
from ..support.engines import ENGINES
from ..support.guessing import UNLIMITED
from ..support.running import Service, environment
from . import seeds
from .trace import EXCEPTIONS, HERE, Trace, short_phases, shortfalls, table
from .world import fuzz_world

ROOT = HERE.parents[1]

_BINDINGS = 10_000
"""Bindings of each of two services."""

_CONTROLLED = 1_000
"""Bindings of each of two services where the control API is fuzzed: each reset and each PUT loads all of them."""

PHASES = ("examples", "coverage", "fuzzing", "stateful")

_ROUNDS = 10
"""Rounds of a run, each with its own seed. Hypothesis takes a scenario whose responses changed (Bindings were deleted,
so no next page is left) for flaky data, and Schemathesis then ends the phase silently. The next round does the rest."""

_NOTE = "Failed to extract data from response"
"""The beginning of Schemathesis' notes on links without anything to follow. They count neither as failures nor as
warnings, but the linked operations were not tried."""


class Run:
    """A run of Schemathesis on one spec, with one kind of credentials."""

    def __init__(self, spec: str, credentials: str, options: argparse.Namespace) -> None:
        self.spec = spec
        self.credentials = credentials
        self.asked = operations(spec)
        self.trace = Trace()
        self._examples: int = options.examples
        self._seed: int = options.seed
        self._folder: Path = options.report_dir.absolute()

    def fuzz(self, url: str, variables: dict[str, str]) -> list[str]:
        """Run it and return its problems, in sentences."""
        name = f"{self.spec.removesuffix('.yaml')}-{self.credentials}"
        for old in self._folder.glob(f"{name}-[0-9].*"):
            old.unlink()
        wrong: list[str] = []
        for number in range(_ROUNDS):
            phases = list(PHASES) if number == 0 else short_phases(self.trace, self.asked, self._examples)
            if wrong or not phases:
                break
            base = self._folder / f"{name}-{number}"
            wrong += self._round(base, self._command(base, phases, url, self._seed + number), variables)
        return wrong or list(shortfalls(self.trace, self.asked, self._examples))

    def _round(self, base: Path, command: list[str], variables: dict[str, str]) -> list[str]:
        try:
            finished = subprocess.run(
                command, cwd=ROOT, env=environment(**variables), capture_output=True, text=True,
                timeout=600 + 4 * self._examples, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return [f"Schemathesis did not end within {error.timeout} seconds"]
        said = finished.stdout + finished.stderr
        Path(f"{base}.log").write_text(said, encoding="utf-8")
        if finished.returncode != 0:
            return [f"Schemathesis ended with {finished.returncode}:\n{said}"]
        self.trace.read(Path(f"{base}.ndjson"), Path(f"{base}.coverage.json"))
        return [f"{_NOTE}: see {base}.log"] if _NOTE in said else []

    def _command(self, base: Path, phases: list[str], url: str, seed: int) -> list[str]:
        mounted_at = urlsplit(document(self.spec)["servers"][0]["url"]).path
        return [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"),
            "run", str(ROOT / "openapi" / self.spec), "--url", f"{url}{mounted_at}", "--no-color",
            "--phases", ",".join(phases), "--max-examples", str(self._examples), "--seed", str(seed),
            # Where credentials are generated too, most of what is meant to be invalid ends at 401 for theirs: so it is
            # done with one of the two kinds.
            "--generation-with-security-parameters", str(self.credentials == "token").lower(),
            "--report", "ndjson,junit", "--report-ndjson-path", f"{base}.ndjson", "--report-junit-path", f"{base}.xml",
            "--coverage-format", "json,html", "--coverage-report-json-path", f"{base}.coverage.json",
            "--coverage-report-html-path", f"{base}.coverage.html",
        ]  # fmt: skip


def fuzz_all(runs: Sequence[Run]) -> list[str]:
    """Fuzz one service by several runs and return the problems."""
    wrong: list[str] = []
    is_control = any(run.spec == CONTROL for run in runs)
    world = fuzz_world(_CONTROLLED if is_control else _BINDINGS)
    under = ("env", f"CHAT_BINDINGS_CONTROL_TOKEN={seeds.CONTROL_TOKEN}") if is_control else ()
    options = (*UNLIMITED, "--control") if is_control else UNLIMITED
    with tempfile.TemporaryDirectory(prefix="chat-bindings-fuzz-") as name:
        folder = Path(name)
        (folder / "world.json").write_text(json.dumps(world), encoding="utf-8")
        database = DATABASES.loaded(folder / "fuzz.db", folder / "world.json")
        with Service(database, *options, under=under) as service:
            for run in runs:
                started = time.monotonic()
                variables = seeds.write(folder, service.url, world, run.credentials, run.spec)
                found = run.fuzz(service.url, variables)
                say(f"\n{run.spec} with an account's {run.credentials}, {time.monotonic() - started:.0f} s:")
                say(*table(run.trace, run.asked), *(f"  WRONG: {each}" for each in found))
                wrong += found
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all of it: 0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--examples", type=int, default=500, help="examples an operation, and scenarios")
    parser.add_argument("--seed", type=int, default=1, help="by which a run is the same each time")
    parser.add_argument("--engine", choices=ENGINES, default=DATABASES.engine, help="where it keeps its data")
    parser.add_argument("--report-dir", type=Path, default=ROOT / "build" / "fuzz", help="of Schemathesis' reports")
    chosen = parser.parse_args(arguments)
    DATABASES.engine = chosen.engine
    chosen.report_dir.mkdir(parents=True, exist_ok=True)
    say(f"{chosen.examples} examples an operation, --seed {chosen.seed}, reports in {chosen.report_dir}")
    runs = [Run(spec, how, chosen) for how in seeds.CREDENTIALS for spec in (CONTRACT, REGISTRATION)]
    wrong = fuzz_all(runs) + fuzz_all([Run(CONTROL, "token", chosen)])
    for title, listed in EXCEPTIONS.items():
        reasons = [f"  {what}: {reason}" for what, reason in listed.items()]
        say(f"\n{title.replace('_', ' ')}:", *(reasons or ["  none: -"]))
    say(f"\n{len(wrong)} wrong" if wrong else "\nno failure, no error, no warning, and nothing left out")
    return 1 if wrong else 0


if __name__ == "__main__":
    with closing(DATABASES):
        sys.exit(main())
