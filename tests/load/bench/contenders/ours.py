"""Our service's own app, for servers that `chat-bindings serve` does not use."""

import os

from chat_bindings.application import application
from chat_bindings.server.settings import Settings

app = application(Settings(f"sqlite:///{os.environ['BENCH_DATABASE']}", log_level="warning"))
