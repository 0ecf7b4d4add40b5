import io
import struct
import zlib

import numpy as np
import pytest
from scipy import io as scipy_io

from services.ingest.decoding.matlab_level5 import MAX_VARIABLES, is_level_5, level_5_members
from services.shared.errors import TooLarge, UnreadableFile
from tests.unit.services.ingest.array_files import mat_of

RAW = np.arange(24, dtype=np.int16).reshape(2, 12)
LIMIT = 1 << 20


def element(order: str, kind: int, data: bytes) -> bytes:
    return struct.pack(order + "2I", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(order: str, *, name: bytes = b"val", kind: int = 10, dims: tuple[int, ...] = (2, 12), data: bytes) -> bytes:
    parts = element(order, 6, struct.pack(order + "2I", kind, 0))
    parts += element(order, 5, struct.pack(f"{order}{len(dims)}i", *dims)) + element(order, 1, name) + data
    return element(order, 14, parts)


def file_of(order: str, *elements: bytes) -> bytes:
    mark = b"\x00\x01IM" if order == "<" else b"\x01\x00MI"
    return b"any text at all".ljust(124) + mark + b"".join(elements)


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order_is_read(order: str) -> None:
    stored = element(order, 3, RAW.astype(order + "i2").tobytes(order="F"))
    data = file_of(order, matrix(order, data=stored))

    assert is_level_5(data)
    np.testing.assert_array_equal(level_5_members(data, LIMIT)["val"].load(), RAW)


@pytest.mark.parametrize("compressed", [False, True])
def test_what_the_usual_library_writes_is_read_as_it_was(*, compressed: bool) -> None:
    names = np.array(["I", "aVR", ""], dtype=object)
    rows = np.array(["ab", "cd"])
    data = mat_of(compressed=compressed, val=RAW, fs=500.0, cells=names, rows=rows, whole={"a": 1}, half=RAW / 2)

    members = level_5_members(data, LIMIT)

    assert {name: member.shape for name, member in members.items()} == {
        "val": (2, 12), "fs": (1, 1), "cells": (1, 3), "rows": (2, 2), "half": (2, 12), "whole.a": (1, 1),
    }  # fmt: skip
    np.testing.assert_array_equal(members["half"].load(), RAW / 2)
    assert members["fs"].load().tolist() == [[500.0]]
    assert members["cells"].load().tolist() == ["I", "aVR", ""]
    assert members["rows"].load().tolist() == ["ab", "cd"]


def test_numbers_come_in_the_type_that_they_are_stored_in() -> None:
    data = file_of("<", matrix("<", kind=6, data=element("<", 2, bytes(range(24)))))

    assert level_5_members(data, LIMIT)["val"].load().dtype == np.uint8


def test_what_is_no_real_number_is_left_out() -> None:
    data = mat_of(val=RAW, odd=RAW * 1j, yes=RAW > 3)

    assert [*level_5_members(data, LIMIT)] == ["val"]
    assert scipy_io.whosmat(io.BytesIO(data))[1][0] == "odd"


@pytest.mark.parametrize(
    "body",
    [
        matrix("<", data=element("<", 3, bytes(40))),
        matrix("<", data=element("<", 77, bytes(48))),
        matrix("<", data=b""),
        matrix("<", dims=(2,), data=b""),
        matrix("<", dims=(-2, 12), data=b""),
        matrix("<", dims=(2**31 - 1, 2**31 - 1), data=element("<", 3, bytes(48))),
        matrix("<", name=b"no name", data=b""),
        matrix("<", name=b"x" * 65, data=b""),
        matrix("<", kind=4, dims=(1, 9), data=element("<", 16, b"short")),
        element("<", 14, b""),
        struct.pack("<2I", 14, 4000),
        struct.pack("<2I", 5 << 16 | 14, 0),
        element("<", 15, b"this is not deflated"),
    ],
)
def test_what_is_not_as_it_says_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableFile, match="damaged or truncated"):
        level_5_members(file_of("<", body), LIMIT)["val"].load()


def test_all_that_is_inflated_is_bounded_together() -> None:
    packed = element("<", 15, zlib.compress(matrix("<", data=element("<", 3, bytes(600_000)))))[:-1]
    packed = packed[: 8 + struct.unpack_from("<I", packed, 4)[0]]

    with pytest.raises(TooLarge, match="grows beyond 1 MiB"):
        level_5_members(file_of("<", packed, packed), LIMIT)


def test_the_number_of_variables_is_bounded() -> None:
    many = [matrix("<", name=f"v{number}".encode(), data=b"") for number in range(MAX_VARIABLES + 1)]

    with pytest.raises(TooLarge, match="variables"):
        level_5_members(file_of("<", *many), LIMIT)
