"""The variables of a MAT file, without trusting what it says of its sizes.

Level 7.3 is read by `matlab_hdf5.py`, level 5 by `matlab_level5.py`, level 4 here.
"""

import struct
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.containers import Member
from services.ingest.decoding.matlab_hdf5 import hdf5_members
from services.ingest.decoding.matlab_level5 import MAX_NAME, MAX_VARIABLES, damaged, is_level_5, level_5_members

LEVEL_5: Final = b"MATLAB 5.0 MAT-file"
LEVEL_73: Final = b"MATLAB 7.3 MAT-file"
HDF5: Final = b"\x89HDF\r\n\x1a\n"
_LEVEL_4_HEADER: Final = struct.Struct("<5i")
_LEVEL_4_TYPES: Final = {0: "<f8", 10: "<f4", 20: "<i4", 30: "<i2", 40: "<u2", 50: "u1", 1: "<f8", 51: "u1"}


def is_level_4(data: bytes) -> bool:
    """Say whether data begins with the header of a level 4 matrix; such a file has no magic bytes."""
    if len(data) < _LEVEL_4_HEADER.size:
        return False
    kind, rows, columns, imaginary, name_length = _LEVEL_4_HEADER.unpack_from(data)
    if kind not in _LEVEL_4_TYPES or imaginary not in {0, 1} or min(rows, columns) < 0:
        return False
    name = data[_LEVEL_4_HEADER.size : _LEVEL_4_HEADER.size + max(name_length, 0)]
    return 1 < name_length <= MAX_NAME and name.endswith(b"\0") and name[:-1].decode("latin-1").isidentifier()


def members_of(data: bytes, limit_bytes: int) -> dict[str, Member]:
    """Return the variables of a MAT file of any level; raises UnreadableFile or TooLarge."""
    if data.startswith(LEVEL_73) or HDF5 in data[:1024]:
        return hdf5_members(data, limit_bytes)
    return level_5_members(data, limit_bytes) if is_level_5(data) else _level_4_members(data)


def _level_4_members(data: bytes) -> dict[str, Member]:
    """Return the matrices of numbers; each is a header, its name, and its columns."""
    members: dict[str, Member] = {}
    position = 0
    while position < len(data) and len(members) < MAX_VARIABLES:
        if not is_level_4(data[position : position + _LEVEL_4_HEADER.size + MAX_NAME]):
            raise damaged()
        kind, rows, columns, imaginary, name_length = _LEVEL_4_HEADER.unpack_from(data, position)
        start = position + _LEVEL_4_HEADER.size + name_length
        dtype = np.dtype(_LEVEL_4_TYPES[kind])
        size = rows * columns * dtype.itemsize
        position = start + size * (1 + imaginary)
        if position > len(data):
            raise damaged()
        name = data[start - name_length : start - 1].decode("latin-1")
        values = np.frombuffer(data, dtype, rows * columns, start).reshape(columns, rows).T
        if kind % 10 == 0 and not imaginary:
            members[name] = Member((rows, columns), is_numeric=True, load=partial(_same, values))
    return members


def _same(values: NDArray[Any]) -> NDArray[Any]:
    return values
