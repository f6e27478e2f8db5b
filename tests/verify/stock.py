"""The reference with Connexion's own parsing of requests in the place of ours, as a team would leave it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from chat_bindings.service.settings import Settings

from ..stock.app import create_app
from ..support.running import wait_until


@contextmanager
def serving_stock(database: Path) -> Iterator[str]:
    """Serve a database on Connexion's stages, uncorrected, in a thread: the base URL."""
    app = create_app(Settings(f"sqlite:///{database}"), parsing={})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        assert wait_until(lambda: server.started, 30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)
