"""XLI, the compression of Philips SierraECG: per channel a header, then LZW codes of 10 bits over second differences.

Layout as in the public description of the format (sierra-ecg-tools): 4 bytes size, 2 unknown, 2 first difference,
little endian; codes most significant bit first, 1023 ends them; unpacked, all high bytes precede all low bytes.
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import UnreadableFile

_HEADER: Final = struct.Struct("<i2xh")
_CODE_BITS: Final = 10
_END: Final = (1 << _CODE_BITS) - 1
_LITERALS: Final = 256
_BIAS: Final = 64
_MIN_SAMPLES: Final = 3


def unpack_channels(data: bytes, channels: int, samples: int) -> list[NDArray[np.int16]]:
    """Return the first channels of a block, each (samples,); raises UnreadableFile where they are not there."""
    found: list[NDArray[np.int16]] = []
    position = 0
    while len(found) < channels:
        if position + _HEADER.size > len(data):
            raise UnreadableFile(
                f"The Philips file announces {channels} leads and holds {len(found)}: it is truncated; export it again."
            )
        size, first = _HEADER.unpack_from(data, position)
        position += _HEADER.size
        if not 0 < size <= len(data) - position:
            raise _damaged(len(found))
        halves = _unpacked(_codes(data[position : position + size]), 2 * samples, len(found))
        high, low = np.frombuffer(halves, np.uint8).reshape(2, samples).astype(np.uint16)
        found.append(_integrated(((high << 8) | low).view(np.int16), first))
        position += size
    return found


def _codes(data: bytes) -> NDArray[np.int64]:
    """Return the codes before the one that ends them; five bytes hold four."""
    count = 8 * len(data) // _CODE_BITS
    rows = np.frombuffer(data + bytes(-len(data) % 5), np.uint8).reshape(-1, 5).astype(np.uint16)
    codes = np.empty((len(rows), 4), np.uint16)
    for column in range(4):
        low = 6 - 2 * column
        codes[:, column] = (rows[:, column] << (2 + 2 * column) | rows[:, column + 1] >> low) & _END
    flat = codes.ravel()[:count].astype(np.int64)
    ends = np.flatnonzero(flat == _END)
    return flat[: ends[0]] if len(ends) else flat


def _unpacked(codes: NDArray[np.int64], size: int, channel: int) -> bytes:
    """Return size bytes; what lies behind them is padding, and is never unpacked."""
    table = [bytes((value,)) for value in range(_LITERALS)]
    learnt = min(
        len(codes), _END - _LITERALS + 1
    )  # the first code teaches none, each other one until the table is full
    parts: list[bytes] = []
    previous = b""
    for code in codes[:learnt].tolist():
        if code > len(table) - (not previous):
            raise _damaged(channel)
        entry = table[code] if code < len(table) else previous + previous[:1]
        if previous:
            table.append(previous + entry[:1])
        parts.append(entry)
        previous = entry
    begun = b"".join(parts)
    rest = codes[learnt : learnt + max(size - len(begun), 0)]
    if len(rest) and int(rest.max()) >= len(table):
        raise _damaged(channel)
    whole = begun + _looked_up(rest, table, size - len(begun))
    if len(whole) < size:
        raise _damaged(channel)
    return whole[:size]


def _looked_up(codes: NDArray[np.int64], table: list[bytes], size: int) -> bytes:
    """Return what codes stand for once the table learns no more, at once; of at least size bytes where they suffice."""
    if size <= 0:
        return b""
    sizes = np.fromiter(map(len, table), np.int64, len(table))
    ends = np.cumsum(sizes[codes])
    enough = int(np.searchsorted(ends, size)) + 1
    codes, ends = codes[:enough], ends[:enough]
    lengths, places = sizes[codes], np.cumsum(sizes) - sizes
    shift = np.repeat(places[codes] - (ends - lengths), lengths)
    found: NDArray[np.uint8] = np.frombuffer(b"".join(table), np.uint8)[np.arange(len(shift)) + shift]
    return found.tobytes()


def _integrated(raw: NDArray[np.int16], first: int) -> NDArray[np.int16]:
    """Return samples from two of them and the bent differences that follow: x[n] = 2 x[n-1] - x[n-2] - d[n-1]."""
    if len(raw) < _MIN_SAMPLES:
        return raw
    wide = raw.astype(np.int64)
    bends = np.concatenate(([first], wide[2:-1] - _BIAS))
    steps = np.cumsum(np.concatenate(([wide[1] - wide[0]], -bends)))
    return np.concatenate((wide[:1], wide[0] + np.cumsum(steps))).astype(np.int16)


def _damaged(channel: int) -> UnreadableFile:
    return UnreadableFile(
        f"The compressed samples of lead {channel + 1} are damaged or truncated; export the file again."
    )
