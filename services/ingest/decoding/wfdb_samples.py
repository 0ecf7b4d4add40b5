"""The samples of WFDB signal files: every format of the standard, as integers.

https://physionet.org/physiotools/wag/signal-5.htm
"""

import io
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import UnreadableFile

Raw = NDArray[np.int32]

DIFFERENCES: Final = "8"
"""The format whose numbers are differences to the sample before."""
_FLAC_BITS: Final = {"508": 8, "516": 16, "524": 24}
_FLAC_MAGIC: Final = b"fLaC"
_FLAC_SUBTYPES: Final = {"PCM_S8": (8, "int16", 8), "PCM_16": (16, "int16", 0), "PCM_24": (24, "int32", 8)}
"""Bits per sample, how they are read, and by how many bits they are then too large."""
_FLAC_BLOCK: Final = 1 << 16
_BLOCKS: Final = {
    "8": (1, (0, 1)), "80": (1, (0, 1)), "16": (2, (0, 2)), "61": (2, (0, 2)), "160": (2, (0, 2)), "24": (3, (0, 3)),
    "32": (4, (0, 4)), "212": (3, (0, 2, 3)), "310": (4, (0, 2, 4, 4)), "311": (4, (0, 2, 3, 4)),
}  # fmt: skip
"""The bytes of a block, and what 0, 1, … samples of one take."""
_MISSING: Final = {
    "80": -(1 << 7), "508": -(1 << 7), "310": -(1 << 9), "311": -(1 << 9), "212": -(1 << 11), "16": -(1 << 15),
    "61": -(1 << 15), "160": -(1 << 15), "516": -(1 << 15), "24": -(1 << 23), "524": -(1 << 23), "32": -(1 << 31),
}  # fmt: skip


def is_known(code: str) -> bool:
    """Say whether a format is one of the standard's."""
    return code in _BLOCKS or is_flac(code)


def is_flac(code: str) -> bool:
    """Say whether a format is compressed."""
    return code in _FLAC_BITS


def missing_code(code: str) -> int | None:
    """Return the number by which a format says that a sample is missing; format 8 has none."""
    return _MISSING.get(code)


def bytes_of(code: str, samples: int) -> int:
    """Return how many bytes that many samples take, at least; not for FLAC."""
    size, parts = _BLOCKS[code]
    blocks, rest = divmod(samples, len(parts) - 1)
    return blocks * size + parts[rest]


def samples_in(code: str, size_bytes: int) -> int:
    """Return how many samples that many bytes hold; not for FLAC."""
    size, parts = _BLOCKS[code]
    blocks, rest = divmod(max(size_bytes, 0), size)
    return blocks * (len(parts) - 1) + max(n for n, part in enumerate(parts) if part <= rest)


def unpack(data: bytes, code: str, samples: int, offset: int) -> NDArray[Any]:
    """Return the next samples of a file from an offset in bytes, which must be there; not for FLAC."""
    raw = np.frombuffer(data, np.uint8, bytes_of(code, samples), offset)
    return _UNPACK[code](raw)[:samples]


def flac_frames(data: bytes, code: str, channels: int) -> int:
    """Return how many samples of each channel a FLAC file announces; raises UnreadableFile where it does not fit."""
    with _opened(data, code, channels) as sound:
        return int(sound.frames)


def unpack_flac(data: bytes, code: str, channels: int, samples: int, offset: int) -> NDArray[Any]:
    """Return (samples, channels) from an offset in samples; fewer where the file ends before.

    Memory grows with what is there, not with what is announced. Raises UnreadableFile where the file is damaged.
    """
    with _opened(data, code, channels) as sound:
        _, dtype, shift = _FLAC_SUBTYPES[sound.subtype]
        blocks: list[NDArray[Any]] = []
        try:
            sound.seek(offset)
            while samples > 0 and len(block := sound.read(min(_FLAC_BLOCK, samples), dtype, always_2d=True)):
                blocks.append(block >> shift)
                samples -= len(block)
        except Exception:  # noqa: BLE001 the library raises whatever a damaged file makes it stumble over
            raise _damaged() from None
    return np.concatenate(blocks) if blocks else np.empty((0, channels), np.int16)


def _opened(data: bytes, code: str, channels: int) -> Any:
    import soundfile  # noqa: PLC0415 a library that only these formats need

    if not data.startswith(_FLAC_MAGIC):
        raise UnreadableFile(f"The header announces FLAC (format {code}), but the signal file is none.")
    try:
        sound = soundfile.SoundFile(io.BytesIO(data))
    except Exception:  # noqa: BLE001 see above
        raise _damaged() from None
    if sound.channels != channels or _FLAC_SUBTYPES.get(sound.subtype, (32,))[0] > _FLAC_BITS[code]:
        sound.close()
        raise UnreadableFile(
            f"The FLAC file holds {sound.channels} channels of {sound.subtype}; the header announces {channels} "
            f"of {_FLAC_BITS[code]} bits."
        )
    return sound


def _damaged() -> UnreadableFile:
    return UnreadableFile("The FLAC file is damaged; upload it again.")


def _format_212(raw: NDArray[np.uint8]) -> NDArray[np.int16]:
    low, middle, high = _in_blocks(raw, 3).astype(np.int16).T
    pairs = np.stack([low | (middle & 0x0F) << 8, high | (middle >> 4) << 8], axis=1).reshape(-1)
    return (pairs ^ 0x800) - np.int16(0x800)


def _format_310(raw: NDArray[np.uint8]) -> NDArray[np.int16]:
    one, two = _in_blocks(raw, 4).view("<u2").T
    third = one >> 11 | (two >> 11) << 5
    return _of_10_bits(np.stack([one >> 1 & 0x3FF, two >> 1 & 0x3FF, third], axis=1))


def _format_311(raw: NDArray[np.uint8]) -> NDArray[np.int16]:
    word = _in_blocks(raw, 4).view("<u4")
    return _of_10_bits(word >> np.array([0, 10, 20], np.uint32) & 0x3FF)


def _format_24(raw: NDArray[np.uint8]) -> NDArray[np.int32]:
    wide = np.zeros((len(raw) // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return wide.view("<i4").reshape(-1) >> 8


def _of_10_bits(values: NDArray[Any]) -> NDArray[np.int16]:
    return (values.astype(np.int16).reshape(-1) ^ 0x200) - np.int16(0x200)


def _in_blocks(raw: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the bytes (blocks, size); the last is filled up with zeros."""
    lacking = -len(raw) % size
    whole = np.concatenate([raw, np.zeros(lacking, np.uint8)]) if lacking else raw
    return whole.reshape(-1, size)


_UNPACK: Final[dict[str, Callable[[NDArray[np.uint8]], NDArray[Any]]]] = {
    "8": lambda raw: raw.view(np.int8),
    "80": lambda raw: raw.astype(np.int16) - np.int16(0x80),
    "16": lambda raw: raw.view("<i2"),
    "61": lambda raw: raw.view(">i2"),
    "160": lambda raw: raw.view("<u2").astype(np.int32) - 0x8000,
    "24": _format_24,
    "32": lambda raw: raw.view("<i4"),
    "212": _format_212,
    "310": _format_310,
    "311": _format_311,
}
