"""`chat-bindings backup`: a copy of the database that is one moment of it, while servers go on."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..storage.locator import administration
from ..storage.unfinished import folder_for, settle
from .failures import Refusal
from .options import database_option, option
from .output import destination
from .progress import progress


@click.command()
@option(
    "-o",
    "--output",
    metavar="FILE|-",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Where to write; - for standard output. A file is complete or not there at all, and readable by you alone.",
)
@database_option
def backup(*, output: str, database: str) -> None:
    """Back the database up, while servers run on it.

    The backup is one file, whatever kind of database it is made of: all that was acknowledged by one moment, and no
    byte of what had been deleted by then. It is checked before it is announced. Servers go on reading and writing; what
    is deleted while the copy is made is erased from the database's files right after.

    It holds personal data, and the SHA-256 of tokens: encrypt it, and keep it no longer than you may. `restore` puts
    it back.

    \b
    Examples:
      chat-bindings backup -o backup.db
      chat-bindings backup -o - | age --recipients-file team.txt > backup.age
    """
    from ..storage.sqlite.backup import Unwritable, must_be_apart, write

    try:
        with administration(database) as storage:
            must_be_apart(storage, Path(output))
            with _made(output) as path:
                contents = write(storage, path, progress)
    except Unwritable as error:
        raise Refusal(f"--output {output} cannot be written: {error}.") from None
    told = ", ".join(f"{noun} {number}" for noun, number in contents._asdict().items())
    click.echo(f"Backed up: {told}.", err=True)


@contextmanager
def _made(output: str) -> Iterator[Path]:
    """A path for a new file, whose content is at its destination when the block ends."""
    path = Path(output)
    if output == "-" or (path.exists() and not path.is_file()):
        with tempfile.TemporaryDirectory(prefix="chat-bindings-") as folder:
            made = Path(folder, "backup.db")
            yield made
            with made.open("rb") as file, destination(output) as out:
                shutil.copyfileobj(file, out)
        return
    path = path.resolve()
    try:
        with folder_for(path) as folder:
            made = folder / "backup.db"
            yield made
            settle(made, path, replace=True)
    except OSError as error:
        raise Refusal(f"--output {output} cannot be written: {error.strerror}.") from error
