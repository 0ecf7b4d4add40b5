import struct

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.array_files import mat_of
from tests.unit.services.ingest.ecgs import codes, read, twelve_leads

LEADS = twelve_leads()
HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<2I", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(matrix_class: int, dimensions: tuple[int, ...], *parts: bytes, name: bytes = b"") -> bytes:
    flags = element(6, struct.pack("<2I", matrix_class, 0))
    shape = element(5, struct.pack(f"<{len(dimensions)}i", *dimensions))
    return element(14, flags + shape + element(1, name) + b"".join(parts))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_structure_says_rate_names_and_unit(*, compressed: bool) -> None:
    leads = np.array(STANDARD_LEADS[::-1], dtype=object)
    ecg = {"data": (LEADS[::-1] * 1000).T.copy(), "fs": 250.0, "leads": leads, "units": "uV", "more": {"sex": "M"}}

    recording = read(mat_of(compressed=compressed, ECG=ecg, age=np.array([[55]])), Declaration())

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert (recording.rate_hz, recording.age_years) == (250, 55)
    assert codes(recording) == {"lead_algebra"}


def test_names_in_a_list_of_structures_are_used() -> None:
    channels = np.array([{"labels": name} for name in STANDARD_LEADS[::-1]], dtype=object)
    labels = np.zeros(12, dtype=[("labels", object)])
    labels["labels"] = [channel["labels"] for channel in channels]

    recording = read(mat_of(EEG={"data": LEADS[::-1].copy(), "srate": 500.0, "chanlocs": labels}), Declaration())

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert recording.rate_hz == 500


def test_a_vector_for_each_lead_makes_an_ecg() -> None:
    recording = read(mat_of(**dict(zip(STANDARD_LEADS, LEADS, strict=True)), fs=500.0), Declaration())

    np.testing.assert_array_equal(recording.signal, LEADS)


@pytest.mark.parametrize("matrix_class", [1, 2, 3])
def test_what_a_structure_announces_is_not_allocated(*, matrix_class: int) -> None:
    fields = element(5, struct.pack("<i", 32)) + element(1, b"")
    bomb = matrix(2, (1, 1), element(5, struct.pack("<i", 2)), element(1, b"a\0"),
                  matrix(matrix_class, (1 << 30, 1), fields), name=b"ECG")  # fmt: skip

    with pytest.raises(UnreadableFile, match="None of the arrays"):
        read(HEADER + bomb)


def test_structures_in_structures_end() -> None:
    inner = matrix(6, (12, 30), element(9, bytes(12 * 30 * 8)))
    for _ in range(20):
        inner = matrix(2, (1, 1), element(5, struct.pack("<i", 2)), element(1, b"a\0"), inner, name=b"ECG")

    with pytest.raises(UnreadableFile, match="None of the arrays"):
        read(HEADER + inner)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (element(5, b"\0" * 4), element(1, b"ab")),
        (element(5, struct.pack("<i", 3)), element(1, b"ab")),
        (element(5, struct.pack("<i", -2)), element(1, b"ab")),
        (element(5, struct.pack("<i", 2)), element(1, b"!\0"), matrix(6, (0, 0))),
    ],
)
def test_damaged_names_of_fields_are_no_fields(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(UnreadableFile, match="None of the arrays"):
        read(HEADER + matrix(2, (1, 1), *parts, name=b"ECG"))
