"""Numbered SQL files for each engine, applied in order; a released file never changes."""

from importlib.resources import files


def scripts(engine: str) -> list[tuple[int, str]]:
    """Read the migrations of an engine, each with its number, in order."""
    folder = files(__package__).joinpath(engine)
    return sorted(
        (int(entry.name[:4]), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    )
