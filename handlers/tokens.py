"""Tokens and secrets, and their stored hashes."""

import hashlib
import secrets


def new_token() -> str:
    """128 random bits as 32 lower-case hexadecimal digits: some SDKs refuse anything but letters and digits."""
    return secrets.token_hex(16)


def digest(token: str) -> str:
    """Hash a token or secret by SHA-256, as 64 hexadecimal digits: nothing else of it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()
