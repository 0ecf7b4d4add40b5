import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wfdb

from deploy.demo.files import WRITERS, write_csv, write_labels, write_npy, write_wfdb
from deploy.demo.pathologies import Pathology
from deploy.demo.synthesis import synthesize
from services.shared.ecg import STANDARD_LEADS, Recording
from services.shared.errors import InvalidRequest


@pytest.fixture(scope="module")
def recording() -> Recording:
    return synthesize("right_bundle_branch_block", seed=1)


def test_csv_names_its_leads_and_holds_millivolts(recording: Recording, tmp_path: Path) -> None:
    (path,) = write_csv(recording, tmp_path / "ecg.csv")

    with path.open(encoding="ascii", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert tuple(header) == STANDARD_LEADS
    np.testing.assert_allclose(np.array(rows, dtype=float).T, recording.signal, atol=6e-5)


def test_npy_holds_the_very_signal(recording: Recording, tmp_path: Path) -> None:
    (path,) = write_npy(recording, tmp_path / "ecg.npy")

    np.testing.assert_array_equal(np.load(path, allow_pickle=False), recording.signal)


def test_wfdb_reads_it_back(recording: Recording, tmp_path: Path) -> None:
    header, data = write_wfdb(recording, tmp_path / "ecg.hea")

    record = wfdb.rdrecord(str(tmp_path / "ecg"))
    assert (header.name, data.name) == ("ecg.hea", "ecg.dat")
    assert record.fs == 500
    assert tuple(record.sig_name) == STANDARD_LEADS
    assert record.fmt == ["16"] * 12
    assert record.adc_gain == [1000.0] * 12
    assert record.units == ["mV"] * 12
    assert record.comments == [f"Age: {recording.age_years:g}", f"Sex: {str(recording.sex).capitalize()}"]
    np.testing.assert_allclose(record.p_signal.T, recording.signal, atol=6e-4)


def test_wfdb_checksums_and_first_values_are_true(recording: Recording, tmp_path: Path) -> None:
    write_wfdb(recording, tmp_path / "ecg.hea")

    stated = wfdb.rdheader(str(tmp_path / "ecg"))
    digital = wfdb.rdrecord(str(tmp_path / "ecg"), physical=False).d_signal
    assert stated.init_value == digital[0].tolist()
    assert stated.checksum == digital.sum(axis=0).astype(np.int16).tolist()


def test_wfdb_keeps_what_was_not_recorded(recording: Recording, tmp_path: Path) -> None:
    signal = recording.signal.copy()
    signal[3, 10:20] = np.nan
    write_wfdb(replace(recording, signal=signal), tmp_path / "ecg.hea")

    read = wfdb.rdrecord(str(tmp_path / "ecg")).p_signal.T
    np.testing.assert_array_equal(np.isnan(read), np.isnan(signal))


def test_wfdb_refuses_what_does_not_fit(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="NPY"):
        write_wfdb(replace(recording, signal=recording.signal * 100), tmp_path / "ecg.hea")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_every_writer_says_what_it_wrote(suffix: str, recording: Recording, tmp_path: Path) -> None:
    written = WRITERS[suffix](recording, tmp_path / f"ecg{suffix}")

    assert written[0] == tmp_path / f"ecg{suffix}"
    assert sorted(written) == sorted(tmp_path.iterdir())


def test_labels_are_scp_codes_with_icd10(tmp_path: Path) -> None:
    path = write_labels(
        tmp_path / "labels.csv", [("a.csv", Pathology.NORMAL), ("b.hea", Pathology.ATRIAL_FIBRILLATION)]
    )

    assert path.read_text(encoding="utf-8") == "file_name,label,ICD-10\na.csv,NORM,\nb.hea,AFIB,I48.9\n"
