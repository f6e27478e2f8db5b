"""Copying what a database holds row by row, from any engine into any other."""

from itertools import islice

from .interface import Administration, Loader
from .progress import Advance

_TOGETHER = 600
"""How many Bindings are added at once. The largest that there can be, times this, must fit the memory."""


def copy(source: Administration, loader: Loader, advance: Advance) -> int:
    """Add all that a database holds, each after what it stands under: how many Bindings. Read it in one snapshot."""
    copied = 0
    for account in source.accounts():
        loader.add_account(account)
    for key in source.keys():  # noqa: SIM118 - of an account, not of a dict
        loader.add_key(key)
    for service in source.services():
        loader.add_service(service)
        bindings = source.bindings(service.sid)
        while some := list(islice(bindings, _TOGETHER)):
            loader.add_bindings(service.sid, some)
            advance(len(some))
            copied += len(some)
    return copied
