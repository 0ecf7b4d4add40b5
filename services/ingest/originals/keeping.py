"""What is kept of a file, by the site's setting: all of it, what is left without the person, or nothing."""

from collections.abc import Callable
from typing import Final

from services.ingest.decoding.declaration import Declaration
from services.ingest.formats import Decoded
from services.ingest.formats.base import UploadedFile
from services.ingest.originals.deidentifying import deidentified
from services.shared.ecg import Remark

NOT_KEPT: Final = Remark("original_not_kept", "The file itself was not kept, as this site is set; its signal was.")
Keep = Callable[[UploadedFile, Decoded, Declaration], UploadedFile | None]
"""Returns what is kept of a file that was decoded; None for nothing."""


def whole(file: UploadedFile, _: Decoded, __: Declaration) -> UploadedFile:
    """Keep the file as it came."""
    return file


def nothing(_: UploadedFile, __: Decoded, ___: Declaration) -> None:
    """Keep nothing of the file."""


WAYS: Final[dict[str, Keep]] = {
    "encrypted": whole,
    "deidentified": deidentified,
    "as_received": whole,
    "none": nothing,
}
"""By the value of the setting `originals`."""
