"""Environment variables: one for each option. Service links of Kubernetes and Docker of the same names are ignored."""

import os
import re

PREFIX = "CHAT_BINDINGS"

DATABASE = f"{PREFIX}_DATABASE"
DEMO_TOKEN = f"{PREFIX}_DEMO_TOKEN"
CONTROL_TOKEN = f"{PREFIX}_CONTROL_TOKEN"

_LINK = re.compile(r"(?:tcp|udp|sctp)://\S+:\d+")


def is_service_link(value: str) -> bool:
    """Return whether a value is a service link, such as tcp://10.0.0.1:8000 in CHAT_BINDINGS_PORT."""
    return bool(_LINK.fullmatch(value))


def variable(name: str) -> str:
    """Read a variable by its name without the prefix; empty where it is not set, or is a service link."""
    value = os.environ.get(f"{PREFIX}_{name}", "")
    return "" if is_service_link(value) else value


def service_links() -> list[str]:
    """List the variables with our prefix that are service links."""
    return sorted(
        name for name, value in os.environ.items() if name.startswith(f"{PREFIX}_") and is_service_link(value)
    )


def name_of(path: tuple[str, ...], option: str) -> str:
    """Name an option's variable by its command: `--timeout` of `verify` has CHAT_BINDINGS_VERIFY_TIMEOUT."""
    words = [PREFIX, *(() if path == ("serve",) else path), option.removeprefix("--")]
    return "_".join(words).replace("-", "_").upper()
