import pickle

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
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
