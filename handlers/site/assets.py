"""Scripts and styles of the site."""

from ..spec import directory

_NAMES = ("site.css", "site.js", "try.css", "try.js", "latest.js")


def assets() -> dict[str, bytes]:
    """Read the scripts and styles, by name."""
    return {name: (directory() / "site" / name).read_bytes() for name in _NAMES}
