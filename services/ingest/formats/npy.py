"""NPY: one array, either orientation; no unit, no rate, no names."""

import io
import math
from tokenize import TokenError
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from services.ingest.decoding.arrays import Bare, read_bare
from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import Recording
from services.shared.errors import UnreadableFile

NAME = "npy"

DAMAGED: Final = (KeyError, ValueError, TypeError, SyntaxError, EOFError, TokenError, RecursionError, MemoryError)
"""What numpy raises on a header that is no header; the last three where it takes it apart as Python."""
_READERS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def sniff(file: UploadedFile) -> bool:
    """Recognise numpy's magic bytes."""
    return file.data.startswith(npy.MAGIC_PREFIX)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode an NPY; pickled objects are never loaded."""
    return read_bare(Bare(array_of(file.data)), declaration)


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
    if expected > len(data) - start:
        raise UnreadableFile(
            f"The NPY file is truncated: {expected} bytes of samples were expected, {len(data) - start} are there."
        )
    flat = np.frombuffer(data, dtype=dtype, count=math.prod(shape), offset=start)
    return flat.reshape(shape, order="F" if fortran_order else "C")
