"""How the samples of a file lie that is nothing but samples; only its owner knows, so it is declared."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import InvalidRequest, UnreadableFile

SAMPLE_TYPES: Final = {
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "int64": "i8",
    "float32": "f4",
    "float64": "f8",
}
"""The names of sample types, and how numpy calls them."""
BYTE_ORDERS: Final = {"little": "<", "big": ">"}
MAX_LEADS: Final = 64
MAX_HEADER_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class RawLayout:
    """How samples lie in a file; raises InvalidRequest where that is impossible."""

    sample_type: str
    byte_order: str = "little"
    lead_count: int = 12
    interleaved: bool = True
    """Whether the samples of all leads lie together, instant after instant; else lead lies after lead."""
    header_bytes: int = 0
    """How many bytes come before the first sample."""

    def __post_init__(self) -> None:
        for field, value, known in (
            ("sample_type", self.sample_type, SAMPLE_TYPES),
            ("byte_order", self.byte_order, BYTE_ORDERS),
        ):
            if value not in known:
                raise InvalidRequest(f"{value[:40]!r} is no {field}: expected one of {', '.join(known)}.")
        if not 0 < self.lead_count <= MAX_LEADS:
            raise InvalidRequest(f"A lead_count of {self.lead_count} is impossible: expected 1 to {MAX_LEADS}.")
        if not 0 <= self.header_bytes <= MAX_HEADER_BYTES:
            raise InvalidRequest(f"{self.header_bytes} header_bytes are impossible: expected 0 to {MAX_HEADER_BYTES}.")

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of one sample."""
        return np.dtype(BYTE_ORDERS[self.byte_order] + SAMPLE_TYPES[self.sample_type])

    def samples_of(self, data: bytes) -> NDArray[np.generic]:
        """Return the samples (leads, samples), a view of the file; raises UnreadableFile where its size is wrong."""
        there = len(data) - self.header_bytes
        instant = self.lead_count * self.dtype.itemsize
        if there < instant:
            raise UnreadableFile(
                f"The file has {len(data)} bytes; {self.header_bytes} of a header and at least {instant} of samples "
                "were expected. Check header_bytes."
            )
        if there % instant:
            raise UnreadableFile(
                f"After a header of {self.header_bytes} bytes the file holds {there}, which is no multiple of "
                f"{instant} ({self.lead_count} leads x {self.dtype.itemsize} bytes of {self.sample_type}). "
                "Check sample_type, lead_count and header_bytes."
            )
        flat = np.frombuffer(data, self.dtype, offset=self.header_bytes)
        return flat.reshape(-1, self.lead_count).T if self.interleaved else flat.reshape(self.lead_count, -1)
