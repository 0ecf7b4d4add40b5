"""The variables of a MAT file, without trusting what it says of its sizes.

Level 4 and 5 are read by scipy, level 7.3 by h5py. The fields of structures are variables with a dotted name.
"""

import io
import math
import struct
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.containers import Member
from services.ingest.decoding.matlab_elements import check_nesting, damaged, inflated
from services.ingest.decoding.matlab_hdf5 import hdf5_members
from services.shared.errors import TooLarge

LEVEL_5: Final = b"MATLAB 5.0 MAT-file"
LEVEL_73: Final = b"MATLAB 7.3 MAT-file"
HDF5: Final = b"\x89HDF\r\n\x1a\n"
_NUMERIC: Final = frozenset(
    {"double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}
)
_NESTED: Final = frozenset({"char", "cell", "struct"})
_MAX_NAME: Final = 64
_LEVEL_4_HEADER: Final = struct.Struct("<5i")
_LEVEL_4_TYPES: Final = frozenset({0, 10, 20, 30, 40, 50, 1})
_MAX_VARIABLES: Final = 256
_MAX_DEPTH: Final = 4


def is_level_4(data: bytes) -> bool:
    """Say whether data begins with the header of a level 4 matrix; such a file has no magic bytes."""
    if len(data) < _LEVEL_4_HEADER.size:
        return False
    kind, rows, columns, imaginary, name_length = _LEVEL_4_HEADER.unpack_from(data)
    if kind not in _LEVEL_4_TYPES or imaginary not in {0, 1} or min(rows, columns) < 0:
        return False
    name = data[_LEVEL_4_HEADER.size : _LEVEL_4_HEADER.size + max(name_length, 0)]
    return 1 < name_length <= _MAX_NAME and name.endswith(b"\0") and name[:-1].decode("latin-1").isidentifier()


def members_of(data: bytes, limit_bytes: int) -> dict[str, Member]:
    """Return the variables of a MAT file of any level; raises UnreadableFile or TooLarge."""
    if data.startswith(LEVEL_73) or HDF5 in data[:1024]:
        return hdf5_members(data, limit_bytes)
    if not data.startswith(LEVEL_5):
        return _scipy_members(data, limit_bytes)
    whole = inflated(data, limit_bytes)
    check_nesting(whole)
    return _scipy_members(whole, limit_bytes)


def _scipy_members(data: bytes, limit_bytes: int) -> dict[str, Member]:
    from scipy import io as scipy_io  # noqa: PLC0415 a heavy import that only a MAT file needs

    try:
        listed = scipy_io.whosmat(io.BytesIO(data))
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise damaged() from None
    if len(listed) > _MAX_VARIABLES:
        raise TooLarge(f"The MAT file holds {len(listed)} variables; at most {_MAX_VARIABLES} are read.")
    members: dict[str, Member] = {}
    for name, shape, kind in listed:
        if math.prod(shape) * 8 > limit_bytes:
            continue
        if kind in _NUMERIC:
            members[name] = Member(tuple(shape), is_numeric=True, load=partial(_load, data, name))
        elif kind in _NESTED:
            members.update(_flat(name, _load(data, name, simplify=True), 0))
    return dict([*members.items()][:_MAX_VARIABLES])


def _load(data: bytes, name: str, *, simplify: bool = False) -> Any:
    from scipy import io as scipy_io  # noqa: PLC0415 see above

    try:
        return scipy_io.loadmat(io.BytesIO(data), variable_names=[name], simplify_cells=simplify)[name]
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise damaged() from None


def _flat(name: str, value: Any, depth: int) -> Iterator[tuple[str, Member]]:
    """Yield the arrays, numbers and texts of a variable; a list of texts, or of structures with texts, is one array."""
    if isinstance(value, dict):
        if depth < _MAX_DEPTH:
            for key, inner in [*value.items()][:_MAX_VARIABLES]:
                yield from _flat(f"{name}.{key}", inner, depth + 1)
        return
    array = value if isinstance(value, np.ndarray) else None
    items = list(array.ravel()) if array is not None and array.dtype == object else value
    if isinstance(items, list):
        yield from _of_list(name, items)
    elif isinstance(value, str | int | float | np.ndarray | np.generic):
        plain = np.asarray(value)
        if plain.dtype.kind in "iufUS":
            yield name, _member(plain)


def _of_list(name: str, items: list[Any]) -> Iterator[tuple[str, Member]]:
    if items and all(isinstance(item, str) for item in items):
        yield name, _member(np.array(items))
    elif items and all(isinstance(item, dict) for item in items):
        for key in items[0]:
            texts = [item.get(key) for item in items]
            if all(isinstance(text, str) for text in texts):
                yield f"{name}_{key}", _member(np.array(texts))


def _member(array: NDArray[Any]) -> Member:
    return Member(array.shape, array.dtype.kind in "iuf", lambda: array)
