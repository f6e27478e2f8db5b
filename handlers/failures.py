"""What a command says when it cannot run."""

import click

from .storage.interface import Conflict, StorageDamaged, StorageUnavailable


class Refusal(click.ClickException):
    """A command cannot run; the message names what is wrong and the mend."""

    exit_code = 2


def failure(error: Exception) -> Refusal | None:
    """What to tell of an error that is the user's or the machine's; None for a fault of ours."""
    if isinstance(error, StorageUnavailable):
        return Refusal(
            f"--database (or CHAT_BINDINGS_DATABASE) names a database that is away: {error}. "
            "Check its path and permissions, make it with `account create` or `import` (one of PostgreSQL's "
            "with `createdb` first), or try again."
        )
    if isinstance(error, StorageDamaged):
        return Refusal(
            f"--database (or CHAT_BINDINGS_DATABASE) names no database of chat-bindings, or a damaged one: {error}. "
            "Name another, or restore your last backup into a new one."
        )
    if isinstance(error, Conflict):
        return Refusal(f"{error}.")
    if isinstance(error, OSError):
        return Refusal(f"{error.filename or 'A file or stream'} cannot be used: {error.strerror or error}.")
    return None
