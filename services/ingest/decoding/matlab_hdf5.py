"""MAT files of level 7.3, which are HDF5: groups are structures, references are the cells of cell arrays.

MATLAB writes columns first, so that h5py sees every array transposed, and texts as numbers of 16 bits.
"""

import io
import math
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.containers import Member
from services.ingest.decoding.matlab_level5 import damaged
from services.shared.errors import PlatformError, TooLarge, UnreadableFile

_CLASS: Final = "MATLAB_class"
_OWN: Final = ("MATLAB_", "H5PATH")
"""How the attributes begin that MATLAB writes for itself."""
_MAX_MEMBERS: Final = 256
_MAX_DEPTH: Final = 4
_MAX_TEXT: Final = 4096
_MAX_CHUNKS: Final = 20_000
_DEFLATE: Final = 1
_KNOWN_FILTERS: Final = frozenset({_DEFLATE, 2, 3})
"""Deflate, and shuffle and checksum, which change no size worth naming."""
_CHECKSUM_BYTES: Final = 4


def hdf5_members(data: bytes, limit_bytes: int) -> dict[str, Member]:
    """Return the variables of an HDF5 file, by dotted names; raises UnreadableFile or TooLarge."""
    import h5py  # noqa: PLC0415 a heavy import that only this level needs

    members: dict[str, Member] = {}
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            for name, member in _walk(file, (), data, limit_bytes):
                members.setdefault(name, member)
                if len(members) >= _MAX_MEMBERS:
                    break
    except PlatformError:
        raise
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise damaged() from None
    return members


def _walk(group: Any, path: tuple[str, ...], data: bytes, limit_bytes: int) -> Iterator[tuple[str, Member]]:
    import h5py  # noqa: PLC0415 see above

    yield from _attributes(group, path)
    for name in list(group)[:_MAX_MEMBERS]:
        if name.startswith("#") or not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        found, inner = group[name], (*path, name.replace(".", "_"))
        if isinstance(found, h5py.Group) and len(path) < _MAX_DEPTH:
            yield from _walk(found, inner, data, limit_bytes)
        elif isinstance(found, h5py.Dataset) and found.external is None and not found.is_virtual:
            yield from _attributes(found, path)
            member = _member(found, data, limit_bytes)
            if member is not None:
                yield ".".join(inner), member


def _member(dataset: Any, data: bytes, limit_bytes: int) -> Member | None:
    import h5py  # noqa: PLC0415 see above

    if "MATLAB_empty" in dataset.attrs:
        return None
    texts = None
    if _class_of(dataset) == "char" or h5py.check_string_dtype(dataset.dtype):
        texts = [_text(dataset)]
    if h5py.check_string_dtype(dataset.dtype) and dataset.shape and dataset.size <= _MAX_TEXT:
        texts = [str(text) for text in np.ravel(dataset.asstr("latin-1")[()])]
    elif h5py.check_ref_dtype(dataset.dtype) is h5py.Reference and dataset.size <= _MAX_TEXT:
        texts = [_text(dataset.file[reference]) for reference in np.ravel(dataset[()]) if reference]
    if texts is not None:
        array = np.array([text for text in texts if text is not None])
        return Member(array.shape, is_numeric=False, load=lambda: array) if array.size else None
    if dataset.dtype.kind not in "iuf":
        return None
    return Member(dataset.shape[::-1], is_numeric=True, load=partial(_load, data, dataset.name, limit_bytes))


def _text(dataset: Any) -> str | None:
    """Return the characters of a dataset; None where it holds something else, or too many."""
    import h5py  # noqa: PLC0415 see above

    if not isinstance(dataset, h5py.Dataset) or dataset.external is not None or dataset.is_virtual:
        return None
    if dataset.size is None or dataset.size > _MAX_TEXT:
        return None
    if h5py.check_string_dtype(dataset.dtype) and not dataset.shape:
        return str(dataset.asstr("latin-1")[()])
    if _class_of(dataset) != "char" or dataset.dtype.kind != "u":
        return None
    _check_chunks(dataset, _MAX_TEXT * 8)
    return "".join(map(chr, np.asarray(dataset[()]).T.ravel(order="F"))) if dataset.size else None


def _attributes(found: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Member]]:
    """Yield what attributes say, as if it lay beside the array or within the group that has them."""
    for name in list(found.attrs)[:_MAX_MEMBERS]:
        if name.startswith(_OWN):
            continue
        value = np.asarray(found.attrs[name])
        if value.dtype == object and all(isinstance(text, str) for text in value.ravel()):
            value = value.astype(np.str_)
        if value.dtype.kind in "iufUS" and value.size <= _MAX_TEXT:
            yield ".".join((*path, name)), Member(value.shape, value.dtype.kind in "iuf", partial(_given, value))


def _given(value: NDArray[Any]) -> NDArray[Any]:
    return value


def _class_of(dataset: Any) -> str:
    said = dataset.attrs.get(_CLASS, b"")
    return said.decode("latin-1") if isinstance(said, bytes) else str(said)


def _load(data: bytes, name: str, limit_bytes: int) -> NDArray[Any]:
    """Return one dataset; a few bytes of file can announce any number of samples, so they are counted first."""
    import h5py  # noqa: PLC0415 see above

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            dataset = file[name]
            _check_size(name, dataset.nbytes, limit_bytes)
            _check_chunks(dataset, limit_bytes)
            return np.asarray(dataset[()]).T
    except PlatformError:
        raise
    except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
        raise damaged() from None


def _check_chunks(dataset: Any, limit_bytes: int) -> None:
    """Raise where a chunk inflates to more than it may hold: the library would allocate whatever it grows to."""
    if dataset.chunks is None:
        return
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(number)[0] for number in range(plan.get_nfilters())]
    if not set(filters) <= _KNOWN_FILTERS or filters.count(_DEFLATE) > 1:
        raise UnreadableFile("The HDF5 file is compressed in a way that is not read; save it with gzip or with none.")
    whole = math.prod(dataset.chunks) * dataset.dtype.itemsize
    _check_size(dataset.name, whole, limit_bytes)
    if dataset.id.get_num_chunks() > _MAX_CHUNKS:
        raise TooLarge(f"The array {dataset.name[:80]!r} lies in more than {_MAX_CHUNKS} pieces; save it in fewer.")
    if _DEFLATE not in filters:
        return
    places: list[tuple[int, ...]] = []
    dataset.id.chunk_iter(lambda info: places.append(info.chunk_offset))
    for place in places:
        mask, packed = dataset.id.read_direct_chunk(place)
        if not mask and _grows_beyond(packed, whole + _CHECKSUM_BYTES):
            raise TooLarge(f"A piece of the array {dataset.name[:80]!r} grows beyond {whole} bytes when inflated.")


def _grows_beyond(packed: bytes, most: int) -> bool:
    return len(zlib.decompressobj().decompress(packed, most + 1)) > most


def _check_size(name: str, size: int, limit_bytes: int) -> None:
    if size > limit_bytes:
        raise TooLarge(
            f"The array {name.strip('/')[:80]!r} would grow to {size >> 20} MiB; at most {limit_bytes >> 20} MiB are "
            "read. Upload each ECG by itself."
        )
