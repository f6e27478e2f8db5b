"""`chat-bindings publish`: the contract as a site that needs no network."""

from pathlib import Path

import click

from .options import option


@click.command()
@option(
    "-o",
    "--output",
    metavar="DIR",
    default="site",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the site. Other versions in it stay, and stand beside this one.",
)
def publish(output: Path) -> None:
    """Publish the contract as a site.

    The site is a folder of static files: a reference with a page to try the API on, the clauses, the errors, what
    differs from Twilio's own OpenAPI file, the changes, and downloads. It loads nothing from elsewhere, and works from
    disk as from any address.

    \b
    Examples:
      chat-bindings publish -o site
      python3 -m http.server --directory site
    """
    from .publish_folder import publish as write
    from .publish_site import version
    from .verify_texts import counted

    versions = write(output)
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    click.echo(f"Published {version()} ({counted(len(versions), 'version')}, {size / 1_000_000:.1f} MB).")
    click.echo(f"Open {output / 'index.html'}")
