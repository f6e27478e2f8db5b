"""`chat-bindings publish`: the contract as a static site."""

from pathlib import Path

import click

from ..failures import Refusal
from .options import option


@click.command()
@option(
    "-o",
    "--output",
    metavar="DIR",
    default="site",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the site. Other versions and foreign files in it stay.",
)
def publish(output: Path) -> None:
    """Publish the contract as a site.

    The site is a folder of static files: a reference with a page to try the API on, the clauses, the errors, the
    differences from Twilio's own OpenAPI file, the changes, and downloads. It loads nothing from other hosts, and works
    from disk as from any address.

    DIR may have other files. `.chat-bindings-site` lists the published ones; no other file is replaced or removed.

    \b
    Examples:
      chat-bindings publish -o site
      python3 -m http.server --directory site
    """
    from ..site.folder import Unfit
    from ..site.folder import publish as write
    from ..site.manifest import MANIFEST
    from ..site.site import version
    from ..verify.report.texts import pluralize

    try:
        site = write(output)
    except Unfit as error:
        raise Refusal(f"--output {output} {error}. Nothing was changed.") from None
    versions, files = pluralize(len(site.versions), "version"), pluralize(site.files, "file")
    parts = f"{versions}, {files}, {site.size / 1_000_000:.1f} MB"
    click.echo(f"Published {version()} ({parts}). {output / MANIFEST} lists the files.")
    click.echo(f"Open {output / 'index.html'}")
