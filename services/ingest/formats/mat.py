"""MAT: MATLAB's files of level 4, 5 and 7.3 (HDF5); a matrix of samples, perhaps a rate and names beside it."""

from typing import Final

from services.ingest.decoding.arrays import read_bare
from services.ingest.decoding.containers import find_ecg
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.matlab import HDF5, LEVEL_5, LEVEL_73, is_level_4, members_of
from services.ingest.formats.base import MAX_DECODED_BYTES, About, UploadedFile
from services.shared.ecg import Recording

NAME = "mat"

ABOUT: Final = About(
    title="MATLAB levels 4, 5 and 7.3",
    reads="numeric matrices of either orientation, compressed or not, in structures too; rate, names, unit, gain, "
    "age and sex beside them; 7.3 as HDF5",
    refuses="several ECGs of which none is called so, what inflates beyond 256 MiB, data that lies in another file, "
    "objects and functions",
    units="unit, gain or resolution beside the ECG; else as for NPY, which reads PhysioNet Challenge files right",
    rate="beside the ECG; else as for NPY",
    proof=(
        "test_mat.py::test_every_level_reads_the_same",
        "test_mat.py::test_a_compressed_bomb_is_refused_before_it_is_inflated_whole",
        "test_real_files.py::test_a_challenge_mat_alone_is_1000_per_millivolt",
    ),
)

_MAGIC: Final = (LEVEL_5, LEVEL_73, HDF5)


def sniff(file: UploadedFile) -> bool:
    """Recognise the magic bytes of level 5 and 7.3, or the first matrix of level 4."""
    return file.data.startswith(_MAGIC) or is_level_4(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode a MAT file; nothing of MATLAB's own objects is loaded."""
    return read_bare(find_ecg(members_of(file.data, MAX_DECODED_BYTES), declaration), declaration)
