"""DICOM out, as pydicom reads it."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pydicom

from services.ingest.exporting import ExportedEcg
from services.ingest.exporting.as_dicom import write
from services.shared.acquisition import Acquisition, Filters
from services.shared.ecg import STANDARD_LEADS
from tests.unit.services.ingest.ecgs import twelve_leads

ECG = ExportedEcg("r1", twelve_leads(), STANDARD_LEADS, 500.0)


def read_back(ecg: ExportedEcg) -> Any:
    return pydicom.dcmread(io.BytesIO(write(ecg)))


def test_a_slow_recording_is_an_ambulatory_ecg() -> None:
    assert read_back(replace(ECG, rate_hz=100.0)).SOPClassUID.name == "Ambulatory ECG Waveform Storage"


def test_the_time_and_filters_of_the_device_go_along() -> None:
    acquisition = Acquisition(acquired_at="2024-02-29T09:10:11", filters=Filters(0.05, 150, 50))

    dataset = read_back(replace(ECG, acquisition=acquisition))

    channel = dataset.WaveformSequence[0].ChannelDefinitionSequence[0]
    assert (dataset.AcquisitionDateTime, dataset.StudyDate, dataset.StudyTime) == (
        "20240229091011",
        "20240229",
        "091011",
    )
    assert (channel.FilterLowFrequency, channel.FilterHighFrequency, channel.NotchFilterFrequency) == (0.05, 150, 50)


def test_a_large_amplitude_widens_the_step_of_its_lead_alone() -> None:
    signal = ECG.signal.copy()
    signal[0] *= 40

    dataset = read_back(replace(ECG, signal=signal))

    sensitivities = [float(c.ChannelSensitivity) for c in dataset.WaveformSequence[0].ChannelDefinitionSequence]
    assert sensitivities[0] > 0.1
    assert set(sensitivities[1:]) == {0.1}
    np.testing.assert_allclose(dataset.waveform_array(0).T, signal * 1000.0, atol=sensitivities[0])
