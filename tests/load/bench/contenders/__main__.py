"""Serve a contender: `python -m tests.load.bench.contenders NAME PORT`, on the server that all of them share.

The database is the one that `BENCH_DATABASE` names.
"""

import importlib
import sys

import uvicorn

name, port = sys.argv[1:]
uvicorn.run(
    importlib.import_module(f"{__package__}.{name}").app,
    port=int(port),
    loop="uvloop",
    http="httptools",
    ws="none",
    log_config=None,
    access_log=False,
    proxy_headers=False,
    server_header=False,
)
