"""`chat-bindings service`: services, which contain Bindings."""

import click

from ..storage.engines import administration
from ..storage.interface import ServiceRow
from .options import cascade_option, database_option, option
from .sids import ACCOUNT, SERVICE


@click.group()
def service() -> None:
    """Create, list and delete services.

    A service belongs to an account and contains Bindings.

    \b
    Examples:
      chat-bindings service create ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      chat-bindings service list
    """


@service.command()
@click.argument("account_sid", type=ACCOUNT, metavar="ACCOUNT_SID")
@option("--sid", type=SERVICE, metavar="SID", help="Its SID. Default: a new one.")
@database_option
def create(*, account_sid: str, sid: str | None, database: str) -> None:
    """Create a service in an account, and print its SID.

    \b
    Examples:
      chat-bindings service create ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      chat-bindings service create ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --sid ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    row = ServiceRow(sid or SERVICE.new(), account_sid)
    with administration(database) as storage:
        storage.migrate()
        storage.add(row)
    click.echo(f"sid: {row.sid}\naccount_sid: {row.account_sid}")


@service.command("list")
@option("--account", type=ACCOUNT, metavar="SID", help="Only the services of this account.")
@database_option
def list_services(*, account: str | None, database: str) -> None:
    """Print the SIDs of services and of their accounts.

    Each service is a line, with a tab between the two.

    \b
    Example:
      chat-bindings service list --account ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    """
    with administration(database) as storage:
        for row in storage.services(account):
            click.echo(f"{row.sid}\t{row.account_sid}")


@service.command()
@click.argument("sid", type=SERVICE, metavar="SID")
@cascade_option
@database_option
def delete(*, sid: str, cascade: bool, database: str) -> None:
    """Delete a service.

    A service with Bindings is refused without --cascade, which deletes them too.

    \b
    Example:
      chat-bindings service delete ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --cascade
    """
    with administration(database) as storage:
        storage.migrate()
        storage.delete_service(sid, cascade=cascade)
