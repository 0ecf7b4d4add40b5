"""The fields of a level 5 structure: their names, and the bytes of each, before anything of them is read."""

import struct
from typing import Final

_MATRIX: Final = 14
_WORD: Final = 4


def fields_of(parts: tuple[tuple[int, memoryview], ...], order: str) -> dict[str, list[memoryview]]:
    """Return the matrices of every field, one for each structure of an array of them; {} where names are damaged.

    parts are what lies behind a structure's name: the length of a field's name, all names, and the matrices of the
    first structure, then of the second, …
    """
    if len(parts) < 2 or len(parts[0][1]) != _WORD:  # noqa: PLR2004 length and names
        return {}
    (width,) = struct.unpack(order + "i", parts[0][1])
    listed = bytes(parts[1][1])
    if width <= 0 or len(listed) % width:
        return {}
    names = [listed[at : at + width].split(b"\0")[0].decode("latin-1") for at in range(0, len(listed), width)]
    matrices = [body for kind, body in parts[2:] if kind == _MATRIX]
    if not names or len(matrices) % len(names) or not all(name.isidentifier() for name in names):
        return {}
    return {name: matrices[place :: len(names)] for place, name in enumerate(names)}
