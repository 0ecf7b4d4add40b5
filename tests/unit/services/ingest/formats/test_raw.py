from pathlib import Path

import numpy as np
import pytest
import wfdb

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.raw_layout import RawLayout
from services.ingest.formats import find
from services.ingest.formats.base import UploadedFile
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes, csv_of, sniffed, twelve_leads, wfdb_of

LEADS = twelve_leads()
RAW = np.round(LEADS * 200).astype("<i2")
LAYOUT = Declaration(rate_hz=500, gain_adu_per_mv=200, raw=RawLayout("int16"))


def test_a_dat_is_read_as_declared() -> None:
    decoded = sniffed(RAW.T.tobytes(), LAYOUT, name="ecg.DAT")

    assert decoded.format_name == "raw"
    np.testing.assert_allclose(decoded.recording.signal, RAW / 200, atol=1e-6)
    assert decoded.recording.leads == STANDARD_LEADS
    assert {"declared_layout", "assumed_layout"} <= codes(decoded.recording)


def test_a_file_of_any_name_is_read_where_the_format_is_declared() -> None:
    declared = Declaration(
        rate_hz=500, lead_layout="mimic", format_name="raw", raw=RawLayout("float64", "big", 12, interleaved=False)
    )
    written = LEADS[[0, 1, 2, 3, 5, 4, *range(6, 12)]].astype(">f8").tobytes()

    recording = sniffed(written, declared, name="holter.xyz").recording

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert "assumed_unit" in codes(recording)


def test_a_layout_does_not_change_how_other_files_are_read() -> None:
    header, dat = wfdb_of(LEADS)

    assert find(UploadedFile("ecg.csv", csv_of(LEADS)), LAYOUT).NAME == "csv"
    assert find(UploadedFile("ecg.hea", header, {"ecg.dat": dat}), LAYOUT).NAME == "wfdb"


def test_a_dat_alone_is_told_both_ways_out() -> None:
    with pytest.raises(UnreadableFile, match=r"upload the \.hea .* or declare the layout \(sample_type"):
        sniffed(RAW.T.tobytes(), Declaration(rate_hz=500), name="ecg.dat")


def test_a_raw_file_without_a_layout_is_told_what_to_declare() -> None:
    with pytest.raises(UnreadableFile, match="declare sample_type"):
        sniffed(RAW.T.tobytes(), Declaration(rate_hz=500, format_name="raw"))


def test_leads_that_nothing_names_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="5 leads without names"):
        sniffed(bytes(5 * 100 * 2), Declaration(rate_hz=500, raw=RawLayout("int16", lead_count=5)), name="a.dat")


def test_the_dat_of_ptb_xl_reads_as_with_its_header(data_dir: Path) -> None:
    path = data_dir / "formats/wfdb-ptbxl/00001_lr"
    declared = Declaration(rate_hz=100, gain_adu_per_mv=1000, raw=RawLayout("int16"))

    recording = sniffed(path.with_suffix(".dat").read_bytes(), declared, name="00001_lr.dat").recording

    np.testing.assert_allclose(recording.signal, wfdb.rdrecord(str(path)).p_signal.T, atol=1e-6)
