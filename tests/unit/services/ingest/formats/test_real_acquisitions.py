"""What the published files say of their acquisition, against what is known of them."""

from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple

import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import MEASUREMENTS
from services.shared.ecg import Recording
from tests.unit.services.ingest.ecgs import read


class Expected(NamedTuple):
    name: str
    device: str
    acquired_at: str | None
    filters: tuple[float | None, ...]
    resolution: float
    measurements: tuple[float | None, ...]


@pytest.fixture
def files(data_dir: Path) -> Path:
    return data_dir / "formats"


def opened(path: Path) -> Recording:
    return read(path.read_bytes(), Declaration(), name=path.name)


def claimed(recording: Recording) -> dict[str, float]:
    return {each.name: each.value for each in recording.acquisition.measurements}


@pytest.mark.parametrize(
    "expected",
    [
        Expected(
            "cardiosoft-xml/deepecg_dummy_ecg.xml", "GE CardioSoft V6.71", "2000-01-01T00:00:00", (None, 150, 50), 5,
            (74, 815, 120, 172, 74, 394, 437, 43, -20, 41),
        ),
        Expected(
            "dicom/pydicom_waveform_ecg.dcm", "Mortara Instrument, Inc. el250", "2013-01-25T10:59:19",
            (0.05, 300, None), 1.25, (None, 982, None, 161, 75, 368, 370, 74, 52, 57),
        ),
        Expected(
            "dicom/ecgtoolkit_Example.dcm", "ELI250", "2002-11-22T09:10:00", (None, None, None), 2.5,
            (None, None, None, 148, 120, 420, 443, 44, -61, 86),
        ),
        Expected(
            "muse-xml/braveheart_example1.xml", "GE MUSE", None, (0.16, 150, 60), 4.88,
            (48, 1242, 106, 138, 96, 452, 403, 51, 20, 40),
        ),
        Expected(
            "muse-xml/braveheart_example2.xml", "GE MUSE", None, (0.16, 150, 60), 4.88,
            (65, 922, 114, 184, 100, 420, 437, 42, -2, 12),
        ),
        Expected(
            "aecg/hl7_Example_aECG.xml", "Mortara Instrument, Inc. ELI250", "2002-11-22T09:10:00", (None, 150, 60), 2.5,
            (None, None, 102, 148, 120, 420, 443, 44, -61, 86),
        ),
        Expected(
            "aecg/fda_subject1_0.xml", "Mortara Instrument, Inc. ELI250", "2002-11-22T09:10:00", (None, 150, 60), 2.5,
            (None, None, 102, 148, 120, 420, 443, 44, -61, 86),
        ),
        Expected(
            "philips-sierra/129DYPRG_1.03.xml", "Philips HeartstartMRx", "2011-12-01T07:27:34", (0.05, 150, 60), 5,
            (41, 1464, None, 151, 135, 476, 393, 66, -21, 59),
        ),
        Expected(
            "philips-sierra/ad4d3d80-d165_1-04_orig.xml", "Philips PageWriter Touch", "2008-12-23T19:44:46",
            (0.05, 150, None), 5, (41, 1463, None, 144, 102, 564, 466, 19, 85, 53),
        ),
    ],
)  # fmt: skip
def test_what_a_file_says_of_its_acquisition(files: Path, expected: Expected) -> None:
    recording = opened(files / expected.name)
    acquisition = recording.acquisition

    assert (acquisition.device, acquisition.acquired_at, astuple(acquisition.filters)) == (
        expected.device,
        expected.acquired_at,
        expected.filters,
    )
    assert {(each.resolution, each.unit) for each in acquisition.scales} == {(expected.resolution, "uV")}
    assert {each.lead for each in acquisition.scales} <= {*recording.leads}
    assert claimed(recording) == {
        key: value for key, value in zip(MEASUREMENTS, expected.measurements, strict=True) if value is not None
    }


def test_what_devices_state_is_taken_over_and_who_signed_it_is_not(files: Path) -> None:
    stated = {
        path.name: opened(path).acquisition.statements
        for pattern in ("cardiosoft-xml/*.xml", "dicom/pydicom*.dcm", "philips-sierra/*.xml")
        for path in files.glob(pattern)
    }

    assert stated["pydicom_waveform_ecg.dcm"] == ("RITMO SINUSALE", "ECG NORMALE")
    assert stated["deepecg_dummy_ecg.xml"] == (
        "Normal sinus rhythm", "Voltage criteria for left ventricular hypertrophy", "Abnormal ECG",
    )  # fmt: skip
    assert "Sinus bradycardia, rate< 50" in stated["129DYPRG_1.03.xml"]
    assert stated["ad4d3d80-d165_1-04_orig.xml"] == (
        "SINUS BRADYCARDIA, V-rate<60", "NO PREVIOUS TRACING AVAILABLE FOR COMPARISON", "OTHERWISE NORMAL ECG",
    )  # fmt: skip
    assert "Masoudi" not in repr(stated)
