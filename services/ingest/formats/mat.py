"""MAT: MATLAB's files of level 4, 5 and 7.3 (HDF5); a matrix of samples, perhaps a rate and names beside it."""

from typing import Final

from services.ingest.decoding.arrays import read_bare
from services.ingest.decoding.containers import find_ecg
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.matlab import HDF5, LEVEL_5, LEVEL_73, is_level_4, members_of
from services.ingest.formats.base import MAX_DECODED_BYTES, UploadedFile
from services.shared.ecg import Recording

NAME = "mat"

_MAGIC: Final = (LEVEL_5, LEVEL_73, HDF5)


def sniff(file: UploadedFile) -> bool:
    """Recognise the magic bytes of level 5 and 7.3, or the first matrix of level 4."""
    return file.data.startswith(_MAGIC) or is_level_4(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode a MAT file; nothing of MATLAB's own objects is loaded."""
    return read_bare(find_ecg(members_of(file.data, MAX_DECODED_BYTES), declaration), declaration)
