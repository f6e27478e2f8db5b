"""The variables of the environment: one for each option, but not what Kubernetes and Docker set of the same name."""

import os
import re

PREFIX = "CHAT_BINDINGS"

DATABASE = f"{PREFIX}_DATABASE"
DEMO_TOKEN = f"{PREFIX}_DEMO_TOKEN"
CONTROL_TOKEN = f"{PREFIX}_CONTROL_TOKEN"

_LINK = re.compile(r"(?:tcp|udp|sctp)://\S+:\d+")


def is_service_link(value: str) -> bool:
    """Whether a value is that of a variable for a Service, such as tcp://10.0.0.1:8000 in CHAT_BINDINGS_PORT."""
    return bool(_LINK.fullmatch(value))


def variable(name: str) -> str:
    """The value of a variable by its name without the prefix; empty where it is not set, or a link."""
    value = os.environ.get(f"{PREFIX}_{name}", "")
    return "" if is_service_link(value) else value


def service_links() -> list[str]:
    """The names of all variables that are links of Services whose names begin as ours."""
    return sorted(
        name for name, value in os.environ.items() if name.startswith(f"{PREFIX}_") and is_service_link(value)
    )


def name_of(path: tuple[str, ...], option: str) -> str:
    """The variable of an option, by the command's path: `--timeout` of `verify` has CHAT_BINDINGS_VERIFY_TIMEOUT."""
    words = [PREFIX, *(() if path == ("serve",) else path), option.removeprefix("--")]
    return "_".join(words).replace("-", "_").upper()
