"""The log: one stream, on which no identity, endpoint, token or secret stands at any level."""

import logging
import sys

_OURS = "chat_bindings"


def configure(level: str) -> None:
    """Log to standard error at `level` (debug, info, warning or error).

    Libraries are held at warning: at lower levels they write whole requests, query and all.
    """
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger(_OURS).setLevel(level.upper())
    for name in ("uvicorn", "connexion", "asyncio", "starlette", "multipart"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of each malformed request, which we log too
