"""The line of a WFDB header that describes one signal: FILE FORMAT GAIN RESOLUTION ZERO INITIAL CHECKSUM BLOCK NAME.

https://physionet.org/physiotools/wag/header-5.htm
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from services.shared.errors import UnreadableFile

_SAFE_NAME = re.compile(r"\w[\w.+=-]{0,99}")
_FORMAT = re.compile(r"(\d{1,5})(?:x(\d{1,5}))?(?::(\d{1,9}))?(?:\+(\d{1,12}))?")
_GAIN = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,3})?)(?:\((-?\d{1,12})\))?(?:/(\S+))?", re.IGNORECASE)
_INTEGER = re.compile(r"[-+]?\d{1,12}")
_NUMBERS: Final = 5
_GAIN_FIELD: Final = 2
_UNKNOWN: Final = "~"


@dataclass(frozen=True, slots=True)
class SignalLine:
    """What a header says of one signal."""

    row: int
    """Its place in the header."""
    file_name: str
    """ "~" in the layout of a record of several segments, which describes signals that lie elsewhere."""
    format_code: str
    per_frame: int
    """Samples of this signal in each frame."""
    skew: int
    """Frames by which it comes late in the file."""
    offset: int
    """Bytes (FLAC: samples) before the first."""
    gain: float | None
    """Units of the file per physical unit; None where it is not stated."""
    baseline: int
    """The number that stands for zero."""
    unit: str
    initial: int
    checksum: int | None
    states_initial: bool
    name: str
    """"" where the header names none."""


def parse_signal_line(row: int, line: str) -> SignalLine:
    """Return what a line says, with the standard's defaults; raises UnreadableFile where it cannot be read."""
    fields = line.split()
    kind = _FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    gain = _GAIN.fullmatch(fields[_GAIN_FIELD]) if len(fields) > _GAIN_FIELD else None
    if kind is None or (gain is None and len(fields) > _GAIN_FIELD):
        raise _unreadable(line)
    numbers, name = _numbers(fields[_GAIN_FIELD + 1 :])
    zero = numbers[1] if len(numbers) > 1 else 0
    has_initial = len(numbers) > _GAIN_FIELD
    units_per = float(gain[1]) if gain else 0.0
    if not math.isfinite(units_per) or int(kind[2] or 1) < 1:
        raise _unreadable(line)
    return SignalLine(
        row=row,
        file_name=fields[0] if fields[0] == _UNKNOWN else plain_name(fields[0]),
        format_code=kind[1],
        per_frame=int(kind[2] or 1),
        skew=int(kind[3] or 0),
        offset=int(kind[4] or 0),
        gain=units_per or None,
        baseline=int(gain[2]) if gain and gain[2] else zero,
        unit=(gain[3] if gain else None) or "mV",
        initial=numbers[_GAIN_FIELD] if has_initial else zero,
        checksum=numbers[3] if len(numbers) > 3 else None,  # noqa: PLR2004 the fourth of the standard's five
        states_initial=has_initial,
        name=name,
    )


def plain_name(name: str) -> str:
    """Return the name of a file that was uploaded beside a header; raises UnreadableFile where it leads elsewhere."""
    if not _SAFE_NAME.fullmatch(name) or ".." in name:
        raise UnreadableFile(f"The .hea file names {name[:60]!r}; only plain names of files uploaded with it are read.")
    return name


def _numbers(fields: list[str]) -> tuple[list[int], str]:
    """Return resolution, zero, initial value, checksum and block size, as many as there are, and the name behind."""
    numbers: list[int] = []
    for field in fields[:_NUMBERS]:
        if not _INTEGER.fullmatch(field):
            break
        numbers.append(int(field))
    return numbers, " ".join(fields[len(numbers) :])


def _unreadable(line: str) -> UnreadableFile:
    return UnreadableFile(
        f"The .hea file describes a signal as {line[:60]!r}; a file, a format such as 16 or 212x2+24, "
        "and a gain such as 200(0)/mV were expected."
    )
