"""Fuzz the running service from each rendition of the contract: `python -m tests.fuzz.renditions --examples 500`.

The same run as that of `run.py`, with an account's token, from `bindings.yaml` as it is written, from its rendition in
OpenAPI 3.1 and from that without references, must come to the same result: no failure, error or warning, the same
operations, the same checks, the same statuses of each operation and the same parameters sent, and no keyword that one
run broke and kept and another did not. Ends with 1 when it does not.
"""

import sys
from collections.abc import Sequence
from typing import Any

from chat_bindings.site.downloads import downloads

from ..load.figures import say
from ..support.answers import CONTRACT
from .run import Run, fuzz_all, options

RENDITIONS = (CONTRACT, "bindings.3.1.json", "bindings.dereferenced.json")
"""What is fuzzed from; the first is what the others are held to."""


def result(run: Run) -> dict[str, Any]:
    """Give what a run came to, apart from how often."""
    return {
        "operations": sorted(run.trace.fuzzed),
        "checks": sorted(run.trace.checks),
        "statuses": sorted(f"{operation} {status}" for (operation, status), hits in run.trace.answers.items() if hits),
        "parameters": sorted(f"{operation} {name}" for (operation, name), hits in run.trace.parameters.items() if hits),
        "one-sided keywords": sorted(run.trace.one_sided),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all of it: 0 when all come to the same result, else 1."""
    chosen = options(arguments, __doc__ or "")
    folder = chosen.report_dir.absolute() / "renditions"
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    results: dict[str, dict[str, Any]] = {}
    files = downloads()
    for name in RENDITIONS:
        (folder / name).write_bytes(files[name])
        run = Run(CONTRACT, "token", chosen, folder / name)
        wrong += [f"{name}: {each}" for each in fuzz_all([run], chosen.seed)]
        results[name] = result(run)
    wrong += differences(results)
    say(*(f"  WRONG: {each}" for each in wrong))
    say(f"\n{len(wrong)} wrong" if wrong else f"\nthe same result from {', '.join(results)}")
    return 1 if wrong else 0


def differences(results: dict[str, dict[str, Any]]) -> list[str]:
    """Say what one run came to and another did not."""
    (first, expected), *others = results.items()
    return [
        f"{name}: {what} differ from those of {first}: {sorted(set(found[what]) ^ set(expected[what]))}"
        for name, found in others
        for what in expected
        if found[what] != expected[what]
    ]


if __name__ == "__main__":
    sys.exit(main())
