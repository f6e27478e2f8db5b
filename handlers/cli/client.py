"""`chat-bindings client`: a client library in the user's language, generated from the contract."""

from pathlib import Path

import click

from ..failures import Refusal
from ..files import scratch
from .options import option

LANGUAGES = ("python", "typescript-fetch", "go", "java", "csharp", "php", "ruby", "rust", "kotlin")
"""The languages with a configuration in `openapi/clients/`."""


@click.command()
@click.argument("language", metavar="LANGUAGE", type=click.Choice(LANGUAGES))
@option(
    "-o",
    "--output-dir",
    "output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the client.  [default: LANGUAGE-client]",
)
def client(*, language: str, output: Path | None) -> None:
    """Generate a client library from the contract.

    LANGUAGE is python, typescript-fetch, go, java, csharp, php, ruby, rust or kotlin. The client is a package with a
    name, the contract's version, and a README that shows its calls. The same version of chat-bindings always writes
    the same bytes. It needs openapi-generator and Java: `pip install 'chat-bindings[clients]'` brings both.

    DIR must be new, empty, or hold an unchanged generated client, which is replaced. A folder with changed or added
    files is refused.

    \b
    Examples:
      chat-bindings client python -o python-client
      chat-bindings client typescript-fetch -o clients/web
    """
    from ..clients.folder import Unfit, replace_folder
    from ..clients.generator import Failed, generate

    target = output or Path(f"{language}-client")
    try:
        with scratch() as work, replace_folder(target) as folder:
            warnings = generate(language, work, folder)
    except Unfit as error:
        raise Refusal(f"--output-dir {target} {error}. Nothing was changed.") from None
    except Failed as error:
        raise Refusal(f"{error} Nothing was written.") from None
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"Generated: {target}.", err=True)
