"""WFDB files for the tests, packed number by number as the standard words it."""

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from services.shared.ecg import STANDARD_LEADS

RANGES: Final = {
    "8": (-128, 127), "16": (-32768, 32767), "24": (-(1 << 23), (1 << 23) - 1), "32": (-(1 << 31), (1 << 31) - 1),
    "61": (-32768, 32767), "80": (-128, 127), "160": (-32768, 32767), "212": (-2048, 2047), "310": (-512, 511),
    "311": (-512, 511), "508": (-128, 127), "516": (-32768, 32767), "524": (-(1 << 23), (1 << 23) - 1),
}  # fmt: skip
"""The numbers that each format holds; of format 8, the differences."""
_OF_WHOLE_BYTES: Final[dict[str, tuple[int, Literal["little", "big"], bool, int]]] = {
    "8": (1, "little", True, 0), "16": (2, "little", True, 0), "24": (3, "little", True, 0),
    "32": (4, "little", True, 0), "61": (2, "big", True, 0), "80": (1, "little", False, 128),
    "160": (2, "little", False, 32768),
}  # fmt: skip
"""Size, order, whether there is a sign, and the number for zero."""
_SHIFT: Final = {"508": ("int16", 8, "PCM_S8"), "516": ("int16", 0, "PCM_16"), "524": ("int32", 8, "PCM_24")}


def packed(code: str, numbers: Sequence[int]) -> bytes:
    """Return numbers in a format; not FLAC."""
    if code in _OF_WHOLE_BYTES:
        size, order, signed, zero = _OF_WHOLE_BYTES[code]
        return b"".join((n + zero).to_bytes(size, order, signed=signed) for n in numbers)
    count, pack = {"212": (2, _212), "310": (3, _310), "311": (3, _311)}[code]
    return b"".join(pack(*numbers[at : at + count]) for at in range(0, len(numbers), count))


def flac(code: str, channels: NDArray[Any]) -> bytes:
    """Return (samples, channels) as FLAC."""
    dtype, shift, subtype = _SHIFT[code]
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 96000, channels.shape[1], subtype, format="FLAC") as sound:
        sound.write((channels.astype(np.int64) << shift).astype(dtype))
    return buffer.getvalue()


def signal_lines(
    raw: Iterable[NDArray[Any]], kind: str, *, file_name: str = "r.dat", gain: str = "100/mV", names: Sequence[str] = ()
) -> list[str]:
    """Return the lines of a header for signals of whole numbers, with their initial values and checksums."""
    return [
        f"{file_name} {kind} {gain} 0 0 {int(row[0])} {int(row.astype(np.int64).sum()) % 65536} 0 {name}"
        for row, name in zip(raw, names or STANDARD_LEADS, strict=False)
    ]


def header(record_line: str, lines: Sequence[str], *comments: str) -> bytes:
    """Return a header."""
    return ("\n".join([record_line, *lines, *(f"# {comment}" for comment in comments)]) + "\n").encode()


def part(name: str, raw: NDArray[Any], *, gain: str = "100/mV", names: Sequence[str] = ()) -> dict[str, bytes]:
    """Return the two files of a record (signals, samples) of format 16 at 500 Hz."""
    lines = signal_lines(list(raw), "16", file_name=f"{name}.dat", gain=gain, names=names)
    return {
        f"{name}.hea": header(f"{name} {len(raw)} 500 {raw.shape[1]}", lines),
        f"{name}.dat": raw.T.astype("<i2").tobytes(),
    }


def _212(first: int, second: int = 0) -> bytes:
    first, second = first & 0xFFF, second & 0xFFF
    return bytes([first & 0xFF, first >> 8 | (second >> 8) << 4, second & 0xFF])


def _310(first: int, second: int = 0, third: int = 0) -> bytes:
    first, second, third = first & 0x3FF, second & 0x3FF, third & 0x3FF
    pairs = (first << 1 | (third & 0x1F) << 11, second << 1 | (third >> 5) << 11)
    return b"".join(pair.to_bytes(2, "little") for pair in pairs)


def _311(first: int, second: int = 0, third: int = 0) -> bytes:
    return (first & 0x3FF | (second & 0x3FF) << 10 | (third & 0x3FF) << 20).to_bytes(4, "little")
