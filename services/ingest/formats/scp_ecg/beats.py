"""Section 4: where the QRS complexes lie, from which the reference beat was subtracted and which were protected."""

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import UnreadableFile

_FIXED: Final = struct.Struct("<HHH")
_SUBTRACTION: Final = np.dtype([("type", "<u2"), ("start", "<u4"), ("fiducial", "<u4"), ("end", "<u4")])
_PROTECTION: Final = np.dtype([("start", "<u4"), ("end", "<u4")])


@dataclass(frozen=True, slots=True)
class Beats:
    """Zones in samples of the recording, from 0, their ends exclusive; of shape (beats, …)."""

    reference_ms: int = 0
    """The length of the reference beat."""
    reference_fiducial: int = 0
    """Its fiducial point, as a sample of the reference beat."""
    subtracted: NDArray[np.int64] | None = None
    """Start, end and fiducial point of every beat of the reference's type, shape (beats, 3)."""
    protected: NDArray[np.int64] | None = None
    """Start and end of the zones that kept every sample, shape (zones, 2); sorted and apart from each other."""


def parse_beats(body: bytes, *, is_subtracted: bool) -> Beats:
    """Return the beats; raises UnreadableFile where they are fewer than announced."""
    if len(body) < _FIXED.size:
        raise UnreadableFile("Section 4 of the SCP-ECG record, the QRS complexes, is truncated; export it again.")
    length_ms, fiducial, count = _FIXED.unpack_from(body)
    zones = len(body) - _FIXED.size
    both = count * (_SUBTRACTION.itemsize + _PROTECTION.itemsize)
    has_subtractions = is_subtracted or zones >= both
    if zones < (both if has_subtractions else 0):
        raise UnreadableFile(f"Section 4 of the SCP-ECG record announces {count} QRS complexes, which are not there.")
    position, subtracted = _FIXED.size, None
    if has_subtractions:
        rows = np.frombuffer(body, _SUBTRACTION, count, position)
        subtracted = _subtracted(rows)
        position += rows.nbytes
    kept = min(count, (len(body) - position) // _PROTECTION.itemsize)
    protected = _apart(np.frombuffer(body, _PROTECTION, kept, position))
    return Beats(length_ms, fiducial - 1, subtracted, protected)


def _subtracted(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Return the zones of beats of type 0, the only type that a reference beat is stored of."""
    zones = np.stack([rows["start"].astype(np.int64) - 1, rows["end"], rows["fiducial"].astype(np.int64) - 1], axis=1)
    kept = (rows["type"] == 0) & (rows["start"] > 0) & (rows["end"] >= rows["start"])
    return np.asarray(zones[kept])


def _apart(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Return the zones in order; those that overlap the one before begin where it ends."""
    zones = np.stack([rows["start"].astype(np.int64) - 1, rows["end"].astype(np.int64)], axis=1)
    zones = zones[(rows["start"] > 0) & (rows["end"] >= rows["start"])]
    zones = zones[np.argsort(zones[:, 0], kind="stable")]
    if len(zones):
        zones[1:, 0] = np.maximum(zones[1:, 0], np.maximum.accumulate(zones[:-1, 1]))
    return np.asarray(zones[zones[:, 1] > zones[:, 0]])
