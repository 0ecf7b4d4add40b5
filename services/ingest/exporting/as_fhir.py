"""FHIR R4: one Observation with the signal of each lead as SampledData (https://hl7.org/fhir/R4/observation.html).

Whoever it is of is named by the pseudonym alone. A device's time without a zone becomes a date, for FHIR knows no time
of day without one.
"""

import json
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.exporting.base import ExportedEcg
from services.ingest.exporting.codes import MDC_LEADS
from services.ingest.exporting.steps import Steps, steps_of
from services.shared.errors import TooLarge

NAME = "fhir"
MEDIA_TYPE = "application/fhir+json"
SUFFIX = ".fhir.json"

PATIENTS: Final = "urn:einthoven:patient"
"""The system of pseudonyms."""
_MAX_VALUES: Final = 5_000_000
_MDC: Final = "urn:oid:2.16.840.1.113883.6.24"
_UCUM: Final = "http://unitsofmeasure.org"
_POTENTIAL: Final = 131_328
"""MDC_ECG_ELEC_POTL of no lead in particular; a lead's number is added (ISO/IEEE 11073-10101)."""
_DATE_CHARACTERS: Final = 10


def write(ecg: ExportedEcg) -> bytes:
    """Return the ECG as an Observation, to a tenth of a microvolt; "E" stands where nothing was recorded."""
    if ecg.signal.size > _MAX_VALUES:
        raise TooLarge(f"The signal has {ecg.signal.size} values, too many for FHIR; ask for npy, or a lower rate.")
    steps = steps_of(ecg.signal)
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "id": ecg.record_id,
        "status": "final",
        "category": [_concept("http://terminology.hl7.org/CodeSystem/observation-category", "procedure", "Procedure")],
        "code": _concept("http://loinc.org", "11524-6", "EKG study"),
        "subject": {"identifier": {"system": PATIENTS, "value": ecg.patient or ecg.record_id}},
        "component": [_component(ecg, steps, row) for row in range(len(ecg.leads))],
    }
    if moment := _moment(ecg.acquisition.acquired_at):
        observation["effectiveDateTime"] = moment
    if ecg.acquisition.device:
        observation["device"] = {"display": ecg.acquisition.device}
    return json.dumps(observation, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _component(ecg: ExportedEcg, steps: Steps, row: int) -> dict[str, Any]:
    lead = ecg.leads[row]
    number = MDC_LEADS.get(lead)
    code = _concept(_MDC, str(_POTENTIAL + number), f"MDC_ECG_ELEC_POTL_{lead.upper()}") if number else {}
    return {
        "code": {**code, "text": f"Lead {lead}"},
        "valueSampledData": {
            "origin": {"value": 0, "unit": "microvolt", "system": _UCUM, "code": "uV"},
            "period": round(1000 / ecg.rate_hz, 9),
            "factor": steps.microvolt[row],
            "dimensions": 1,
            "data": _text(steps.raw[row]),
        },
    }


def _text(raw: NDArray[np.float64]) -> str:
    """Return whole steps as text; a NaN is an "E", as the standard writes an error of measurement."""
    numbers = np.where(np.isnan(raw), 0, raw).astype(np.int64).tolist()
    missing = np.isnan(raw).tolist()
    return " ".join("E" if absent else str(number) for number, absent in zip(numbers, missing, strict=True))


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _moment(acquired_at: str | None) -> str | None:
    """Return a time with its zone, else the date alone."""
    if acquired_at is None or len(acquired_at) < _DATE_CHARACTERS:
        return None
    has_zone = acquired_at.endswith("Z") or "+" in acquired_at or "-" in acquired_at[_DATE_CHARACTERS:]
    return acquired_at if has_zone else acquired_at[:_DATE_CHARACTERS]
