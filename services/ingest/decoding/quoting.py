"""Words of a file in a sentence of ours: short, and nothing in them that a page or a database stumbles over."""

from typing import Final

_SHORT: Final = 60


def quoted(text: str, most: int = _SHORT) -> str:
    """Return the beginning of a text with spaces for breaks, and question marks for what cannot be printed."""
    shown = "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in text[:most])
    return f"{shown}…" if len(text) > most else shown
