"""NPZ: a zip of NPY arrays, one of which is the ECG; another may state the rate or the lead names."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, Final

from numpy.lib import format as npy
from numpy.typing import NDArray

from services.ingest.decoding.arrays import read_bare
from services.ingest.decoding.containers import Member, are_several_ecgs, find_ecg
from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import MAX_DECODED_BYTES, About, UploadedFile
from services.ingest.formats.npy import DAMAGED, array_of
from services.shared.ecg import Recording
from services.shared.errors import PlatformError, TooLarge, UnreadableFile

NAME = "npz"

ABOUT: Final = About(
    title="NPZ",
    reads="the array that is the ECG, or one array per lead; rate, lead names, unit, gain, age and sex from arrays "
    "beside it",
    refuses="pickled members, several ECGs of which none is called so, members that grow beyond 256 MiB or beyond "
    "what they say, encrypted archives",
    units="unit, gain or resolution beside the ECG; else as for NPY",
    rate="beside the ECG (`fs`, `sampling_rate`, …); else as for NPY",
    proof=(
        "test_npz.py::test_units_gain_and_person_beside_the_ecg_are_used",
        "test_npz.py::test_a_zip_bomb_is_refused_before_it_is_read",
        "test_real_files.py::test_one_of_the_two_ecgs_in_a_file_of_its_own",
    ),
)

_ZIP: Final = b"PK\x03\x04"
_SUFFIX: Final = ".npy"
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError, OverflowError,
)  # fmt: skip
"""What the library raises on an archive that is none: among others, on places before the beginning of the file."""
_MAX_MEMBERS: Final = 256
_HEADER_BYTES: Final = 4096


def sniff(file: UploadedFile) -> bool:
    """Recognise a zip whose first member is an NPY."""
    return file.data.startswith(_ZIP) and _SUFFIX.encode() in file.data[:512]


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode an NPZ; what its members would grow to is bounded before and while they are read."""
    with _opened(io.BytesIO(file.data)) as archive:
        bare = find_ecg(_members(archive), declaration)
    return read_bare(bare, declaration)


def holds_several_ecgs(file: BinaryIO) -> bool:
    """Say whether every array of an NPZ is an ECG of its own; one that cannot be read holds none."""
    try:
        with _opened(file) as archive:
            return are_several_ecgs(_members(archive))
    except PlatformError:
        return False


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    with _library():
        return zipfile.ZipFile(file)


@contextmanager
def _library() -> Iterator[None]:
    """Tell what the library raises; what we get wrong ourselves is not the file's fault."""
    try:
        yield
    except _DAMAGED:
        raise UnreadableFile("The NPZ file is damaged, truncated or encrypted; save it again.") from None


def _members(archive: zipfile.ZipFile) -> dict[str, Member]:
    infos = [info for info in archive.infolist() if info.filename.endswith(_SUFFIX)]
    declared = sum(info.file_size for info in infos)
    if declared > MAX_DECODED_BYTES or len(infos) > _MAX_MEMBERS:
        raise TooLarge(
            f"The NPZ file would grow to {declared >> 20} MiB in {len(infos)} arrays; "
            f"at most {MAX_DECODED_BYTES >> 20} MiB in {_MAX_MEMBERS} are read. Upload each ECG by itself."
        )
    return {info.filename.removesuffix(_SUFFIX): _member(archive, info) for info in infos}


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    with _library(), archive.open(info) as stream:
        head = io.BytesIO(stream.read(_HEADER_BYTES))
    try:
        reader = npy.read_array_header_1_0 if npy.read_magic(head) == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = reader(head)
    except DAMAGED:
        raise UnreadableFile(f"The array {info.filename[:80]!r} cannot be read: its header is damaged.") from None
    if dtype.hasobject:
        raise UnreadableFile("The NPZ file holds pickled objects, which are never loaded; save arrays of numbers.")
    return Member(shape, dtype.kind in "iuf", partial(_load, archive, info))


def _load(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    with _library(), archive.open(info) as stream:
        data = stream.read(info.file_size + 1)
    if len(data) > info.file_size:
        raise UnreadableFile(f"The array {info.filename[:80]!r} is larger than the archive says; save it again.")
    return array_of(data)
