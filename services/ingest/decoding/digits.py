"""Numbers that are written as text: samples such as "-2 0 13" or "2,1,-1", and single values."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import UnreadableFile

_ZERO: Final = ord("0")
_SIGNS: Final = (ord("-"), ord("+"))
_SEPARATORS: Final = np.isin(np.arange(256, dtype=np.uint8), np.frombuffer(b" \t\r\n,;", np.uint8))
_MAX_DIGITS: Final = 9
"""Longer whole numbers are no samples, and would not fit below."""


def number_of(text: str) -> float | None:
    """Return a finite number; None where the text is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def stacked(rows: list[NDArray[np.float32]], names: tuple[str, ...], what: str) -> NDArray[np.float32]:
    """Return leads as one array (leads, samples); raises UnreadableFile where they differ in length."""
    if len({len(row) for row in rows}) > 1:
        lengths = ", ".join(f"{name} {len(row)}" for name, row in zip(names, rows, strict=True))
        raise UnreadableFile(f"The leads of the {what} file differ in length: {lengths[:300]}; export it again.")
    return np.stack(rows)


def millivolt_of(raw: NDArray[Any], per_unit: float, at_zero: float = 0.0) -> NDArray[np.float32]:
    """Return raw samples in millivolt, of the same shape; what overflows becomes infinite and is refused as such."""
    with np.errstate(over="ignore"):
        return (raw * np.float64(per_unit) + at_zero).astype(np.float32)


def samples_of(text: str, what: str) -> NDArray[np.float32]:
    """Return numbers between whitespace, commas or semicolons, shape (samples,); raises UnreadableFile."""
    whole = _integers(text)
    if whole is not None:
        return whole.astype(np.float32)
    fields = text.replace(",", " ").replace(";", " ").split()
    try:
        return millivolt_of(np.array(fields, dtype=np.float64), 1.0)
    except (ValueError, OverflowError):
        raise UnreadableFile(f"The samples of {what} are not all numbers; export the file again.") from None


def _integers(text: str) -> NDArray[np.int32] | None:
    """Return whole numbers, all of them at once (five times as fast as field by field); None where others are there."""
    if not text.isascii():
        return None
    raw = np.frombuffer(b" " + text.encode("ascii") + b" ", np.uint8)
    digits = raw - np.uint8(_ZERO)  # what is no digit wraps around to 10 and more
    is_digit = digits < 10  # noqa: PLR2004 the decimal digits
    is_sign = (raw == _SIGNS[0]) | (raw == _SIGNS[1])
    if not (is_digit | is_sign | _SEPARATORS[raw]).all():
        return None
    if (is_sign[:-1] & ~is_digit[1:]).any() or (is_sign[1:] & is_digit[:-1]).any():
        return None
    ends = np.flatnonzero(is_digit[:-1] & ~is_digit[1:])
    starts = np.flatnonzero(is_digit[1:] & ~is_digit[:-1])  # one before the first digit: where a sign would be
    lengths = ends - starts
    longest = int(lengths.max(initial=0))
    if longest > _MAX_DIGITS:
        return None
    values = digits[ends].astype(np.int32)
    for place in range(1, longest):
        rows = np.flatnonzero(lengths > place)
        values[rows] += digits[ends[rows] - place] * np.int32(10**place)
    return np.where(raw[starts] == _SIGNS[0], -values, values)
