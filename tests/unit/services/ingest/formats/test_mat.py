import io
import struct
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import TooLarge, UnreadableFile
from tests.unit.services.ingest.array_files import hdf5_of, mat_of
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads

LEADS = twelve_leads()
RAW = np.round(LEADS * 1000).astype(np.int16)


@pytest.mark.parametrize(
    "data", [mat_of("4", val=RAW), mat_of("5", val=RAW), mat_of(compressed=True, val=RAW), hdf5_of(val=RAW)]
)
def test_every_level_reads_the_same(data: bytes) -> None:
    decoded = sniffed(data)

    assert decoded.format_name == "mat"
    np.testing.assert_array_equal(decoded.recording.signal, LEADS)
    assert "default_gain" in codes(decoded.recording)


def test_samples_may_be_rows() -> None:
    np.testing.assert_array_equal(read(mat_of(ecg=LEADS.T)).signal, LEADS)


@pytest.mark.parametrize(
    "names", [np.array(STANDARD_LEADS[::-1], dtype=object), np.array([n.ljust(4) for n in STANDARD_LEADS[::-1]])]
)
def test_a_rate_and_lead_names_beside_the_matrix_are_used(names: np.ndarray) -> None:
    recording = read(mat_of(ecg=LEADS[::-1].copy(), fs=250.0, leads=names), Declaration())

    assert recording.rate_hz == 250
    np.testing.assert_array_equal(recording.signal, LEADS)


def test_a_compressed_bomb_is_refused_before_it_is_inflated_whole() -> None:
    packed = zlib.compress(b"\0" * (300 << 20), 9)
    data = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + struct.pack("<2I", 15, len(packed)) + packed
    assert len(data) < 1 << 20

    with pytest.raises(TooLarge, match="inflated"):
        read(data)


@pytest.mark.parametrize(
    "data", [mat_of("4", val=RAW), mat_of("5", val=RAW), mat_of(compressed=True, val=RAW), hdf5_of(val=RAW)]
)
def test_a_truncated_file_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"damaged|None of the arrays"):
        read(data[: len(data) // 2])


def test_a_dataset_that_lies_in_another_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(LEADS.tobytes())
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("val", LEADS.shape, "f4", external=[(str(tmp_path / "secret.bin"), 0, LEADS.nbytes)])
        file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/val")

    with pytest.raises(UnreadableFile, match="None of the arrays"):
        read(buffer.getvalue())


def test_structures_are_not_taken_for_an_ecg() -> None:
    with pytest.raises(UnreadableFile, match="None of the arrays"):
        read(mat_of(subject={"age": 3}))


def test_what_an_hdf5_file_announces_is_not_allocated() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["val"] = RAW.T
        for number in range(100):  # 24 GB of zeros in 100 kB
            file.create_dataset(f"z{number}", shape=(5_000_000, 12), dtype="f4", chunks=(1000, 12))

    recording = read(buffer.getvalue())

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "other_signals" in codes(recording)


def test_an_hdf5_array_that_is_too_large_is_named() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("val", shape=(10**9, 12), dtype="f4", chunks=(1000, 12))

    with pytest.raises(TooLarge, match="'val' would grow to 45776 MiB"):
        read(buffer.getvalue())
