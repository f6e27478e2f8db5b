"""The former name of `chat_bindings.testing`."""
