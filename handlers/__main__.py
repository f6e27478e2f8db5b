"""`python -m chat_bindings`."""

from .cli import main

main()
