from pathlib import Path

import numpy as np
import pytest
import wfdb

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest, TooLarge, UnreadableFile
from tests.unit.services.ingest.ecgs import codes, read, sniffed, twelve_leads, wfdb_of
from tests.unit.services.ingest.wfdb_files import header as header_of
from tests.unit.services.ingest.wfdb_files import part

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


def test_a_rate_that_is_written_twice_is_read_once() -> None:
    header, signals = wfdb_of(LEADS, record_line="ecg 12 500 500 600")

    recording = read(header, NOTHING, ecg_dat=signals)

    assert (recording.rate_hz, recording.samples) == (500, 600)
    assert "repeated_rate" in codes(recording)


def test_a_header_of_files_and_formats_alone_is_read_with_what_is_declared() -> None:
    signals = wfdb_of(LEADS)[1]
    header = b"ecg 12\n" + b"ecg.dat 16\n" * 12

    recording = read(header, Declaration(rate_hz=500, gain_adu_per_mv=1000, lead_layout="mimic"), ecg_dat=signals)

    assert (recording.rate_hz, recording.leads) == (500, STANDARD_LEADS)
    np.testing.assert_allclose(recording.signal[4], LEADS[5], atol=1e-7)
    assert {"default_rate", "default_gain", "inferred_length"} <= codes(recording)
    assert {(scale.resolution, scale.unit) for scale in recording.acquisition.scales} == {(0.001, "")}


@pytest.mark.parametrize(
    ("comments", "age", "gender"),
    [
        ("#Age: 56\n#Sex: Male\n#Dx: 426783006\n", 56, "male"),
        ("# age: 81\n# sex: female\n", 81, "female"),
        ("#<age>: 51\n#<sex>: F\n#<diagnoses>:\n", 51, "female"),
        ("# <age>: 56 <sex>: M <diagnoses>: (none)\n", 56, "male"),
        ("# 69 M 1085 1629 x1\n", 69, "male"),
        ("# Age (years): 35\n# Gender: Female\n", 35, "female"),
        ("# Age: 6 months\n", 0.5, None),
        ("# Age: NaN\n# Sex: Unknown\n", None, None),
        ("# Age: 300\n", None, None),
        ("# Age:\n# Sex:\n", None, None),
        ("# Old age, sex unknown\n# 12 leads\n", None, None),
    ],
)
def test_age_and_sex_are_taken_from_comments(comments: str, age: float | None, gender: str | None) -> None:
    header, signals = wfdb_of(LEADS, tail=comments)

    recording = read(header, NOTHING, ecg_dat=signals)

    assert (recording.age_years, recording.sex) == (age, gender)


@pytest.mark.parametrize("comment", ["#<subject_id>: 10000032", "# Patient ID: 10000032 <age>: 60"])
def test_a_patient_id_becomes_a_pseudonym(comment: str) -> None:
    header, signals = wfdb_of(LEADS, tail=comment + "\n")
    declaration = Declaration(pseudonym_key=b"key")

    assert read(header, declaration, ecg_dat=signals).patient == declaration.pseudonym("10000032")


def test_what_the_header_says_of_the_recording_is_kept() -> None:
    header, signals = wfdb_of(LEADS, record_line="ecg 12 500 600 15:17:04 13/11/2003", gain="2000(0)/uV")

    acquisition = read(header.replace(b" aVF", b" avf"), NOTHING, ecg_dat=signals).acquisition

    assert (acquisition.acquired_at, acquisition.device) == ("2003-11-13T15:17:04", None)
    assert acquisition.scales == tuple(Scale(lead, 0.0005, "uV") for lead in STANDARD_LEADS)


def test_leads_of_several_samples_in_a_frame_come_at_their_rate() -> None:
    header, signals = wfdb_of(LEADS, record_line="ecg 12 250 300")
    raw = np.frombuffer(signals, "<i2").reshape(600, 12).T
    frames = np.hstack([row.reshape(300, 2) for row in raw]).tobytes()

    recording = read(header.replace(b" 16 1000", b" 16x2 1000"), NOTHING, ecg_dat=frames)

    assert recording.rate_hz == 500
    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-7)
    assert codes(recording) == {"lead_algebra"}


def test_a_record_of_segments_is_one_recording() -> None:
    raw = np.round(LEADS * 1000).astype(int)
    files = {**part("a", raw[:, :200], gain="1000/mV"), **part("b", raw[:, 200:], gain="1000/mV")}
    files["a.hea"] += b"# Age: 63\n"
    master = header_of("ecg/3 12 500 700 15:17:04 13/11/2003", ["a 200", "~ 100", "b 400"])

    recording = sniffed(master, NOTHING, name="ecg.hea", **files).recording

    assert (recording.samples, recording.age_years) == (700, 63)
    assert np.isnan(recording.signal[:, 200:300]).all()
    np.testing.assert_allclose(np.delete(recording.signal, range(200, 300), axis=1), LEADS, atol=1e-7)
    assert codes(recording) == {"lead_algebra", "joined_segments", "gaps"}
    assert recording.acquisition.acquired_at == "2003-11-13T15:17:04"
    assert len(recording.acquisition.scales) == 12


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


@pytest.mark.parametrize(
    "name", ["../ecg.dat", "/etc/passwd", "a/b.dat", "..", "C:\\\\ecg.dat", "C:ecg.dat", "~ecg", "http://x.dat"]
)
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
        ("ecg/12 12 500 600", r"several segments and needs ecg\.dat\.hea"),
        ("ecg 12 0 600", "rate|damaged"),
        ("ecg 12 1e9 600", "rate|damaged|no WFDB header|not an ECG"),
    ],
)
def test_impossible_headers_are_refused(record_line: str, message: str) -> None:
    header, signals = wfdb_of(LEADS, record_line=record_line)

    with pytest.raises(InvalidRequest, match=message):
        read(header, NOTHING, ecg_dat=signals)
