"""HTTP, once more: whose the URLs of answers are."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from urllib.parse import urlsplit

from ..clause import OURS, SDKS, clause
from ..evidence import Evidence
from ..facts import SCHEMAS, URLS
from ..response import Answer
from ..target import Target, origin
from ..violation import Violation, check, each_of

_URL = f"{SCHEMAS}/AbsoluteUrl"
_ELSEWHERE = "elsewhere.example"
_LOOKED_AT = 50
"""Answers whose URLs are compared with the base URL, at most."""
_FORWARDED = (
    ("X-Forwarded-Host", _ELSEWHERE),
    ("Forwarded", f"host={_ELSEWHERE};proto=https"),
    ("X-Original-Host", _ELSEWHERE),
    ("X-Host", _ELSEWHERE),
    ("X-Forwarded-Server", _ELSEWHERE),
    ("X-Forwarded-Proto", "gopher"),
    ("X-Forwarded-Scheme", "gopher"),
    ("X-Forwarded-Port", "65001"),
    ("X-Forwarded-Prefix", f"/{_ELSEWHERE}"),
)


@clause(
    "HTTP-12",
    "must",
    "URLs of answers have the origin at which the server was asked",
    rule="The origin of URLs",
    source=SDKS,
    spec=_URL,
)
def own_origin(evidence: Evidence) -> None:
    """URLs MUST have a host. Those on the host that was asked have its scheme and its port too; with `--public-url` all
    URLs begin with that.
    """
    target = evidence.target
    own = origin(target.base_url)

    def fits(case: tuple[str, Answer]) -> None:
        url, answer = case
        parts = urlsplit(url)
        check(parts.hostname, "an absolute URL with a host", "a URL without a host", answer)
        if target.public_url:
            expected = f"a URL that begins with {target.public_url}/"
            check(url.startswith(f"{target.public_url}/"), expected, f"{parts.scheme}://{parts.netloc[:100]}", answer)
        elif own is not None and parts.hostname == own[1]:
            expected = f"a URL of {target.base_url}, which was asked"
            check(origin(url) == own, expected, f"{parts.scheme}://{parts.netloc[:100]}", answer)

    each_of(_urls(evidence), fits)


@clause(
    "HTTP-13",
    "should",
    "Headers that name another host do not change URLs",
    rule="Headers of clients",
    source=OURS,
    spec=_URL,
)
def forwarded(evidence: Evidence) -> None:
    """A host, a scheme, a port or a prefix in the headers of proxies (X-Forwarded-Host, Forwarded, X-Original-Host,
    X-Host, X-Forwarded-Proto) that just anyone sends SHOULD NOT get into URLs.
    """
    target, rich = evidence.target, evidence.rich
    each, fetched = evidence.found[0]
    listed = evidence.listed(rich, ("PageSize", "2"))

    def ignored(header: tuple[str, str]) -> None:
        again = target.list(rich, [("PageSize", "2")], headers=[header])
        check(_origins(again) == _origins(listed), "URLs as without that header", "others", again)
        again = target.fetch(each.service_sid, each, headers=[header])
        check(_origins(again) == _origins(fetched), "URLs as without that header", "others", again)

    evidence.each(ignored, _FORWARDED, name=lambda header: header[0])


def foreign_urls(answers: Iterable[Answer], target: Target) -> str:
    """Say that URLs of answers do not begin with the base URL, and what to do about it; empty where they do.

    Those on its own host with another scheme or port violate HTTP-12, and are left to that.
    """
    own = origin(target.base_url)
    for answer in islice((each for each in answers if each.status == 200 and each.body), _LOOKED_AT):
        with suppress(Violation):
            for url in _all_urls(answer):
                other = origin(url)
                is_other = own is not None and other is not None and (other[1] != own[1] or other == own)
                if is_other and not url.startswith(f"{target.base_url}/"):
                    begins = url.partition("/v2/")[0][:200]
                    return (
                        f"URLs of answers begin with {begins}, not with {target.base_url}. Where that is the public "
                        f"URL, pass --public-url {begins} to hold the target to it; where it is not, clients that "
                        "follow such a URL leave the target: let it use the Host of the request, or set its public URL."
                    )
    return ""


def _urls(evidence: Evidence) -> Iterator[tuple[str, Answer]]:
    pages = evidence.walk(evidence.large, evidence.paged).pages[:3]
    for answer in (*pages, *(answer for _, answer in evidence.found[:5])):
        yield from ((url, answer) for url in _all_urls(answer))


def _all_urls(answer: Answer) -> Iterator[str]:
    shown = answer.object
    meta = shown.get("meta")
    if isinstance(meta, dict):
        yield from (meta[name] for name in URLS if isinstance(meta.get(name), str))
    bindings = shown["bindings"][:3] if isinstance(shown.get("bindings"), list) else [shown]
    for binding in (each for each in bindings if isinstance(each, dict)):
        links = binding.get("links")
        found = [binding.get("url"), links.get("user") if isinstance(links, dict) else None]
        yield from (url for url in found if isinstance(url, str))


def _origins(answer: Answer) -> list[str]:
    """Give what stands before the paths of the contract in an answer's URLs."""
    return [url.partition("/v2/")[0] for url in _all_urls(answer.has_status(200))]
