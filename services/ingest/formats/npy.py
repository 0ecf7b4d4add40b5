"""NPY: one array, either orientation; no unit, no rate, no names."""

import io
import math
import sys
from tokenize import TokenError
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from services.ingest.decoding.arrays import Bare, read_bare
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.leads import is_lead
from services.ingest.decoding.quoting import quoted
from services.ingest.formats.base import About, UploadedFile
from services.shared.ecg import Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "npy"

ABOUT: Final = About(
    title="NPY",
    reads="one array of numbers, either orientation, axes of length 1 around it; records with a field per lead",
    refuses="pickled objects, several ECGs in one array, shapes that can be read either way or are no 12 or 8 leads, "
    "more announced than is there",
    units="declared; else whole numbers are 1000 per mV and decimal numbers millivolt, and told",
    rate="declared; else inferred where the samples make 10 s at 100, 250, 500 or 1000 Hz, and told",
    proof=(
        "test_npy.py::test_every_orientation_and_type_reads_the_same",
        "test_npy.py::test_a_pickled_array_is_never_loaded",
    ),
)

DAMAGED: Final = (KeyError, ValueError, TypeError, SyntaxError, EOFError, TokenError, RecursionError, MemoryError)
"""What numpy raises on a header that is no header; the last three where it takes it apart as Python."""
_READERS: Final = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,  # the same, but for letters beyond latin-1 in the names of fields
}


def sniff(file: UploadedFile) -> bool:
    """Recognise numpy's magic bytes."""
    return file.data.startswith(npy.MAGIC_PREFIX)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode an NPY; pickled objects are never loaded."""
    array = array_of(file.data)
    return read_bare(Bare(array) if array.dtype.names is None else _of_fields(array), declaration)


def _of_fields(array: NDArray[Any]) -> Bare:
    """Return the leads of a record array, as reading a CSV with its header makes one."""
    fields = [name for name in array.dtype.names or () if is_lead(name) and array.dtype[name].kind in "iuf"]
    if not fields:
        raise UnreadableFile("The NPY file holds records without a field for each lead; save an array of numbers.")
    left_out = [name for name in array.dtype.names or () if name not in fields]
    remarks = (Remark("other_columns", f"{quoted(', '.join(left_out), 200)} are no leads and were left out."),)
    rows = np.stack([array[name].ravel() for name in fields])
    return Bare(rows, names=tuple(fields), oriented=True, remarks=remarks if left_out else ())


def array_of(data: bytes) -> NDArray[Any]:
    """Return the array of an NPY file as a view of its bytes; raises UnreadableFile where it is damaged or pickled."""
    stream = io.BytesIO(data)
    try:
        shape, fortran_order, dtype = _READERS[npy.read_magic(stream)](stream)
    except DAMAGED:
        raise UnreadableFile("The header of the NPY file cannot be read: it is damaged or truncated.") from None
    if dtype.hasobject:
        raise UnreadableFile("The NPY file holds pickled objects, which are never loaded; save an array of numbers.")
    start = stream.tell()
    expected = math.prod(shape) * dtype.itemsize
    if not dtype.itemsize:  # of which there could be any number
        return np.empty(0, dtype)
    if expected > len(data) - start or min(shape, default=0) < 0:
        raise UnreadableFile(
            f"The NPY file is truncated: {expected} bytes of samples were expected, {len(data) - start} are there."
        )
    if dtype.kind == "U" and _largest_character(data[start : start + expected], dtype) > sys.maxunicode:
        raise UnreadableFile("The NPY file is damaged: its texts hold what is no character; save it again.")
    flat = np.frombuffer(data, dtype=dtype, count=math.prod(shape), offset=start)
    try:
        return flat.reshape(shape, order="F" if fortran_order else "C")
    except (ValueError, OverflowError):  # nothing along one axis, and more than there can be along another
        raise UnreadableFile("The NPY file announces an array that cannot be: it is damaged.") from None


def _largest_character(texts: bytes, dtype: np.dtype[Any]) -> int:
    return int(np.frombuffer(texts, dtype.byteorder + "u4").max(initial=0))
