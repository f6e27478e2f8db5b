"""Serve a contender: `python -m tests.load.bench.contenders NAME PORT`, on the server that all of them share.

The database is the one that `BENCH_DATABASE` names.
"""

import argparse
import importlib

import uvicorn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench.contenders", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("port", type=int)
    parser.add_argument("--server", choices=["uvicorn", "granian"], default="uvicorn")
    parser.add_argument("--loop", choices=["uvloop", "asyncio"], default="uvloop")
    parser.add_argument("--http", choices=["httptools", "h11"], default="httptools", help="uvicorn's parser")
    options = parser.parse_args()
    target = f"{__package__}.{options.name}"
    if options.server == "granian":
        _granian(f"{target}:app", options.port, options.loop)
    else:
        _uvicorn(importlib.import_module(target).app, options.port, options.loop, options.http)


def _uvicorn(app: object, port: int, loop: str, http: str) -> None:
    uvicorn.run(
        app,  # type: ignore[arg-type]
        port=port,
        loop=loop,
        http=http,  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


def _granian(target: str, port: int, loop: str) -> None:
    from granian import Granian
    from granian.constants import Interfaces, Loops

    Granian(
        target, port=port, interface=Interfaces.ASGI, workers=1, loop=Loops(loop), websockets=False, log_enabled=False
    ).serve()


main()
