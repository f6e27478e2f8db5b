"""The site of `serve` under /docs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...files import scratch
from ...server.settings import DOCS, Site

log = logging.getLogger(__name__)


@contextmanager
def site_under_docs(*, wanted: bool) -> Iterator[Site | None]:
    """Yield a site that is built at its first request; None where it is not wanted."""
    if not wanted:
        log.info("no site at %s: --no-docs", DOCS)
        yield None
        return
    with scratch() as folder:
        log.info("site at %s", DOCS)
        yield Site(folder, build_site)


def build_site(folder: Path) -> None:
    """Publish the site into a folder; the server does so in a process of its own."""
    from ...site.folder import publish

    publish(folder)
