"""Numbers that are written as text: samples such as "-2 0 13" or "2,1,-1", and single values."""

import math
import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import UnreadableFile

_ZERO: Final = ord("0")
_MINUS: Final = ord("-")
_WHOLE: Final = b"0123456789- \t\r\n,;"
"""What lists of whole numbers are written with; a plus, which none writes, is read field by field."""
_SEPARATOR = re.compile(r"[ \t\r\n,;]")
_AT_ONCE: Final = 1 << 16
"""Characters that are turned into numbers at once: what stays in the cache of a core, and off the memory."""
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
    parts = [_numbers(part, what) for part in _parts(text)]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _numbers(text: str, what: str) -> NDArray[np.float32]:
    whole = _integers(text)
    if whole is not None:
        return whole.astype(np.float32)
    fields = text.replace(",", " ").replace(";", " ").split()
    try:
        return millivolt_of(np.array(fields, dtype=np.float64), 1.0)
    except (ValueError, OverflowError):
        raise UnreadableFile(f"The samples of {what} are not all numbers; export the file again.") from None


def _parts(text: str) -> Iterator[str]:
    """Return a long text in parts, cut between its numbers: what is made of a text is many times its size."""
    begin = 0
    while begin < len(text):
        cut = _SEPARATOR.search(text, begin + _AT_ONCE)
        end = cut.end() if cut else len(text)
        yield text[begin:end]
        begin = end


def _integers(text: str) -> NDArray[np.int32] | None:
    """Return whole numbers, all at once (eight times as fast as field by field); None where others are there."""
    if not text.isascii():
        return None
    data = b" " + text.encode("ascii") + b" "
    if data.translate(None, _WHOLE):
        return None
    raw = np.frombuffer(data, np.uint8)
    digits = raw - np.uint8(_ZERO)  # what is no digit wraps around to 10 and more
    is_digit = digits < 10  # noqa: PLR2004 the decimal digits
    edges = np.flatnonzero(is_digit[1:] != is_digit[:-1])
    starts, ends = edges[0::2], edges[1::2]  # one before the first digit, where a sign would be; the last digit
    is_negative = raw[starts] == _MINUS
    if np.count_nonzero(is_negative) != np.count_nonzero(raw == _MINUS) or is_digit[starts[is_negative] - 1].any():
        return None
    lengths = ends - starts
    longest = int(lengths.max(initial=0))
    if longest > _MAX_DIGITS:
        return None
    values = digits[ends].astype(np.int32)
    for place in range(1, longest):
        values += digits[ends - place] * ((lengths > place) * np.int32(10**place))
    np.negative(values, out=values, where=is_negative)
    return values
