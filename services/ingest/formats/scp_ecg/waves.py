"""Sections 5 and 6: samples of the reference beat and of the rhythm, encoded or not, as they are or as differences."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.ingest.formats.scp_ecg.huffman import Samples, Table, decode
from services.shared.errors import TooLarge, UnreadableFile

_FIXED: Final = struct.Struct("<HHBB")
_DIFFERENCES: Final = 2
_BYTES: Final = 2
_WRAP: Final = 1 << 16
_MAX_BITS: Final = 8 << 20
"""What is decoded of one section, over all leads and tables."""


@dataclass(frozen=True, slots=True)
class Waves:
    """One section of samples."""

    nanovolt: int
    """Per unit: the amplitude value multiplier."""
    interval_us: int
    differences: int
    """0 for samples, 1 for first, 2 for second differences."""
    is_bimodal: bool
    leads: tuple[bytes, ...]


def parse_waves(body: bytes, what: str, samples: tuple[int, ...] | None, lead_count: int) -> Waves:
    """Return a section's fields and the bytes of every lead.

    samples are the announced ones of unencoded leads, by which lengths that overflowed their 16 bits are recognised.
    Raises UnreadableFile where a lead is not there.
    """
    start = _FIXED.size + lead_count * _BYTES
    if len(body) < start:
        raise UnreadableFile(f"The {what} of the SCP-ECG record is truncated; export it again.")
    nanovolt, interval_us, differences, flags = _FIXED.unpack_from(body)
    if differences > _DIFFERENCES:
        raise UnreadableFile(f"The {what} of the SCP-ECG record is encoded in a way {differences}; 0 to 2 are known.")
    sizes = list(struct.unpack_from(f"<{lead_count}H", body, _FIXED.size))
    if samples and _have_wrapped(sizes, samples, len(body) - start):
        sizes = [count * _BYTES for count in samples]
    if sum(sizes) > len(body) - start:
        raise UnreadableFile(
            f"The {what} of the SCP-ECG record is truncated: {sum(sizes)} bytes were expected, "
            f"{len(body) - start} are there."
        )
    ends = start + np.cumsum([0, *sizes])
    leads = tuple(body[begin:end] for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    return Waves(nanovolt, interval_us, differences, bool(flags & 1), leads)


def samples_of(waves: Waves, tables: tuple[Table, ...], counts: tuple[int, ...]) -> list[Samples]:
    """Return the first samples of every lead, fewer where it holds fewer, as units of the multiplier."""
    if sum(map(len, waves.leads)) * 8 * len(tables) > _MAX_BITS:
        raise TooLarge(f"The SCP-ECG record holds more encoded samples than are read at once ({_MAX_BITS >> 23} MiB).")
    return [
        _summed(_raw(data, tables, count), waves.differences) for data, count in zip(waves.leads, counts, strict=True)
    ]


def _have_wrapped(sizes: list[int], samples: tuple[int, ...], there: int) -> bool:
    fits = all(size == count * _BYTES % _WRAP for size, count in zip(sizes, samples, strict=True))
    return fits and sum(samples) * _BYTES <= there


def _raw(data: bytes, tables: tuple[Table, ...], count: int) -> Samples:
    if tables:
        return decode(data, tables, count)
    return np.frombuffer(data, "<i2", min(count, len(data) // _BYTES)).astype(np.int64)


def _summed(raw: Samples, differences: int) -> Samples:
    """Return samples of differences; the first one or two are stored as they are."""
    if differences == 0 or len(raw) < 2:  # noqa: PLR2004 a first sample and a difference
        return raw
    if differences == _DIFFERENCES:
        raw = raw.copy()
        raw[1] -= raw[0]
        raw[1:] = np.cumsum(raw[1:])
    return np.cumsum(raw)
