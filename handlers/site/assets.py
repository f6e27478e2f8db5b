"""Scripts and styles of the site."""

from ..spec import directory

_NAMES = ("site.css", "site.js", "try.css", "try.js", "latest.js")


def assets() -> dict[str, bytes]:
    """Return their contents by their names."""
    return {name: (directory() / "site" / name).read_bytes() for name in _NAMES}
