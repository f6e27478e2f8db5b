"""Serve a world wrongly, differently or right: `python -m tests.servers NAME --world FILE`."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .catalogue import by_name
from .http import serving


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT: 0; 2 when there is no such server or world."""
    options = _parser().parse_args(arguments)
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # the threads inherit it, so that `sigwait` here gets the signal
    try:
        world = json.loads(options.world.read_text(encoding="utf-8"))
        server = by_name(options.name)
    except (OSError, ValueError) as error:
        return _refused(f"the world cannot be read: {error}")
    except KeyError:
        return _refused(f"there is no {options.name}")
    with serving(server(world), options.port) as url:
        _say(f"listening at {url}")
        signal.sigwait(ends)
    return 0


def _refused(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 2


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("name", nargs="?", default="right", help="the server's name (%(default)s)")
    parser.add_argument("--world", type=Path, required=True, metavar="FILE", help="the world to serve")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    return parser


if __name__ == "__main__":
    sys.exit(main())
