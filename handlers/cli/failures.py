"""Messages for exceptions that the user or the machine causes."""

from ..failures import Refusal
from ..storage.interface import Conflict, StorageDamaged, StorageUnavailable


def refusal_of(error: Exception) -> Refusal | None:
    """Convert an exception to a refusal; None for a bug of this program."""
    if isinstance(error, StorageUnavailable):
        return Refusal(
            f"--database (or CHAT_BINDINGS_DATABASE) names a database that is unavailable: {error}. "
            "Check its path and permissions, create it by `account create` or `import` (one of PostgreSQL's "
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
