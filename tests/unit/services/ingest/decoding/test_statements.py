"""Which statements of devices stay."""

import numpy as np
import pytest

from services.ingest.decoding.statements import impersonal
from services.shared.acquisition import Acquisition
from services.shared.ecg import Recording


def said(*statements: str) -> Recording:
    signal = np.zeros((1, 10), dtype=np.float32)
    return Recording(signal=signal, leads=("I",), rate_hz=500, acquisition=Acquisition(statements=statements))


@pytest.mark.parametrize(
    "statement",
    [
        "Confirmed by Smith MD, John (123) on 3/4/2020",
        "Reviewed by: DOE, JANE",
        "Electronically signed by A. Lovelace",
        "Befundet durch Müller",
        "Validé par Curie",
        "Dr. Lovelace",
        "Referred by: NIGHTINGALE",
        "Technician: AL",
        "Patient name: Ada",
    ],
)
def test_a_signature_goes(statement: str) -> None:
    kept = impersonal(said("Normal sinus rhythm", statement)).acquisition.statements

    assert kept == ("Normal sinus rhythm",)


@pytest.mark.parametrize(
    "statement",
    [
        "Normal sinus rhythm",
        "Voltage criteria for left ventricular hypertrophy",
        "Unconfirmed report",
        "Septal infarct, age undetermined",
        "Abnormal ECG",
        "Sinus rhythm interrupted by premature complexes",
        "Possible drug effect",
    ],
)
def test_a_finding_stays(statement: str) -> None:
    recording = said(statement)

    assert impersonal(recording) is recording
