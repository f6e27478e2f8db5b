"""Servers that are right but different in how they use the connection, and in what happens on the way."""

import email.utils
import gzip
import random
import re
import threading
import time
from dataclasses import replace
from typing import Any

from .bases import after, first
from .http import Answer, Request
from .right import After, Refusal, Right

_TAKES_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)", re.IGNORECASE)


class Chunked(Right, finish=After(lambda answer: replace(answer, chunked=bool(answer.body)))):
    """Every answer with a body comes in chunks, without a Content-Length."""


class Packed(Right):
    """Every body comes packed with gzip where the request accepts that."""

    vary = "Accept-Encoding"

    def takes_gzip(self, accepted: str) -> bool:
        return bool(_TAKES_GZIP.search(accepted))

    def finish(self, request: Request, answer: Answer) -> Answer:
        if answer.body and self.takes_gzip(request.headers.get("accept-encoding")):
            answer.body = gzip.compress(answer.body, mtime=0)
            answer.headers.append(("Content-Encoding", "gzip"))
        answer.headers += [("Vary", self.vary)] if self.vary else []
        return super().finish(request, answer)


class ReadsNoQualities(Packed, takes_gzip=lambda accepted: "gzip" in accepted):
    """It packs wherever `gzip` is named, with a quality of 0 too, as Apache's mod_deflate does."""


class ClosesConnections(Right, finish=After(lambda answer: replace(answer, close=True))):
    """It closes the connection after each answer, as HTTP/1.0 does."""


@after(Right.finish)
def odd_headers(answer):
    """The names of its headers are in odd case, and there are more of them than needed."""
    extra = [("Server", "odd/1.0"), ("X-Frame-Options", "DENY"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]
    answer.headers = [(_odd(name), value) for name, value in [*extra, *answer.headers]]
    return answer


def _odd(name: str) -> str:
    return "".join(letter.upper() if number % 2 else letter.lower() for number, letter in enumerate(name))


class Slow(Right, waits=True, finish=After(lambda answer: replace(answer, delay_s=random.uniform(0.03, 0.05)))):
    """Each answer comes 30 ms late, some up to 20 ms more, so that answers overtake one another."""


class Slow150(Right, waits=True, finish=After(lambda answer: replace(answer, delay_s=0.150))):
    """Each answer comes exactly 150 ms late, whatever else is under way, as from another continent."""


def _too_many(retry_after: str) -> Refusal:
    return Refusal(429, 20429, "Too many requests: ask again later.", ("Retry-After", retry_after))


@first(Right.dispatch, waits=True)
def throttles(self):
    """Every 60th request is 429, to be made again after a second; it has had no effect."""
    return None if next(self.numbers) % 60 else _too_many("1")


@first(Right.dispatch, waits=True)
def throttles_until_a_date(self):
    """Every 60th request is 429, to be made again at a date, which is a second away."""
    return None if next(self.numbers) % 60 else _too_many(email.utils.formatdate(time.time() + 1, usegmt=True))


class LimitsTheRate(Right):
    """It takes 20 requests a second and no more: all others are 429, to be made again after a second."""

    waits = True
    rate = 20

    def __init__(self, world: dict[str, Any]) -> None:
        super().__init__(world)
        self.left = float(self.rate)
        self.filled_at = time.monotonic()
        self.filling = threading.Lock()

    def dispatch(self, request: Request) -> Answer:
        with self.filling:
            now = time.monotonic()
            self.left = min(self.left + (now - self.filled_at) * self.rate, self.rate)
            self.filled_at = now
            if self.left < 1:
                raise _too_many("1")
            self.left -= 1
        return super().dispatch(request)


@first(Right.answer)
def loses_requests(self, request):
    """The network is at fault: one of 96 requests that are no DELETE is lost with its connection, and one is a 502."""
    if request.method == "DELETE" or next(self.numbers) % 48 or request.target in self.kept:  # not twice in a row
        return None
    self.kept[request.target] = len(self.kept)
    return Answer(500, dropped=True) if self.kept[request.target] % 2 else _bad_gateway()


def _lose_once(self, request, answer, lost):
    """Put another answer in the place of that to the first DELETE that succeeds."""
    is_lost = request.method == "DELETE" and answer.status == 204 and "lost" not in self.kept
    return self.kept.setdefault("lost", lost) if is_lost else answer


@after(Right.answer)
def loses_the_first_delete(answer, self, request):
    """The network is at fault: the answer to the first DELETE that succeeds is lost."""
    return _lose_once(self, request, answer, replace(answer, dropped=True))


@after(Right.answer)
def gateway_loses_the_first_delete(answer, self, request):
    """A gateway is at fault: the answer to the first DELETE that succeeds is a 502."""
    return _lose_once(self, request, answer, _bad_gateway())


def _bad_gateway() -> Answer:
    return Answer(502, [("Content-Type", "text/html")], b"<h1>Bad Gateway</h1>")
