"""One signal file of a WFDB record: the samples of each of its signals, once it is known that they are there."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.matlab import HDF5, LEVEL_5, LEVEL_73
from services.ingest.decoding.wfdb_samples import (
    DIFFERENCES,
    bytes_of,
    flac_frames,
    is_flac,
    is_known,
    samples_in,
    unpack,
    unpack_flac,
)
from services.ingest.decoding.wfdb_signal_line import SignalLine
from services.shared.errors import UnreadableFile

_OTHER_CONTAINERS: Final = (LEVEL_5, LEVEL_73, HDF5)
_FLAC_SAMPLES_PER_BYTE: Final = 64
"""Hours of a lead that was off may come near this; an ECG takes a few bits per sample."""
_FLAC_FREE_SAMPLES: Final = 1 << 20
_LARGEST_BLOCK: Final = 3
"""Samples; a file may be filled up to a whole one."""


@dataclass(frozen=True, slots=True)
class Group:
    """A signal file with the signals that lie in it, frame by frame.

    Raises UnreadableFile where the lines of the header contradict each other.
    """

    file_name: str
    lines: tuple[SignalLine, ...]
    data: bytes

    def __post_init__(self) -> None:
        if self.data.startswith(_OTHER_CONTAINERS):
            raise UnreadableFile(
                f"{self.file_name} is a MAT file of level 5 or 7.3, in which a header cannot point at samples; "
                "save it as level 4, or upload it without the .hea file and declare rate and gain."
            )
        if not is_known(self.code):
            raise UnreadableFile(
                f"{self.file_name} is of format {self.code[:10]}; "
                "8, 16, 24, 32, 61, 80, 160, 212, 310, 311, 508, 516 or 524 was expected."
            )
        per_frame = {line.per_frame for line in self.lines} if is_flac(self.code) else {1}
        if len({(line.format_code, line.offset) for line in self.lines}) > 1 or len(per_frame) > 1:
            raise UnreadableFile(
                f"The header describes the signals in {self.file_name} differently; one format, one offset and, "
                "if it is FLAC, one rate per file was expected."
            )

    @property
    def code(self) -> str:
        """The format."""
        return self.lines[0].format_code

    @property
    def offset(self) -> int:
        """Where the samples begin."""
        return self.lines[0].offset

    @property
    def per_frame(self) -> int:
        """Samples in a frame; in FLAC, of each channel."""
        return self.lines[0].per_frame if is_flac(self.code) else sum(line.per_frame for line in self.lines)


def frames_in(group: Group) -> int:
    """Return how many whole frames a file holds; raises UnreadableFile where there is none."""
    if is_flac(group.code):
        samples = flac_frames(group.data, group.code, len(group.lines)) - group.offset
    else:
        samples = samples_in(group.code, len(group.data) - group.offset)
    frames = samples // group.per_frame
    if frames <= 0:
        raise UnreadableFile(f"{group.file_name} holds no samples.")
    return frames


def has_more(group: Group, frames: int) -> bool:
    """Say whether a file that is not compressed goes on behind these frames; the last block may be filled up."""
    if is_flac(group.code):
        return False
    return samples_in(group.code, len(group.data) - group.offset) >= frames * group.per_frame + _LARGEST_BLOCK


def raw_signals(group: Group, frames: int) -> list[NDArray[Any]]:
    """Return the numbers of each signal, as they are stored; raises UnreadableFile where fewer are there."""
    samples = frames * group.per_frame
    if is_flac(group.code):
        return _flac_signals(group, samples)
    expected = group.offset + bytes_of(group.code, samples)
    if len(group.data) < expected:
        raise _truncated(group, f"{expected} bytes were expected, {len(group.data)} are there")
    flat = unpack(group.data, group.code, samples, group.offset).reshape(frames, group.per_frame)
    ends = list(accumulate(line.per_frame for line in group.lines))
    if group.per_frame == len(group.lines):
        raws = list(np.ascontiguousarray(flat.T))
    else:
        raws = [flat[:, end - line.per_frame : end].reshape(-1) for line, end in zip(group.lines, ends, strict=True)]
    if group.code == DIFFERENCES:
        raws = [raw.cumsum(dtype=np.int64) + line.initial for line, raw in zip(group.lines, raws, strict=True)]
    return raws


def _flac_signals(group: Group, samples: int) -> list[NDArray[Any]]:
    channels = len(group.lines)
    if samples * channels > _FLAC_FREE_SAMPLES + _FLAC_SAMPLES_PER_BYTE * len(group.data):
        raise UnreadableFile(
            f"The header announces {samples} samples of {channels} signals in the {len(group.data)} bytes of "
            f"{group.file_name}: no ECG is so flat."
        )
    announced = flac_frames(group.data, group.code, channels)
    if 0 < announced < samples + group.offset:
        raise _truncated(group, f"{samples + group.offset} samples were expected, {announced} are announced")
    raws = unpack_flac(group.data, group.code, channels, samples, group.offset)
    if len(raws) < samples:
        raise _truncated(group, f"{samples} samples of each signal were expected, {len(raws)} are there")
    return list(np.ascontiguousarray(raws.T))


def _truncated(group: Group, text: str) -> UnreadableFile:
    return UnreadableFile(f"{group.file_name} is truncated: {text}.")
