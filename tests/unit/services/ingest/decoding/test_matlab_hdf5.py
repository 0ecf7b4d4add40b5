"""Level 7.3 as MATLAB lays it out: columns first, texts as numbers, structures as groups, cells as references."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import TooLarge, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads

LEADS = twelve_leads()
RAW = np.round(LEADS * 200).astype(np.int16)
HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2024 HDF5 schema 1.00 ."


class Workspace:
    """Writes variables as MATLAB does."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()
        self.file = h5py.File(self.buffer, "w", userblock_size=512)
        self.root: h5py.Group = self.file

    def struct(self, name: str) -> "Workspace":
        inner = Workspace.__new__(Workspace)
        inner.file, inner.buffer = self.file, self.buffer
        inner.root = self.root.create_group(name)
        inner.root.attrs["MATLAB_class"] = np.bytes_("struct")
        return inner

    def matrix(self, name: str, value: Any, **how: Any) -> None:
        array = np.atleast_2d(np.asarray(value))
        dataset = self.root.create_dataset(name, data=array.T, **how)
        kind = {"float64": "double", "float32": "single"}.get(str(array.dtype), str(array.dtype))
        dataset.attrs["MATLAB_class"] = np.bytes_(kind)

    def char(self, name: str, text: str) -> h5py.Dataset:
        dataset = self.root.create_dataset(name, data=np.array([[ord(letter)] for letter in text], np.uint16))
        dataset.attrs["MATLAB_class"] = np.bytes_("char")
        dataset.attrs["MATLAB_int_decode"] = np.int32(2)
        return dataset

    def cell(self, name: str, texts: list[str]) -> None:
        if "#refs#" not in self.file:
            self.file.create_group("#refs#")
        hidden = Workspace.__new__(Workspace)
        hidden.file, hidden.root = self.file, self.file["#refs#"]
        references = [hidden.char(f"{name}{number}", text).ref for number, text in enumerate(texts)]
        dataset = self.root.create_dataset(name, (len(texts), 1), dtype=h5py.ref_dtype)
        dataset[:, 0] = references
        dataset.attrs["MATLAB_class"] = np.bytes_("cell")

    def bytes(self) -> bytes:
        self.file.close()
        data = self.buffer.getvalue()
        return HEADER.ljust(124) + b"\x00\x02IM" + bytes(512 - 128) + data[512:]


def test_a_structure_with_names_in_a_cell_array_is_read() -> None:
    workspace = Workspace()
    ecg = workspace.struct("ECG")
    ecg.matrix("data", LEADS[::-1].astype(np.float64), chunks=(100, 12), compression="gzip", shuffle=True)
    ecg.matrix("fs", 250.0)
    ecg.cell("leads", list(STANDARD_LEADS[::-1]))
    ecg.char("units", "uV")
    patient = workspace.struct("patient")
    patient.matrix("age", 63.0)

    decoded = sniffed(workspace.bytes(), Declaration())

    assert decoded.format_name == "mat"
    np.testing.assert_allclose(decoded.recording.signal, LEADS / 1000, atol=1e-9)
    assert (decoded.recording.rate_hz, decoded.recording.leads) == (250, STANDARD_LEADS)
    assert decoded.recording.acquisition.scales[0] == Scale("V6", 1.0, "uV")
    assert "assumed_unit" not in codes(decoded.recording)


@pytest.mark.parametrize("name", ["val", "data", "ECG", "something"])
def test_one_matrix_is_the_ecg_whatever_it_is_called(name: str) -> None:
    for raw in (RAW, RAW.T):
        workspace = Workspace()
        workspace.matrix(name, raw)
        workspace.matrix("Fs", 500.0)

        recording = read(workspace.bytes(), Declaration(gain_adu_per_mv=200))

        np.testing.assert_allclose(recording.signal, RAW / 200, atol=1e-6)


def test_a_vector_for_each_lead_makes_an_ecg() -> None:
    workspace = Workspace()
    leads = workspace.struct("leads")
    for name, row in zip(STANDARD_LEADS, LEADS, strict=True):
        leads.matrix(name, row)

    np.testing.assert_array_equal(read(workspace.bytes()).signal, LEADS)


def test_plain_hdf5_states_rate_and_names_by_texts_and_attributes() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["ecg"] = LEADS[::-1]
        file["ecg"].attrs["sampling_rate"] = 250
        file["ecg"].attrs["units"] = "mV"
        file.create_dataset("leads", data=list(STANDARD_LEADS[::-1]), dtype=h5py.string_dtype())

    recording = read(buffer.getvalue(), Declaration())

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert recording.rate_hz == 250
    assert codes(recording) == {"lead_algebra"}


def test_a_piece_that_inflates_beyond_its_size_is_refused() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        dataset = file.create_dataset("val", (600, 12), "i2", chunks=(600, 12), compression="gzip")
        dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(64 << 20), 9))

    with pytest.raises(TooLarge, match="grows beyond 14400 bytes when inflated"):
        read(buffer.getvalue())


def test_another_compression_is_refused() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("val", data=RAW.T, compression="lzf")

    with pytest.raises(UnreadableFile, match="save it with gzip"):
        read(buffer.getvalue())


def test_a_group_that_holds_itself_ends() -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        inner = file.create_group("a")
        inner["a"] = inner
        inner["data"] = LEADS

    with pytest.raises(UnreadableFile, match="several ECGs"):
        read(buffer.getvalue())


def test_links_out_of_the_file_are_not_followed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["soft"] = h5py.SoftLink("/val")
        file["ECG"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/val")

    with pytest.raises(UnreadableFile, match="None of the arrays"):
        read(buffer.getvalue())


def test_a_truncated_file_is_refused() -> None:
    workspace = Workspace()
    workspace.matrix("val", RAW)
    data = workspace.bytes()

    for size in (600, len(data) // 2, len(data) - 100):
        with pytest.raises(UnreadableFile):
            read(data[:size])


def test_the_magic_is_that_of_matlab() -> None:
    workspace = Workspace()
    workspace.matrix("val", RAW)

    assert struct.unpack_from("<H", workspace.bytes(), 124)[0] == 0x0200
