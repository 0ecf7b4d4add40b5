"""ISHNE files for the tests: the fixed header, and the samples of all leads in turn."""

import binascii
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODES = tuple(range(5, 17))


def ishne_of(
    raw: NDArray[Any], lead_codes: tuple[int, ...] = CODES, *, nanovolt: tuple[int, ...] = (1000,) * 12, **fields: Any
) -> bytes:
    """Return a file of the samples (leads, samples); any field of the header may be given another value."""
    count = len(raw)
    told: dict[str, Any] = {
        "samples": raw.shape[1], "rate": 500, "count": count, "variable": b"", "id": b"P-17", "sex": 2,
        "birth": (1, 2, 1950), "recorded": (1, 2, 2020), "qualities": (1,) * count, "recorder": b"digital",
    } | fields  # fmt: skip
    start = told.get("start", 522 + len(told["variable"]))

    def twelve(values: tuple[int, ...]) -> tuple[int, ...]:
        return (*values, *[-9] * 12)[:12]

    header = struct.pack(
        "<4ih40s40s20s2h3h3h3h3hh12h12h12hh40sh80s80s88s",
        *(len(told["variable"]), told["samples"], 522, start, 1, b"Ada", b"Lovelace", told["id"], told["sex"], 0),
        *told["birth"], *told["recorded"], *told["recorded"], 12, 30, 0,
        told["count"], *twelve(lead_codes), *twelve(told["qualities"]), *twelve(nanovolt[:count]),
        *(0, told["recorder"], told["rate"], b"", b"", b""),
    )  # fmt: skip
    block = header + told["variable"]
    checksum = told.get("checksum", binascii.crc_hqx(block, 0xFFFF))
    return b"".join((b"ISHNE1.0", struct.pack("<H", checksum), block, raw.T.astype("<i2").tobytes()))


def microvolts(signal: NDArray[np.float32]) -> NDArray[Any]:
    return np.round(signal * 1000).astype(int)
