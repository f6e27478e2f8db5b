"""`serve --end-with-stdin`: the service ends with the process that started it."""

import json
import os
from pathlib import Path

import httpx

from ...support.forking import fork
from ...support.running import environment


def test_the_service_ends_with_its_standard_input(tmp_path):
    """The end of the pipe, which comes with the end of the process that holds it, is a clean end of the service."""
    (given, giving), (reading, output) = os.pipe(), os.pipe()
    arguments = ["serve", "--demo", "--control", "--port", "0", "--announce", "-", "--end-with-stdin", "--no-docs"]
    with Path(os.devnull).open("w") as log:
        process = fork(arguments, environment(), tmp_path, [given, output, log.fileno()])
    os.close(given)
    os.close(output)
    with os.fdopen(reading) as announced:
        url = json.loads(announced.readline())["url"]
        assert httpx.get(f"{url}/control/v1/requests", timeout=60).status_code == 200
        os.close(giving)
        assert process.wait(60) == 0
