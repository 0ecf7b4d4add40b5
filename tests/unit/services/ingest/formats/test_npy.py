import pickle

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes, npy_of, read, sniffed, twelve_leads

LEADS = twelve_leads()


@pytest.mark.parametrize(
    "array",
    [
        LEADS,
        LEADS.T,
        LEADS[None],
        LEADS.astype(np.float64),
        np.asfortranarray(LEADS),
        LEADS.astype(">f4"),
        LEADS[..., None],
    ],
)
def test_every_orientation_and_type_reads_the_same(array: np.ndarray) -> None:
    decoded = sniffed(npy_of(array))

    assert decoded.format_name == "npy"
    np.testing.assert_array_equal(decoded.recording.signal, LEADS)


def test_half_precision_is_read() -> None:
    np.testing.assert_allclose(read(npy_of(LEADS.astype(np.float16))).signal, LEADS, atol=1e-3)


def test_integers_take_the_declared_gain() -> None:
    raw = np.round(LEADS * 2000).astype(np.int16)

    recording = read(npy_of(raw), Declaration(rate_hz=500, gain_adu_per_mv=2000))

    np.testing.assert_array_equal(recording.signal, LEADS)


def test_integers_without_a_gain_say_which_was_taken() -> None:
    recording = read(npy_of(np.round(LEADS * 1000).astype(np.int16)))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "default_gain" in codes(recording)


@pytest.mark.parametrize("kind", ["i1", "u1", "<i2", ">i2", "<u4", ">i8", "<f2", ">f8"])
def test_numbers_of_every_type_are_read(kind: str) -> None:
    raw = (np.abs(np.round(LEADS * 100)) % 100).astype(kind)

    recording = read(npy_of(raw), Declaration(rate_hz=500, gain_adu_per_mv=100))

    np.testing.assert_allclose(recording.signal, raw.astype(float) / 100, atol=1e-6)


def test_a_record_array_names_its_leads() -> None:
    names = [*STANDARD_LEADS[::-1], "label"]
    records = np.zeros(600, dtype=[(name, "<f4") for name in names])
    for name, row in zip(names, LEADS[::-1], strict=False):
        records[name] = row

    recording = read(npy_of(records))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "other_columns" in codes(recording)
    with pytest.raises(UnreadableFile, match="without a field for each lead"):
        read(npy_of(np.zeros(600, dtype=[("a", "f4"), ("b", "f4")])))


def test_the_third_version_of_the_format_is_read() -> None:
    data = npy_of(LEADS)

    np.testing.assert_array_equal(read(b"\x93NUMPY\x03\x00" + data[8:10] + b"\0\0" + data[10:]).signal, LEADS)


@pytest.mark.parametrize("shape", [b"(12, 6000, ", b"((((((((((", b"--------11"])
def test_a_header_that_is_none_is_refused(shape: bytes) -> None:
    data = npy_of(LEADS)
    written = data[data.index(b"(12") : data.index(b"}")]

    with pytest.raises(UnreadableFile, match="header of the NPY file"):
        read(data.replace(written, shape.ljust(len(written))))


def test_a_pickled_array_is_never_loaded() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[type[AssertionError], tuple[str]]:
            return AssertionError, ("it was loaded",)

    with pytest.raises(UnreadableFile, match="pickled"):
        read(_pickled(Bomb()))


def _pickled(value: object) -> bytes:
    header = npy_of(np.zeros(1))[:128].replace(b"'<f8'", b"'|O' ")
    return header + pickle.dumps([value])


def test_a_truncated_array_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="truncated"):
        read(npy_of(LEADS)[:-4])


def test_a_header_that_announces_more_than_there_is_allocates_nothing() -> None:
    data = npy_of(np.zeros((12, 600), np.float32)).replace(b"(12, 600), }  ", b"(12, 60000), }")

    with pytest.raises(UnreadableFile):
        read(data)


def test_a_length_below_nothing_is_refused() -> None:
    data = npy_of(np.zeros((12, 600), np.float32)).replace(b"(12, 600), }", b"(-1, 600), }")

    with pytest.raises(UnreadableFile, match="truncated"):
        read(data)


@pytest.mark.parametrize(
    ("was", "written", "message"),
    [
        (b"'<f4'", b"'<U0'", "numbers were expected"),
        (b"(12, 600), }", b"(12, 0), }  ", "no samples"),
        (b"(12, 600), }            ", b"(0, 9999999999999999999)}", "cannot be"),
    ],
)
def test_an_array_of_nothing_is_refused(was: bytes, written: bytes, message: str) -> None:
    data = npy_of(np.zeros((12, 600), np.float32))
    assert was in data

    with pytest.raises(UnreadableFile, match=message):
        read(data.replace(was, written.ljust(len(was))))


def test_a_damaged_header_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="header"):
        read(npy_of(LEADS)[:60])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 12, 600)), "several ECGs"),
        (np.zeros(600), "leads x samples"),
        (np.zeros((12, 8)), "either way"),
        (np.zeros((5, 600)), "not an ECG"),
        (np.zeros((12, 600), bool), "numbers"),
        (np.zeros((12, 600), complex), "numbers"),
    ],
)
def test_shapes_and_types_that_are_no_ecg_are_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(npy_of(array))
