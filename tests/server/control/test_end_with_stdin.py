"""`serve --end-with-stdin`: the service ends with the process that started it."""

import os
import signal
import subprocess
import sys
import textwrap

import httpx
import pytest

from ...support.running import environment, wait_until

STARTER = """
    import json, subprocess, sys, time
    command = [sys.executable, "-m", "chat_bindings", "serve", "--demo", "--control", "--port", "0", "--announce", "-",
               "--end-with-stdin", "--no-docs"]
    served = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(json.loads(served.stdout.readline())["url"], flush=True)
    if sys.argv[1] == "close":
        served.stdin.close()
        sys.exit(served.wait(60))
    time.sleep(60)
"""


def is_gone(url: str) -> bool:
    """Whether nothing answers there."""
    try:
        httpx.get(url, timeout=60)
    except httpx.TransportError:
        return True
    return False


@pytest.mark.parametrize("how", ["close", "kill"])
def test_the_service_ends_with_its_starter(how):
    """Whether it closes the pipe or is killed: the service ends cleanly, and at once."""
    command = [sys.executable, "-c", textwrap.dedent(STARTER), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        if how == "kill":
            assert httpx.get(f"{url}/control/v1/requests", timeout=60).status_code == 200
            os.kill(starter.pid, signal.SIGKILL)
        assert starter.wait(60) == (-signal.SIGKILL if how == "kill" else 0)
    assert wait_until(lambda: is_gone(url), 60)
