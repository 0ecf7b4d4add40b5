import struct

import pytest

from services.ingest.decoding import dicom_elements
from services.ingest.decoding.dicom_elements import DataSet, parse_dicom
from services.shared.errors import TooLarge, UnreadableFile

OPEN = 0xFFFFFFFF
MAX_BYTES = 1 << 20


def short(tag: int, vr: bytes, value: bytes) -> bytes:
    """Return an explicit element."""
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def long(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """Return an explicit element with a long length."""
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, len(value) if length is None else length) + value


def item(value: bytes, length: int | None = None) -> bytes:
    """Return an item of a sequence."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(value) if length is None else length) + value


ITEM_END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
NAME = short(0x00080070, b"LO", b"GE")


def parsed(data: bytes) -> DataSet:
    return parse_dicom(short(0x00080060, b"CS", b"ECG ") + data, MAX_BYTES)


def test_values_are_read_by_their_type() -> None:
    found = parsed(
        NAME + short(0x003A0005, b"US", b"\x0c\0") + short(0x003A001A, b"DS", b"500\\x\\2.5 ")
        + short(0x0040A161, b"FD", struct.pack("<d", 0.25)) + short(0x0040A0B0, b"US", b"\1\0\2\0\3")
    )  # fmt: skip

    assert (found.text(0x00080060), found.text(0x00080070), found.text(0x00080071)) == ("ECG", "GE", "")
    assert (found.number(0x003A0005), found.numbers(0x003A001A)) == (12, (500, 2.5))
    assert (found.number(0x0040A161, "d"), found.numbers(0x0040A0B0, "H")) == (0.25, (1, 2))
    assert (found.number(0x003A0010), found.items(0x54000100), found.first(0x54000100)) == (None, [], None)
    assert (0x00080070 in found, 0x00080071 in found) == (True, False)


@pytest.mark.parametrize(
    "sequence",
    [
        long(0x00081111, b"SQ", item(NAME) + item(b"")),
        long(0x00081111, b"SQ", item(NAME) + item(b"") + SEQUENCE_END, OPEN),
        long(0x00081111, b"SQ", item(NAME + ITEM_END, OPEN) + item(ITEM_END, OPEN) + SEQUENCE_END, OPEN),
        long(0x00081111, b"SQ", item(struct.pack("<HHI", 8, 0x70, 2) + b"GE") + item(b"")),
        long(0x00081111, b"UN", item(struct.pack("<HHI", 8, 0x70, 2) + b"GE") + item(b"") + SEQUENCE_END, OPEN),
    ],
    ids=["stated", "open sequence", "open items", "implicit inside", "of unknown type"],
)
def test_sequences_of_stated_and_open_lengths_are_the_same(sequence: bytes) -> None:
    found = parsed(sequence + short(0x00081090, b"LO", b"MAC5"))

    assert [each.text(0x00080070) for each in found.items(0x00081111)] == ["GE", ""]
    assert found.text(0x00081090) == "MAC5"
    assert len(found.items(0x00081111, 1)) == 1


def test_fragments_of_an_image_are_passed_over() -> None:
    image = long(0x7FE00010, b"OB", item(b"") + item(b"\1\2\3\4") + SEQUENCE_END, OPEN)

    assert parsed(image + short(0x7FE10010, b"LO", b"behind")).text(0x7FE10010) == "behind"


@pytest.mark.parametrize(
    "data",
    [
        short(0x00081090, b"LO", b"MAC5")[:-1],
        long(0x00081111, b"SQ", item(NAME), OPEN),
        long(0x00081111, b"SQ", NAME, OPEN),
        long(0x00081111, b"SQ", item(NAME, OPEN), OPEN),
        long(0x00081111, b"SQ", b"", 1 << 30),
        struct.pack("<HH2sH", 8, 0x1111, b"SQ", 0),
    ],
)
def test_what_does_not_end_is_damaged(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="damaged or truncated"):
        parsed(data)


def test_depth_and_number_of_elements_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableFile, match="nests deeper than 16"):
        parsed((struct.pack("<HH2sHI", 8, 0x1111, b"SQ", 0, OPEN) + item(b"", OPEN)) * 20)
    monkeypatch.setattr(dicom_elements, "MAX_ELEMENTS", 50)
    with pytest.raises(TooLarge, match="more than 50 elements"):
        parsed(NAME * 60)
    with pytest.raises(TooLarge, match="more than 50 elements"):
        parsed(long(0x00081111, b"SQ", item(b"") * 60 + SEQUENCE_END, OPEN))


@pytest.mark.parametrize(
    ("charset", "data", "expected"),
    [
        (b"", "ü".encode("latin-1"), "ü"),
        (b"ISO_IR 192", "ü".encode(), "ü"),
        (b"\\ISO 2022 IR 87 ", "日".encode("iso2022_jp") + b"\xfc", "日�"),
        (b"ISO_IR 9999", b"\xfc", "ü"),
    ],
)
def test_texts_are_decoded_and_never_a_fault(charset: bytes, data: bytes, expected: str) -> None:
    found = parse_dicom(short(0x00080005, b"CS", charset) + short(0x00080070, b"LO", data), MAX_BYTES)

    assert found.text(0x00080070) == expected
