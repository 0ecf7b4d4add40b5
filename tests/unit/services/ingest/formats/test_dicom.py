from typing import Any

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes, dicom_group, dicom_of, read, sniffed, twelve_leads

LEADS = twelve_leads()
RAW = np.round(LEADS * 1000).astype(np.int16)
NOTHING = Declaration()


def test_the_rhythm_is_read_and_not_the_median_beat() -> None:
    median = dicom_group(RAW[:, :300] // 2, label="MEDIAN BEAT")

    decoded = sniffed(dicom_of(median, dicom_group(RAW)), NOTHING)

    assert decoded.format_name == "dicom"
    np.testing.assert_allclose(decoded.recording.signal, LEADS, atol=1e-7)
    assert decoded.recording.leads == STANDARD_LEADS
    assert codes(decoded.recording) == {"lead_algebra"}


@pytest.mark.parametrize(
    ("channel", "millivolt"),
    [
        ({"sensitivity": "2.5"}, LEADS * 2.5),
        ({"sensitivity": "2.5", "correction": "0.5"}, LEADS * 1.25),
        ({"unit": "mV", "sensitivity": "0.005"}, LEADS * 5),
        ({"sensitivity": "1", "baseline": "100"}, LEADS + 0.1),
    ],
)
def test_sensitivity_correction_baseline_and_unit_are_used(channel: dict[str, Any], millivolt: np.ndarray) -> None:
    recording = read(dicom_of(dicom_group(RAW, **channel)), NOTHING)

    np.testing.assert_allclose(recording.signal, millivolt, atol=1e-6)


@pytest.mark.parametrize(("value", "scheme"), [("2:61", "MDC"), ("5.6.3-9-61", "SCPECG"), ("MDC_ECG_LEAD_III", "MDC")])
def test_leads_are_known_by_their_code(value: str, scheme: str) -> None:
    group = dicom_group(RAW)
    source = group.ChannelDefinitionSequence[2].ChannelSourceSequence[0]
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = value, scheme, "something"

    assert read(dicom_of(group), NOTHING).leads == STANDARD_LEADS


def test_padding_is_nothing_recorded() -> None:
    raw = RAW.copy()
    raw[:, -10:] = -32768

    recording = read(dicom_of(dicom_group(raw)), NOTHING)

    assert np.isnan(recording.signal[:, -10:]).all()
    assert "gaps" in codes(recording)


def test_the_patient_has_a_pseudonym_that_differs_between_departments() -> None:
    data = dicom_of(dicom_group(RAW), PatientID="12345", PatientAge="045Y", PatientSex="M", PatientName="Doe^Jane")

    here = read(data, Declaration(pseudonym_key=b"cardiology"))
    there = read(data, Declaration(pseudonym_key=b"surgery"))

    assert (here.age_years, here.sex) == (45, "male")
    assert here.patient != there.patient
    assert here.patient == read(data, Declaration(pseudonym_key=b"cardiology")).patient
    assert "12345" not in repr(here)
    assert "Doe" not in repr(here)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (dicom_of(Modality="CT"), r"no waveform \(modality CT\)"),
        (dicom_of(Modality="CT").replace(b"CT", b"\x08\x7f"), r"no waveform \(modality \?\?\)"),
        (dicom_of(dicom_group(RAW[:, :300], label="MEDIAN BEAT")), "median beat only"),
        (dicom_of(dicom_group(RAW, unit="mmHg")), "mmHg"),
        (dicom_of(dicom_group(RAW, rate_hz=0)), "0 Hz is impossible"),
        (dicom_of(dicom_group(RAW))[:-500], "truncated|damaged"),
        (dicom_of(dicom_group(RAW))[:300], "damaged|truncated|no waveform"),
    ],
)
def test_what_is_no_rhythm_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(Exception, match=message) as caught:
        read(data, NOTHING)

    assert caught.type.__module__ == "services.shared.errors"


def test_channels_that_are_announced_and_not_there_are_refused() -> None:
    group = dicom_group(RAW)
    group.NumberOfWaveformChannels = 13

    with pytest.raises(UnreadableFile, match="announces 13 channels and defines 12"):
        read(dicom_of(group), NOTHING)
