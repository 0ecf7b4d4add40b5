from pathlib import Path

import numpy as np
import pytest
import wfdb
from numpy.typing import NDArray

from services.ingest.decoding.wfdb_header import parse_header
from services.ingest.decoding.wfdb_record import Record
from services.ingest.decoding.wfdb_segments import read_segments, segment_headers
from services.shared.errors import TooLarge, UnreadableFile
from tests.unit.services.ingest.wfdb_files import header, part

A = np.arange(300).reshape(3, 100)
B = np.arange(450).reshape(3, 150) - 200
FIXED = header("rec/3 3 500 300", ["a 100", "~ 50", "b 150"])
VARIABLE = header("rec/4 3 500 300", ["rec_layout 0", "rec_0001 100", "~ 50", "rec_0002 150"])
LEADS = ("I", "II", "V1")
LAYOUT = {"rec_layout.hea": header("rec_layout 3 500 0", [f"~ 0 200/mV 0 0 0 0 0 {name}" for name in LEADS])}
BOTH = {**part("a", A), **part("b", B)}
VARIED = {
    **LAYOUT,
    **part("rec_0001", A[:2], names=("V1", "I")),
    **part("rec_0002", B[:2], names=("I", "II"), gain="50(3)/mV"),
}


def read(master: bytes, files: dict[str, bytes]) -> Record:
    head = parse_header(master, "rec.hea")
    return read_segments(head, segment_headers(head, files), files, None)


def by_the_library(folder: Path, master: bytes, files: dict[str, bytes]) -> NDArray[np.float64]:
    for name, data in {"rec.hea": master, **files}.items():
        (folder / name).write_bytes(data)
    return np.asarray(wfdb.rdrecord(str(folder / "rec")).p_signal.T)


def codes(record: Record) -> set[str]:
    return {remark.code for remark in record.remarks}


def test_segments_of_a_fixed_layout_follow_each_other_with_their_gaps(tmp_path: Path) -> None:
    record = read(FIXED, BOTH)

    assert (record.names, record.signal.shape) == (("I", "II", "III"), (3, 300))
    np.testing.assert_allclose(record.signal[:, :100], A / 100, rtol=1e-6)
    assert np.isnan(record.signal[:, 100:150]).all()
    np.testing.assert_allclose(record.signal[:, 150:], B / 100, rtol=1e-6)
    assert codes(record) == {"joined_segments"}
    without_gap = header("rec/2 3 500 250", ["a 100", "b 150"])
    np.testing.assert_allclose(read(without_gap, BOTH).signal, by_the_library(tmp_path, without_gap, BOTH), rtol=1e-6)


def test_segments_of_a_variable_layout_bring_the_leads_that_they_have(tmp_path: Path) -> None:
    record = read(VARIABLE, VARIED)

    assert record.names == ("I", "II", "V1")
    np.testing.assert_allclose(record.signal[2, :100], A[0] / 100, rtol=1e-6)
    np.testing.assert_allclose(record.signal[0, :100], A[1] / 100, rtol=1e-6)
    np.testing.assert_allclose(record.signal[:2, 150:], (B[:2] - 3) / 50, rtol=1e-6)
    assert np.isnan(record.signal[1, :150]).all()
    assert np.isnan(record.signal[2, 100:]).all()
    assert codes(record) == {"joined_segments", "varying_gain"}
    assert record.resolutions == ((0.01, "mV"), (0.02, "mV"), (0.01, "mV"))
    np.testing.assert_allclose(record.signal, by_the_library(tmp_path, VARIABLE, VARIED), rtol=1e-6)


def test_a_segment_without_voltages_is_a_gap_whose_file_is_not_needed() -> None:
    pulse = {"b.hea": part("b", B)["b.hea"].replace(b"/mV", b"/NU")}

    record = read(FIXED, {**part("a", A), **pulse})

    np.testing.assert_allclose(record.signal[:, :100], A / 100, rtol=1e-6)
    assert np.isnan(record.signal[:, 100:]).all()
    assert "1 segments were joined, with 2 gaps" in record.remarks[0].text


def test_a_segment_may_occur_again() -> None:
    record = read(header("rec/2 3 500 200", ["a 100", "a 100"]), part("a", A))

    np.testing.assert_allclose(record.signal, np.hstack([A, A]) / 100, rtol=1e-6)


def test_what_is_said_of_several_segments_is_said_once() -> None:
    files = {name: data.replace(b"100/mV", b"0") for name, data in BOTH.items()}

    record = read(FIXED, files)

    (remark,) = (remark for remark in record.remarks if remark.code == "default_gain")
    assert "and in 1 more segments" in remark.text


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("rec_0002.hea", r"needs rec_0002\.hea; "),
        ("rec_0002.dat", r"needs rec_0002\.dat; "),
        ("rec_layout.hea", r"needs rec_layout\.hea; "),
    ],
)
def test_a_file_of_a_segment_that_is_missing_is_named(absent: str, message: str) -> None:
    files = {name: data for name, data in VARIED.items() if name != absent}

    with pytest.raises(UnreadableFile, match=message):
        read(VARIABLE, files)


SHORTER = FIXED.replace(b"a 100", b"a 90")
IS_ONE_ITSELF = "a.hea lists segments and is one itself"


@pytest.mark.parametrize(
    ("master", "files", "message"),
    [
        (FIXED, {**BOTH, "a.hea": FIXED.replace(b"a 100", b"rec 100")}, IS_ONE_ITSELF),
        (FIXED, {**BOTH, "a.hea": header("a/1 3 500 100", ["rec 100"])}, IS_ONE_ITSELF),
        (SHORTER, BOTH, "announces 300 samples, its segments have 290"),
        (SHORTER.replace(b"500 300", b"500 290"), BOTH, "says it has 90"),
        (FIXED.replace(b"3 500", b"3 250"), BOTH, "500 frames per second, the record 250"),
        (FIXED, {**BOTH, **part("b", B[:2])}, "has no layout"),
        (header("rec/1 3 500 50", ["~ 50"]), {}, "None of the segments"),
    ],
)
def test_records_that_contradict_themselves_are_refused(master: bytes, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(master, files)


def test_a_gap_that_is_too_long_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(TooLarge, match="announces"):
        read(header("rec/2 3 500", ["a 100", "~ 99999999999"]), part("a", A))
