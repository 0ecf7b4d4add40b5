"""The variables of a MAT file, without trusting what it says of its sizes.

Level 4 and 5 are read by scipy, level 7.3 (HDF5) by h5py. Compressed variables are inflated here first, under a limit.
"""

import io
import math
import struct
import zlib
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.containers import Member
from services.shared.errors import TooLarge, UnreadableFile

LEVEL_5: Final = b"MATLAB 5.0 MAT-file"
LEVEL_73: Final = b"MATLAB 7.3 MAT-file"
HDF5: Final = b"\x89HDF\r\n\x1a\n"
_HEADER_BYTES: Final = 128
_COMPRESSED: Final = 15
_NUMERIC: Final = frozenset(
    {"double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}
)
_MAX_NAME: Final = 64
_LEVEL_4_HEADER: Final = struct.Struct("<5i")
_LEVEL_4_TYPES: Final = frozenset({0, 10, 20, 30, 40, 50, 1})
_MAX_VARIABLES: Final = 256


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
        return _hdf5_members(data, limit_bytes)
    return _scipy_members(_inflated(data, limit_bytes) if data.startswith(LEVEL_5) else data, limit_bytes)


def _scipy_members(data: bytes, limit_bytes: int) -> dict[str, Member]:
    from scipy import io as scipy_io  # noqa: PLC0415 a heavy import that only a MAT file needs

    try:
        listed = scipy_io.whosmat(io.BytesIO(data))
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise _damaged() from None
    if len(listed) > _MAX_VARIABLES:
        raise TooLarge(f"The MAT file holds {len(listed)} variables; at most {_MAX_VARIABLES} are read.")
    return {
        name: Member(tuple(shape), kind in _NUMERIC, partial(_load, data, name))
        for name, shape, kind in listed
        if math.prod(shape) * 8 <= limit_bytes and kind in _NUMERIC | {"char", "cell"}
    }


def _load(data: bytes, name: str) -> NDArray[Any]:
    from scipy import io as scipy_io  # noqa: PLC0415 see above

    try:
        value = scipy_io.loadmat(io.BytesIO(data), variable_names=[name], chars_as_strings=True)[name]
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise _damaged() from None
    array = np.asarray(value)
    if array.dtype == object:
        return np.array([str(cell.item()) if getattr(cell, "size", 0) == 1 else "" for cell in array.ravel()])
    return array


def _inflated(data: bytes, limit_bytes: int) -> bytes:
    """Return a level 5 file with every compressed variable inflated, at most limit_bytes in all."""
    order = ">" if data[126:128] == b"MI" else "<"
    parts, position, size = [data[:_HEADER_BYTES]], _HEADER_BYTES, 0
    while position + 8 <= len(data):
        kind, length = struct.unpack_from(order + "2I", data, position)
        element = data[position : position + 8 + length]
        if len(element) < 8 + length:
            raise _damaged()
        if kind == _COMPRESSED:
            element = _inflate(element[8:], limit_bytes - size)
        size += len(element)
        parts.append(element)
        position += 8 + length
    return b"".join(parts)


def _inflate(packed: bytes, limit_bytes: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        element = inflater.decompress(packed, max(limit_bytes, 0) + 1)
    except zlib.error:
        raise _damaged() from None
    if len(element) > limit_bytes:
        raise TooLarge(f"The MAT file grows beyond {limit_bytes >> 20} MiB when inflated; upload each ECG by itself.")
    return element


def _hdf5_members(data: bytes, limit_bytes: int) -> dict[str, Member]:
    import h5py  # noqa: PLC0415 a heavy import that only this level needs

    members: dict[str, Member] = {}
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            for name in list(file)[:_MAX_VARIABLES]:
                link = file.get(name, getlink=True)
                dataset = file[name] if isinstance(link, h5py.HardLink) else None
                if isinstance(dataset, h5py.Dataset) and _is_own(dataset):
                    load = partial(_load_hdf5, data, name, limit_bytes)
                    members[name] = Member(dataset.shape[::-1], is_numeric=True, load=load)
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise _damaged() from None
    return members


def _is_own(dataset: Any) -> bool:
    """Say whether a dataset is numbers that lie in this very file."""
    return dataset.external is None and not dataset.is_virtual and dataset.dtype.kind in "iuf"


def _load_hdf5(data: bytes, name: str, limit_bytes: int) -> NDArray[Any]:
    """Return one dataset; a few bytes of file can announce any number of samples, so they are counted first."""
    import h5py  # noqa: PLC0415 see above

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            size = int(file[name].nbytes)
            values = np.asarray(file[name][()]).T if size <= limit_bytes else None  # MATLAB writes columns first
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise _damaged() from None
    if values is None:
        raise TooLarge(
            f"The array {name[:80]!r} would grow to {size >> 20} MiB; at most {limit_bytes >> 20} MiB are read. "
            "Upload each ECG by itself."
        )
    return values


def _damaged() -> UnreadableFile:
    return UnreadableFile("The MAT file is damaged or truncated; save it again, with its samples as one matrix.")
