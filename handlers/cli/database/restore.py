"""`chat-bindings restore`: put back what `backup` has written."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from ...failures import Refusal
from ...files import scratch
from ...storage.engines import administration
from ..options import database_option, option
from ..progress import progress

if TYPE_CHECKING:
    from ...storage.copying import Part

_KINDS = {"accounts": "Account", "keys": "Key", "services": "Service", "bindings": "Binding"}
"""The record_types of rows, and what they are in a world."""


@click.command()
@click.argument(
    "backup", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
)
@option("--replace", is_flag=True, variable=False, help="Replace what the database holds, all of it.")
@database_option
def restore(*, backup: str, replace: bool, database: str) -> None:
    """Make the database what it was when a backup was made.

    The backup is checked first, row by row and as `import` checks a world: one that was changed or is damaged is
    refused. Its rows are copied, and nothing else of the file. The database must be new, or hold nothing, or be
    replaced as a whole. It can be of another kind than the one that was backed up, and the
    backup of an older version. The database holds all of it in the end, or is as it was.

    Servers that run on a database that is replaced go on reading; what they are asked to write meanwhile, they answer
    with 503. What was deleted since the backup was made is back: delete it again.

    \b
    Examples:
      chat-bindings restore backup.db --database sqlite:///bindings.db
      age --decrypt --identity key.txt backup.age | chat-bindings restore - --replace
    """
    from ...storage.sqlite.backup import BadBackup
    from ...storage.sqlite.backup import restore as put_back

    name = "standard input" if backup == "-" else backup
    try:
        with _regular(backup) as path, administration(database) as storage:
            contents = put_back(path, storage, check, progress, replace=replace)
    except BadBackup as error:
        raise Refusal(f"{name} {error}. Nothing was restored.") from None
    told = ", ".join(f"{noun} {number}" for noun, number in contents._asdict().items())
    click.echo(f"Restored: {told}.", err=True)


@contextmanager
def _regular(name: str) -> Iterator[Path]:
    """The file of a name, or what comes through a pipe, as a file."""
    if name != "-" and Path(name).is_file():
        yield Path(name)
        return
    with scratch() as folder, click.open_file(name, "rb") as file:
        path = folder / "backup.db"
        with path.open("xb") as spooled:
            shutil.copyfileobj(file, spooled)
        yield path


def check(part: "Part") -> None:
    """Hold rows to the rules that a world must keep."""
    from ...storage.sqlite.backup import BadBackup
    from ...world.schema import record_types

    kind = record_types()[_KINDS[part.kind]]
    for row in part.rows:
        value = row._asdict()
        if part.kind == "bindings":
            try:
                value["message_types"] = orjson.loads(row.message_types)
            except orjson.JSONDecodeError as error:
                raise BadBackup(f"must hold JSON as the message_types of Binding {row.sid}") from error
        elif part.kind != "accounts":
            value.pop("account_sid")  # which follows from where it stands in a world
        violation = kind.violation(kind.without_children(value))
        if violation is not None:
            where = "/".join(map(str, violation.path))
            raise BadBackup(f"breaks a rule: {where} of a row of {part.kind} {violation.rule}")
