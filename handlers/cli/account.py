"""`chat-bindings account`: who may ask, and by which token."""

import click

from ..storage.engines import administration
from ..storage.interface import AccountRow
from ..storage.tokens import digest, new_token
from .options import cascade_option, database_option, option
from .sids import ACCOUNT

KEEP = "Keep the token: only its SHA-256 is stored, so it cannot be shown again."


@click.group()
def account() -> None:
    """Make, list and delete accounts, and change their tokens.

    An account's SID and auth token are the user name and password of a request. What stands under an account, no other
    can see.

    \b
    Examples:
      chat-bindings account create
      chat-bindings account rotate-token ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """


@account.command()
@option("--sid", type=ACCOUNT, metavar="SID", help="Its SID. Default: a new one.")
@database_option
def create(*, sid: str | None, database: str) -> None:
    """Make an account, and print its SID and its auth token.

    \b
    Examples:
      chat-bindings account create
      chat-bindings account create --sid ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    sid, token = sid or ACCOUNT.new(), new_token()
    with administration(database) as storage:
        storage.migrate()
        storage.create_account(AccountRow(sid, digest(token)))
    _tell(sid, token)


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
    """Give an account a new auth token, and print it.

    The old one ends within a second, in servers that are running too. The account's API keys stay valid.

    \b
    Example:
      chat-bindings account rotate-token ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    token = new_token()
    with administration(database) as storage:
        storage.migrate()
        storage.rotate_token(sid, digest(token))
    _tell(sid, token)


@account.command()
@click.argument("sid", type=ACCOUNT, metavar="SID")
@cascade_option
@database_option
def delete(*, sid: str, cascade: bool, database: str) -> None:
    """Delete an account.

    It is refused while the account has services or API keys, unless --cascade deletes them, and the Bindings, as well.

    \b
    Example:
      chat-bindings account delete ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --cascade
    """
    with administration(database) as storage:
        storage.migrate()
        storage.delete_account(sid, cascade=cascade)


def _tell(sid: str, token: str) -> None:
    click.echo(f"sid: {sid}\nauth_token: {token}")
    click.echo(KEEP, err=True)
