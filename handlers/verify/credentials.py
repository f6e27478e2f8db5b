"""Credentials, each with the way in which a report shows it: secrets are shell variables there."""

import base64
import shlex
from dataclasses import dataclass
from urllib.parse import quote

_SHORTEST = 4
"""Characters that a secret must have to be looked for in texts: shorter ones stand in every word."""


@dataclass(frozen=True)
class Credentials:
    """The user name and the password of a request."""

    user_name: str
    password: str
    shown: str
    """The password as shell text that holds no secret: `"$AUTH_TOKEN"`."""

    @property
    def header(self) -> str:
        """The value of `Authorization`."""
        return "Basic " + base64.b64encode(f"{self.user_name}:{self.password}".encode()).decode()

    @property
    def curl(self) -> str:
        """The option of curl."""
        return f"-u {shlex.quote(self.user_name)}:{self.shown}"

    def curl_with(self, scheme: str) -> str:
        """Give the options of curl where the scheme is not written `Basic`."""
        both = f"{shlex.quote(self.user_name)}:{self.shown}"
        return f'-H "Authorization: {scheme} $(printf %s {both} | base64 -w0)"'

    def but(self, password: str, shown: str) -> "Credentials":
        """Give the same user with another password."""
        return Credentials(self.user_name, password, shown)


class Secrets:
    """All secrets that a run knows, to keep them out of its reports."""

    def __init__(self) -> None:
        self._replacements: dict[str, str] = {}

    def add(self, credentials: Credentials) -> None:
        """Remember a password, and the forms in which a server could repeat it."""
        secret = credentials.password
        if len(secret) < _SHORTEST:
            return
        name = f"({credentials.shown.strip(chr(34))})"
        both = base64.b64encode(f"{credentials.user_name}:{secret}".encode()).decode()
        for form in (both, secret, secret.upper(), secret.lower(), secret[::-1], quote(secret, safe="")):
            self._replacements.setdefault(form, name)

    def hidden(self, text: str) -> str:
        """Give a text without any of them."""
        for secret in sorted(self._replacements, key=len, reverse=True):
            if secret in text:
                text = text.replace(secret, self._replacements[secret])
        return text
