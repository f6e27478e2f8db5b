"""`python -m chat_bindings`."""

from .commands import main

main()
