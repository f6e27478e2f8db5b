"""`chat-bindings key`: API keys, further credentials of an account."""

import click

from ..storage.engines import administration
from ..storage.interface import KeyRow
from ..tokens import digest, new_token
from .options import database_option, option
from .sids import ACCOUNT, KEY

KEEP = "Keep the secret: only its SHA-256 is stored, so it cannot be shown again."


@click.group()
def key() -> None:
    """Create, list and delete API keys.

    A key's SID and secret are a user name and password with the same access as its account. Give each application its
    own key, and delete that with the application.

    \b
    Examples:
      chat-bindings key create ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      chat-bindings key delete SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """


@key.command()
@click.argument("account_sid", type=ACCOUNT, metavar="ACCOUNT_SID")
@option("--sid", type=KEY, metavar="SID", help="Its SID. Default: a new one.")
@database_option
def create(*, account_sid: str, sid: str | None, database: str) -> None:
    """Create an API key, and print its SID and its secret.

    \b
    Example:
      chat-bindings key create ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    secret = new_token()
    row = KeyRow(sid or KEY.new(), account_sid, digest(secret))
    with administration(database) as storage:
        storage.migrate()
        storage.add(row)
    click.echo(f"sid: {row.sid}\naccount_sid: {row.account_sid}\nsecret: {secret}")
    click.echo(KEEP, err=True)


@key.command("list")
@option("--account", type=ACCOUNT, metavar="SID", help="Only the keys of this account.")
@database_option
def list_keys(*, account: str | None, database: str) -> None:
    """Print the SIDs of API keys and of their accounts.

    Each key is a line, with a tab between the two.

    \b
    Example:
      chat-bindings key list --account ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    with administration(database) as storage:
        for row in storage.keys(account):
            click.echo(f"{row.sid}\t{row.account_sid}")


@key.command()
@click.argument("sid", type=KEY, metavar="SID")
@database_option
def delete(*, sid: str, database: str) -> None:
    """Delete an API key.

    It ends within a second, on running servers too.

    \b
    Example:
      chat-bindings key delete SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    with administration(database) as storage:
        storage.migrate()
        storage.delete_key(sid)
