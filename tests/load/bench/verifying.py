"""The time of a full run of `verify`: near, 150 ms away, and where 20 requests a second are let through."""

import json
from pathlib import Path

from ...servers.catalogue import by_name
from ...servers.http import serving
from ...support.running import Service, World, cli_output
from ..commands import measure as measure_command
from ..figures import say, table

_SERVERS = {"150 ms away": "slow150", "20 requests a second": "limits-the-rate"}


def measure(folder: Path) -> list[str]:
    """Verify the reference service, and a server with each delay: seconds, requests and the verdict."""
    world_file, database = folder / "verify-world.json", f"sqlite:///{folder}/verify.db"
    world = World.made(world_file).document
    cli_output("import", world_file, "--database", database)

    def verify(name: str, url: str) -> list[str]:
        say(f"verify, {name}")
        options = ("--fixtures", world_file, "--strict", "--report-dir", folder / "report")
        ended = measure_command("verify", url, *options, fails=None)
        report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
        return [name, f"{ended.seconds:.1f}", str(report["requests"]), report["verdict"]]

    with Service(database) as service:
        rows = [verify("near: the reference service", service.url)]
    for name, server in _SERVERS.items():
        with serving(by_name(server)(world)) as url:
            rows.append(verify(name, url))
    return table(["verify of a server", "seconds", "requests", "verdict"], rows)
