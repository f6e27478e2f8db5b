"""Guessing at full speed, from many addresses at once: all of 127.0.0.0/8 is this machine."""

import asyncio
import secrets
import time
from collections.abc import Iterator, Sequence

from . import raw
from .flood import Connection
from .raw import Response

UNLIMITED = ("--guesses-per-address", "0", "--guesses-per-account", "0")
"""Options of a service without limits on guesses, where wrong credentials are measured or generated."""


Guessed = tuple[list[Response], float]
"""The outcome of guesses: the responses in the order in which they came, and the seconds of all of them."""


def addresses(number: int) -> list[str]:
    """Return so many addresses of the loopback, none of them the usual one."""
    return [f"127.1.{each // 250}.{each % 250 + 1}" for each in range(number)]


class Source(Connection):
    """A client at an address, with one kept connection."""

    def __init__(self, url: str, path: str, address: str) -> None:
        super().__init__(url, address)
        self._path = path

    async def ask(self, user_name: str, password: str) -> Response:
        """Send credentials once; a late response is an error."""
        headers = [("Authorization", raw.basic(user_name, password))]
        return await asyncio.wait_for(self.send("GET", self._path, headers), raw.PATIENCE)


async def guess(
    url: str, path: str, user_names: Iterator[str], sources: Sequence[str], *, number: int, a_second: float = 1e9
) -> Guessed:
    """Send so many wrong tokens, from all sources in turn, at a limited rate. A source waits for each response."""
    answers: list[Response] = []
    started, begun = time.monotonic(), 0

    async def work(address: str) -> None:
        nonlocal begun
        async with Source(url, path, address) as source:
            while begun < number:
                begun += 1
                await asyncio.sleep(max(started + begun / a_second - time.monotonic(), 0))
                answers.append(await source.ask(next(user_names), secrets.token_hex(16)))

    async with asyncio.TaskGroup() as tasks:
        for address in sources:
            tasks.create_task(work(address))
    return answers, time.monotonic() - started
