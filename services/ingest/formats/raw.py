"""Raw samples: a file of numbers and nothing else, read as its owner declares; never recognised by content."""

from typing import Final

from services.ingest.decoding.arrays import Bare, read_bare
from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import About, UploadedFile
from services.shared.ecg import Recording, Remark
from services.shared.errors import UnreadableFile

NAME = "raw"

ABOUT: Final = About(
    title="Raw samples",
    reads="`.dat`, `.raw` and `.bin` files, or any with `format=raw`, by their declared layout: sample type, byte "
    "order, leads, order, header",
    refuses="files whose layout nobody declares, sizes that do not fit it",
    units="declared; else as for NPY",
    rate="declared; else as for NPY",
    proof=(
        "test_raw.py::test_a_dat_is_read_as_declared",
        "test_raw.py::test_the_dat_of_ptb_xl_reads_as_with_its_header",
    ),
)

SUFFIXES = (".dat", ".raw", ".bin")
"""What files are called that a declared layout is meant for."""


def sniff(file: UploadedFile) -> bool:  # noqa: ARG001 any bytes could be samples
    """Recognise nothing: bytes do not say that they are samples."""
    return False


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode samples that lie as declared; raises UnreadableFile where the file's size does not fit."""
    layout = declaration.raw
    if layout is None:
        raise UnreadableFile(
            "A raw file does not say how its samples lie: declare sample_type (e.g. int16), and byte_order, "
            "lead_count, interleaved and header_bytes where they differ from little, 12, true and 0."
        )
    lie = "instant after instant" if layout.interleaved else "lead after lead"
    text = (
        f"Read as declared: {layout.lead_count} leads of {layout.sample_type} ({layout.byte_order}-endian), {lie}, "
        f"after {layout.header_bytes} bytes."
    )
    bare = Bare(layout.samples_of(file.data), oriented=True, remarks=(Remark("declared_layout", text),))
    return read_bare(bare, declaration)
