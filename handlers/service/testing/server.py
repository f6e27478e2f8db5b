"""The former name of `chat_bindings.testing.server`."""

import warnings
from typing import Any

from ...testing import server


def __getattr__(name: str) -> Any:
    warnings.warn(
        f"{__name__} is now {server.__name__}; the former name works until 3.0", DeprecationWarning, stacklevel=2
    )
    return getattr(server, name)
