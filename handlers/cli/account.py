"""`chat-bindings account`: accounts and their auth tokens."""

import click

from ..storage.engines import administration
from ..storage.interface import AccountRow
from ..tokens import digest, new_token
from .options import cascade_option, database_option, option
from .sids import ACCOUNT

KEEP = "Keep the token: only its SHA-256 is stored, so it cannot be shown again."


@click.group()
def account() -> None:
    """Create, list and delete accounts, and rotate their tokens.

    An account's SID and auth token are the user name and password of a request. Its services, keys and Bindings are
    visible to no other account.

    \b
    Examples:
      chat-bindings account create
      chat-bindings account rotate-token ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """


@account.command()
@option("--sid", type=ACCOUNT, metavar="SID", help="Its SID. Default: a new one.")
@database_option
def create(*, sid: str | None, database: str) -> None:
    """Create an account, and print its SID and its auth token.

    \b
    Examples:
      chat-bindings account create
      chat-bindings account create --sid ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    sid, token = sid or ACCOUNT.new(), new_token()
    with administration(database) as storage:
        storage.migrate()
        storage.add(AccountRow(sid, digest(token)))
    _show(sid, token)


@account.command("list")
@database_option
def list_accounts(*, database: str) -> None:
    """Print the SID of each account, one a line.

    \b
    Example:
      chat-bindings account list
    """
    with administration(database) as storage:
        for row in storage.accounts():
            click.echo(row.sid)


@account.command()
@click.argument("sid", type=ACCOUNT, metavar="SID")
@database_option
def rotate_token(*, sid: str, database: str) -> None:
    """Replace an account's auth token, and print the new one.

    The old one ends within a second, on running servers too. The account's API keys stay valid.

    \b
    Example:
      chat-bindings account rotate-token ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    token = new_token()
    with administration(database) as storage:
        storage.migrate()
        storage.rotate_token(sid, digest(token))
    _show(sid, token)


@account.command()
@click.argument("sid", type=ACCOUNT, metavar="SID")
@cascade_option
@database_option
def delete(*, sid: str, cascade: bool, database: str) -> None:
    """Delete an account.

    An account with services or API keys is refused without --cascade, which deletes them and their Bindings too.

    \b
    Example:
      chat-bindings account delete ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --cascade
    """
    with administration(database) as storage:
        storage.migrate()
        storage.delete_account(sid, cascade=cascade)


def _show(sid: str, token: str) -> None:
    click.echo(f"sid: {sid}\nauth_token: {token}")
    click.echo(KEEP, err=True)
