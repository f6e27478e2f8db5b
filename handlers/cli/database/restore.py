"""`chat-bindings restore`: restore a backup."""

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
from ..progress import progress, summarize

if TYPE_CHECKING:
    from ...storage.copying import Part

_KINDS = {"accounts": "Account", "keys": "Key", "services": "Service", "bindings": "Binding"}
"""The record types of a world, by the kinds of rows."""


@click.command()
@click.argument(
    "backup", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
)
@option("--replace", is_flag=True, variable=False, help="Replace the database's whole content.")
@database_option
def restore(*, backup: str, replace: bool, database: str) -> None:
    """Restore a backup.

    The backup is verified first, row by row and by the rules of `import`: a changed or damaged one is refused. Only its
    rows are copied, and nothing else of the file. The database must be new or empty, unless --replace is given. Its
    engine may differ from that of the backup, whose version may be older. All is restored, or nothing.

    Running servers read meanwhile, and answer writes with 503. What was deleted since the backup is restored as well:
    delete it again.

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
    click.echo(f"Restored: {summarize(contents)}.", err=True)


@contextmanager
def _regular(name: str) -> Iterator[Path]:
    """Yield the path of a regular file; standard input and pipes are copied to a temporary one."""
    if name != "-" and Path(name).is_file():
        yield Path(name)
        return
    with scratch() as folder, click.open_file(name, "rb") as file:
        path = folder / "backup.db"
        with path.open("xb") as spooled:
            shutil.copyfileobj(file, spooled)
        yield path


def check(part: "Part") -> None:
    """Validate rows by the schema of worlds. Raises `BadBackup`."""
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
            value.pop("account_sid")  # implied by the nesting in a world
        violation = kind.violation(kind.without_children(value))
        if violation is not None:
            where = "/".join(map(str, violation.path))
            raise BadBackup(f"breaks a rule: {where} of a row of {part.kind} {violation.rule}")
