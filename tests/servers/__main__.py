"""Serve a world wrongly, differently or right: `python -m tests.servers NAME --world FILE`."""

import argparse
import json
import signal
import sys
from pathlib import Path

from ..load.figures import say
from .catalogue import by_name
from .http import serving


def main() -> int:
    """Serve until SIGTERM or SIGINT. Returns 0, or 2 when there is no such server or world."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("name", nargs="?", default="right", help="the server's name (%(default)s)")
    parser.add_argument("--world", type=Path, required=True, metavar="FILE", help="the world to serve")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    options = parser.parse_args()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # the threads inherit it, so that `sigwait` here gets the signal
    try:
        server = by_name(options.name)(json.loads(options.world.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        parser.error(f"the world cannot be read: {error}")
    except KeyError:
        parser.error(f"there is no {options.name}")
    with serving(server, options.port) as url:
        say(f"listening at {url}")
        signal.sigwait(ends)
    return 0


if __name__ == "__main__":
    sys.exit(main())
