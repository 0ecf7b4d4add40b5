from pathlib import Path

import numpy as np
import pytest
import wfdb

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest, TooLarge, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads, wfdb_of

LEADS = twelve_leads()
NOTHING = Declaration()


def test_a_header_with_its_signal_file_is_read() -> None:
    header, signals = wfdb_of(LEADS, tail="# Age: 63\n# Sex: Female\n")

    decoded = sniffed(header, NOTHING, ecg_dat=signals)

    assert decoded.format_name == "wfdb"
    np.testing.assert_allclose(decoded.recording.signal, LEADS, atol=1e-7)
    assert decoded.recording.rate_hz == 500
    assert (decoded.recording.age_years, decoded.recording.sex) == (63, "female")
    assert codes(decoded.recording) == {"lead_algebra"}


@pytest.mark.parametrize(("fmt", "gain"), [("16", 2000.0), ("212", 500.0), ("24", 20000.0), ("32", 20000.0)])
def test_what_the_library_writes_is_read_with_its_gains_and_baselines(tmp_path: Path, fmt: str, gain: float) -> None:
    wfdb.wrsamp(
        "rec", 250, ["mV"] * 6 + ["uV"] * 6, list(STANDARD_LEADS), fmt=[fmt] * 12, write_dir=str(tmp_path),
        p_signal=np.vstack([LEADS[:6], LEADS[6:] * 1000]).T.astype(float),
        adc_gain=[gain] * 6 + [gain / 1000] * 6, baseline=list(range(12)),
    )  # fmt: skip

    recording = read((tmp_path / "rec.hea").read_bytes(), NOTHING, rec_dat=(tmp_path / "rec.dat").read_bytes())

    np.testing.assert_allclose(recording.signal, LEADS, atol=0.51 / gain)
    assert recording.rate_hz == 250


def test_samples_that_the_format_marks_as_missing_are_missing() -> None:
    header, signals = wfdb_of(LEADS)
    raw = np.frombuffer(signals, "<i2").copy()
    raw[6] = -32768

    recording = read(header, NOTHING, ecg_dat=raw.tobytes())

    assert np.isnan(recording.signal[6, 0])
    assert {"gaps", "checksum_mismatch"} <= codes(recording)


@pytest.mark.parametrize(
    "record_line", ["E00001.mat 12 500 600 05-May-2020 14:50:55", "ecg 12 500 600 99:99:99 31/31/2020"]
)
def test_record_lines_that_other_readers_stumble_over_are_read(record_line: str) -> None:
    header, signals = wfdb_of(LEADS, record_line=record_line)

    np.testing.assert_allclose(read(header, NOTHING, ecg_dat=signals).signal, LEADS, atol=1e-7)


def test_a_header_without_gains_says_which_was_taken() -> None:
    header, signals = wfdb_of(LEADS / 5, gain="0")

    recording = read(header, NOTHING, ecg_dat=signals)

    np.testing.assert_allclose(recording.signal, LEADS, atol=0.003)
    assert "default_gain" in codes(recording)


def test_signals_that_are_no_voltages_are_left_out_and_named() -> None:
    header, signals = wfdb_of(LEADS)
    lines = header.replace(b" V6", b" ABP").split(b"\n")
    pressure = b"\n".join(line.replace(b"/mV", b"/mmHg") if b"ABP" in line else line for line in lines)

    recording = read(pressure, NOTHING, ecg_dat=signals)

    assert recording.leads == STANDARD_LEADS[:-1]
    assert {"other_signals", "missing_leads"} <= codes(recording)


def test_a_header_alone_names_what_it_needs() -> None:
    header, _ = wfdb_of(LEADS)

    with pytest.raises(UnreadableFile, match=r"needs ecg\.dat"):
        read(header, NOTHING)


@pytest.mark.parametrize("name", ["../ecg.dat", "/etc/passwd", "a/b.dat", "..", "~", "http://x.dat"])
def test_a_header_cannot_reach_outside_the_upload(name: str) -> None:
    header, signals = wfdb_of(LEADS)

    with pytest.raises(UnreadableFile, match="plain names"):
        read(header.replace(b"ecg.dat", name.encode()), NOTHING, ecg_dat=signals)


def test_a_truncated_signal_file_is_refused() -> None:
    header, signals = wfdb_of(LEADS)

    with pytest.raises(UnreadableFile, match=r"ecg\.dat is truncated: 14400 bytes were expected, 14300 are there"):
        read(header, NOTHING, ecg_dat=signals[:-100])


def test_a_header_that_announces_too_much_allocates_nothing() -> None:
    header, signals = wfdb_of(LEADS, record_line="ecg 12 500 99999999999")

    with pytest.raises(TooLarge, match="announces"):
        read(header, NOTHING, ecg_dat=signals)


@pytest.mark.parametrize(
    ("record_line", "message"),
    [
        ("ecg 13 500 600", "announces 13 signals and describes 12"),
        ("ecg/3 12 500 600", "segments"),
        ("ecg 12 0 600", "rate|damaged"),
        ("ecg 12 1e9 600", "rate|damaged|no WFDB header|not an ECG"),
    ],
)
def test_impossible_headers_are_refused(record_line: str, message: str) -> None:
    header, signals = wfdb_of(LEADS, record_line=record_line)

    with pytest.raises(InvalidRequest, match=message):
        read(header, NOTHING, ecg_dat=signals)
