"""The options of `serve` for fault injection."""

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
                "--fault-rules and --faults-for-all need --faults, without which no fault is injected."
            )
        return None
    from ...server.faults.rules_file import FaultRulesError, read

    context = click.get_current_context()
    hosts = () if context.params["uds"] else context.params["host"]
    if not faults_for_all and (others := [host for host in hosts if not is_loopback(host)]):
        raise click.UsageError(
            f"--faults on --host {others[0]} would let other machines inject faults: "
            "leave --host out, or confirm it with --faults-for-all."
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
    """Return whether a host to listen on is reached from this machine alone."""
    import socket

    with suppress(OSError):  # listening on it will raise the error
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)
    return True


faults_options: Callable[[Any], Any] = option_group(
    "faults",
    _fault_rules,
    option(
        "--faults",
        is_flag=True,
        help="For testing clients: let requests request faults, by a header such as `Prefer: code=429`.",
    ),
    option(
        "--fault-rules",
        metavar="RULES.yaml",
        type=click.Path(exists=True, dir_okay=False, readable=True),
        help="With --faults: rules for faults of other requests.",
    ),
    option(
        "--faults-for-all",
        is_flag=True,
        help="With --faults: allow addresses that other machines reach.",
    ),
)
"""Gives a command the argument `faults`."""
