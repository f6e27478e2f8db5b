"""The options of `serve` by which requests can be made to fail."""

import ipaddress
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ...files import scratch
from ...server.faults.rules import FaultRules
from ..options import option, option_group


def _fault_rules(*, faults: bool, fault_rules: str | None, faults_for_all: bool) -> FaultRules | None:
    if not faults:
        if fault_rules or faults_for_all:
            raise click.UsageError(
                "--fault-rules and --faults-for-all need --faults, without which nothing is made to fail."
            )
        return None
    from ...server.faults.rules_file import FaultRulesError, read

    context = click.get_current_context()
    hosts = () if context.params["uds"] else context.params["host"]
    if not faults_for_all and (others := [host for host in hosts if not is_loopback(host)]):
        raise click.UsageError(
            f"--faults on --host {others[0]} would let others make requests fail: "
            "leave --host out, or say that it is meant with --faults-for-all."
        )
    folder = context.with_resource(scratch())
    counts = folder / "counts"
    counts.touch()
    if fault_rules is None:
        return FaultRules(counts)
    try:
        seed, rules = read(Path(fault_rules), registration=context.params["registration"])
    except FaultRulesError as error:
        raise click.UsageError(f"--fault-rules {fault_rules}, {error}.") from None
    return FaultRules(counts, seed, rules)


def is_loopback(host: str) -> bool:
    """Whether a host to listen on is this machine alone."""
    import socket

    with suppress(OSError):  # what cannot be found out is told when it is listened on
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)
    return True


faults_options: Callable[[Any], Any] = option_group(
    "faults",
    _fault_rules,
    option(
        "--faults",
        is_flag=True,
        help="For testing clients: let requests make themselves fail, by a header such as `Prefer: code=429`.",
    ),
    option(
        "--fault-rules",
        metavar="RULES.yaml",
        type=click.Path(exists=True, dir_okay=False, readable=True),
        help="With --faults: which requests fail without asking for it.",
    ),
    option(
        "--faults-for-all",
        is_flag=True,
        help="With --faults: listen on addresses that other machines reach, too.",
    ),
)
"""What a command gets as `faults`."""
