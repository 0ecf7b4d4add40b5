"""FHIR out: read back by the SMART on FHIR client, which knows R4 and nothing of this platform."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fhirclient.models.observation import Observation
from numpy.typing import NDArray

from services.ingest.exporting import ExportedEcg
from services.ingest.exporting.as_fhir import PATIENTS, write
from services.shared.acquisition import Acquisition
from services.shared.ecg import STANDARD_LEADS
from tests.unit.services.ingest.ecgs import twelve_leads

SIGNAL = twelve_leads()
ECG = ExportedEcg("r1", SIGNAL, STANDARD_LEADS, 500.0, patient="pseudonym", acquisition=Acquisition(device="Acme 1"))


def read_back(ecg: ExportedEcg) -> Any:
    return Observation(json.loads(write(ecg)), strict=True)


def microvolt(component: Any) -> NDArray[np.float64]:
    sampled = component.valueSampledData
    words = [float("nan") if word == "E" else float(word) for word in sampled.data.split()]
    return np.array(words) * float(sampled.factor) + float(sampled.origin.value)


def test_every_sample_comes_back_to_a_tenth_of_a_microvolt() -> None:
    observation = read_back(ECG)

    signal = np.stack([microvolt(component) for component in observation.component])
    np.testing.assert_allclose(signal, SIGNAL * 1000.0, atol=0.06)


def test_leads_carry_their_codes_and_period() -> None:
    components = read_back(ECG).component

    assert [component.code.text for component in components] == [f"Lead {lead}" for lead in STANDARD_LEADS]
    codes = [component.code.coding[0].code for component in components]
    assert codes[:4] == ["131329", "131330", "131389", "131390"]
    assert {component.valueSampledData.period for component in components} == {2.0}
    assert {component.valueSampledData.origin.code for component in components} == {"uV"}


def test_what_was_not_recorded_is_an_error_of_measurement() -> None:
    signal = SIGNAL.copy()
    signal[3, 7:9] = np.nan

    words = read_back(replace(ECG, signal=signal)).component[3].valueSampledData.data.split()

    assert [index for index, word in enumerate(words) if word == "E"] == [7, 8]


def test_the_patient_is_a_pseudonym_and_the_device_is_named() -> None:
    observation = read_back(ECG)

    assert (observation.subject.identifier.system, observation.subject.identifier.value) == (PATIENTS, "pseudonym")
    assert observation.device.display == "Acme 1"


@pytest.mark.parametrize(
    ("acquired_at", "told"),
    [
        ("2024-02-29T09:10:11", "2024-02-29"),
        ("2024-02-29T09:10:11+01:00", "2024-02-29T09:10:11+01:00"),
        ("2024-02-29T08:10:11Z", "2024-02-29T08:10:11Z"),
        ("2024-02-29", "2024-02-29"),
        (None, None),
    ],
)
def test_a_time_without_a_zone_becomes_a_date(acquired_at: str | None, told: str | None) -> None:
    observation = read_back(replace(ECG, acquisition=Acquisition(acquired_at=acquired_at)))

    moment = observation.effectiveDateTime
    assert (moment.as_json() if moment else None) == told
