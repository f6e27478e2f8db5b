"""`chat-bindings fixtures`: a world for verification."""

import click

from ..server.setting import MOST
from .options import Whole, option, output_option


@click.command()
@option("--seed", type=Whole(0, MOST), default=0, show_default=True, help="Chooses the SIDs, tokens and devices.")
@output_option
def fixtures(*, seed: int, output: str) -> None:
    """Write a world for verification.

    It has what breaks naive servers: odd identities, long endpoints, full and empty services.

    The same seed gives the same world. Its tokens are therefore public: never import it beside real data.

    \b
    Examples:
      chat-bindings fixtures -o world.json
      chat-bindings fixtures --seed 7 | chat-bindings import -
    """
    from ..files import destination
    from ..world.fixtures import make_world
    from ..world.writer import write_world

    with destination(output) as file:
        write_world(file, make_world(seed))
