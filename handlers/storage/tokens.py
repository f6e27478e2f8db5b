"""Tokens and secrets, and what is kept of them."""

import hashlib
import secrets


def new_token() -> str:
    """128 random bits as 32 lower-case hexadecimal digits: some SDKs refuse anything but letters and digits."""
    return secrets.token_hex(16)


def digest(token: str) -> str:
    """The SHA-256 of a token or secret, as 64 hexadecimal digits: all that is kept of it."""
    return hashlib.sha256(token.encode()).hexdigest()
