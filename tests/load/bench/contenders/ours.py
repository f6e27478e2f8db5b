"""Our service's own app, for servers that `chat-bindings serve` does not use."""

import os

from chat_bindings.server.app import create_app
from chat_bindings.server.settings import Settings

app = create_app(Settings(f"sqlite:///{os.environ['BENCH_DATABASE']}", log_level="warning"))
