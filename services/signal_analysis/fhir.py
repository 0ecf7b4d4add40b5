"""Measurements as FHIR R4: a Bundle of one DiagnosticReport and the Observations that it refers to.

LOINC names what LOINC has a code for (https://loinc.org, class EKG.MEAS), ISO/IEEE 11073-10102 what it numbers, our own
code system everything. What could not be measured is there with a reason in place of its value. All of it is
preliminary: a machine measured it, and nobody confirmed it.
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.signal_analysis.measurements import Measurement

MEDIA_TYPE: Final = "application/fhir+json"
SUFFIX: Final = "-measurements.fhir.json"
PATIENTS: Final = "urn:einthoven:patient"
"""The system of pseudonyms."""
MEASUREMENTS: Final = "urn:einthoven:measurement"
"""The system of our own names."""
NOTE: Final = "Measured by software for research use. This is no medical device, and nobody has confirmed it."
_LOINC: Final = "http://loinc.org"
_MDC: Final = "urn:oid:2.16.840.1.113883.6.24"
_UCUM: Final = "http://unitsofmeasure.org"
_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_DATE_CHARACTERS: Final = 10

LOINC: Final = {
    "heart_rate": ("8867-4", "Heart rate"),
    "pr_interval": ("8625-6", "P-R Interval"),
    "qrs_duration": ("8633-0", "QRS duration"),
    "qt_interval": ("8634-8", "Q-T interval"),
    "qtc_fridericia": ("76634-5", "Q-T interval corrected based on Fridericia formula"),
    "qtc_bazett": ("76635-2", "Q-T interval corrected based on Bazett formula"),
    "p_axis": ("8626-4", "P wave axis"),
    "qrs_axis": ("8632-2", "QRS axis"),
    "t_axis": ("8638-9", "T wave axis"),
}
MDC: Final = {
    "heart_rate": (147842, "MDC_ECG_HEART_RATE"),
    "rr_mean": (147240, "MDC_ECG_TIME_PD_RR_GLOBAL"),
    "p_duration": (147256, "MDC_ECG_TIME_PD_P_GLOBAL"),
    "pr_interval": (146944, "MDC_ECG_TIME_PD_PR_GLOBAL"),
    "qrs_duration": (147228, "MDC_ECG_TIME_PD_QRS_GLOBAL"),
    "qt_interval": (147232, "MDC_ECG_TIME_PD_QT_GLOBAL"),
    "p_axis": (147200, "MDC_ECG_ANGLE_P_FRONT"),
    "qrs_axis": (147204, "MDC_ECG_ANGLE_QRS_FRONT"),
    "t_axis": (147208, "MDC_ECG_ANGLE_T_FRONT"),
}
"""Codes of ISO/IEEE 11073-10102: partition 2, which DICOM PS3.16 CID 3228 and 3229 write as 2:16184 and so on."""


@dataclass(frozen=True, slots=True)
class Study:
    """What a report says of an ECG besides its measurements."""

    record_id: str
    patient: str = ""
    """A pseudonym; empty where unknown."""
    acquired_at: str = ""
    """ISO 8601 as the file states it; empty where it states nothing."""
    device: str = ""


def written(study: Study, measurements: Iterable[Measurement], engine: str) -> bytes:
    """Return the Bundle as JSON."""
    observations = [_observation(study, each, engine) for each in measurements]
    urls = [_url(each["id"]) for each in observations]
    entries = [{"fullUrl": url, "resource": each} for url, each in zip(urls, observations, strict=True)]
    report = _report(study, urls)
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": _url(report["id"]), "resource": report}, *entries],
    }
    return json.dumps(bundle, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _report(study: Study, results: list[str]) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": _id(study, "report"),
        "status": "preliminary",
        "code": {"coding": [_coding(_LOINC, "11524-6", "EKG study")], "text": "Measurements of a 12-lead ECG"},
        "result": [{"reference": url} for url in results],
        "conclusion": NOTE,
        **_about(study),
    }


def _observation(study: Study, measured: Measurement, engine: str) -> dict[str, Any]:
    lead = measured.lead
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "id": _id(study, measured.name, lead),
        "status": "preliminary",
        "category": [
            {
                "coding": [
                    _coding("http://terminology.hl7.org/CodeSystem/observation-category", "procedure", "Procedure")
                ]
            }
        ],
        "code": _code(measured),
        "method": {"text": f"Einthoven measurement engine {engine}"},
        "note": [{"text": NOTE}],
        **_about(study),
    }
    if measured.value is None:
        unknown = {"coding": [_coding(_ABSENT, "unknown", "Unknown")]}
        return observation | {"dataAbsentReason": unknown | {"text": measured.reason or "It could not be measured."}}
    unit = measured.unit or "1"
    value = {"value": round(measured.value, 4), "unit": unit, "system": _UCUM, "code": unit}
    return observation | {"valueQuantity": value}


def _code(measured: Measurement) -> dict[str, Any]:
    name = measured.name
    own = _coding(MEASUREMENTS, f"{name}.{measured.lead}" if measured.lead else name, _words(measured))
    coding = [own]
    if name in MDC and not measured.lead:
        number, display = MDC[name]
        coding.insert(0, _coding(_MDC, str(number), display))
    if name in LOINC and not measured.lead:
        coding.insert(0, _coding(_LOINC, *LOINC[name]))
    return {"coding": coding, "text": _words(measured)}


def _words(measured: Measurement) -> str:
    said = measured.name.replace("_", " ")
    return f"{said}, lead {measured.lead}" if measured.lead else said


def _about(study: Study) -> dict[str, Any]:
    about: dict[str, Any] = {"subject": {"identifier": {"system": PATIENTS, "value": study.patient or study.record_id}}}
    if moment := _moment(study.acquired_at):
        about["effectiveDateTime"] = moment
    return about


def _moment(acquired_at: str) -> str:
    """Return a time with its zone, else the date alone: FHIR knows no time of day without a zone."""
    if len(acquired_at) < _DATE_CHARACTERS:
        return ""
    has_zone = acquired_at.endswith("Z") or "+" in acquired_at or "-" in acquired_at[_DATE_CHARACTERS:]
    return acquired_at if has_zone else acquired_at[:_DATE_CHARACTERS]


def _id(study: Study, *names: str) -> str:
    """Return the same id for the same measurement of the same record: sending it twice makes no second one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("urn:einthoven:record", study.record_id, *names))))


def _url(resource_id: str) -> str:
    return f"urn:uuid:{resource_id}"


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
