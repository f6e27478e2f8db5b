"""The certificate of HTTPS, reloaded when its files change."""

import logging
import os
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_PERIOD = 1.0
"""Seconds between checks of the files at least."""


class UnusableCertificate(ValueError):
    """A certificate or its key cannot be used; the message says why."""


def context_of(cert: Path, key: Path) -> ssl.SSLContext:
    """Make the TLS context of a certificate and its key. Raises `UnusableCertificate`."""

    def no_password() -> str:
        raise UnusableCertificate(f"{key} is encrypted, and a service cannot be asked for its password")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, no_password)
    except OSError as error:  # ssl.SSLError is one
        raise UnusableCertificate(str(error)) from None
    return context


class Certificate:
    """A certificate and its key, by worker. The files are checked for changes as clients connect.

    A connection keeps the certificate that it began with. Unusable files change nothing: the last usable ones stay.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert, self._key = cert, key
        self._state: Any = None
        self._checked = 0.0
        self._current: ssl.SSLContext | None = None

    def __call__(self, config: Any, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:  # noqa: ARG002
        """Make the context of a listening server, with uvicorn's signature of a factory."""
        self._state = self._stat()
        self._checked = time.monotonic()
        listening = self._current = context_of(self._cert, self._key)
        listening.sni_callback = self._choose
        return listening

    def _choose(self, connection: ssl.SSLObject, name: str | None, listening: ssl.SSLContext) -> None:  # noqa: ARG002
        """Give a new connection the current context; called for each, with a server name or without."""
        if time.monotonic() - self._checked > _PERIOD:
            self._reload()
        if self._current is not None and self._current is not listening:
            connection.context = self._current

    def _reload(self) -> None:
        self._checked = time.monotonic()
        state = self._stat()
        if state == self._state:
            return
        self._state = state
        try:
            self._current = context_of(self._cert, self._key)
        except UnusableCertificate as error:
            log.warning("process %d: the new certificate is unusable, the old one stays: %s", os.getpid(), error)
        else:
            log.info("process %d: certificate reloaded", os.getpid())

    def _stat(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Return the identities of both files, behind symbolic links."""
        return tuple(map(_stat, (self._cert, self._key)))


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
