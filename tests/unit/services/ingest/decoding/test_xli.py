import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.decoding.xli import unpack_channels
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.xmls import xli_of


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-2000, 2000), min_size=3, max_size=200))
def test_what_was_packed_is_unpacked(values: list[int]) -> None:
    row = np.array(values)

    np.testing.assert_array_equal(unpack_channels(xli_of(row), 1, len(row))[0], row)


def test_a_full_table_and_runs_are_unpacked() -> None:
    noise = np.random.default_rng(1).integers(-3000, 3000, 5500)
    flat = np.zeros(5500, dtype=int)

    first, second = unpack_channels(xli_of(noise) + xli_of(flat), 2, 5500)

    np.testing.assert_array_equal(first, noise)
    np.testing.assert_array_equal(second, flat)


def test_only_what_is_announced_is_unpacked() -> None:
    bomb = np.packbits(np.tile(np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 0], np.uint8), 80_000)).tobytes()
    ladder = "".join(f"{code:010b}" for code in (7, *range(256, 1022)))
    climb = int(ladder + "0" * (-len(ladder) % 8), 2).to_bytes((len(ladder) + 7) // 8, "big")

    data = climb[: len(ladder) // 8] + bomb
    (row,) = unpack_channels(struct.pack("<ihh", len(data), 1, 0) + data, 1, 1000)

    assert len(row) == 1000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "announces 1 leads and holds 0"),
        (struct.pack("<ihh", -5, 1, 0) + b"1234", "lead 1 are damaged"),
        (struct.pack("<ihh", 10**9, 1, 0) + b"1234", "lead 1 are damaged"),
        (struct.pack("<ihh", 4, 1, 0) + b"\x40\0\0\0", "lead 1 are damaged"),
        (xli_of(np.arange(50)), "lead 1 are damaged"),
    ],
)
def test_damage_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        unpack_channels(data, 1, 5000)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 600))
def test_any_bytes_are_unpacked_or_refused(data: bytes, samples: int) -> None:
    try:
        rows = unpack_channels(struct.pack("<ihh", len(data), 1, 0) + data, 1, samples)
    except UnreadableFile:
        return
    assert rows[0].shape == (samples,)
