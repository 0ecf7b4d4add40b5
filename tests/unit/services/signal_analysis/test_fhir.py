"""Measurements as FHIR: read back by the SMART on FHIR client, which knows R4 and nothing of this platform."""

import json
from typing import Any

from fhirclient.models.bundle import Bundle

from services.signal_analysis.fhir import LOINC, MDC, MEASUREMENTS, PATIENTS, Study, written
from services.signal_analysis.measurements import Measurement

STUDY = Study("r1", "pseudonym", "2024-02-29T09:10:11", "Acme 1")
MEASURED = (
    Measurement("heart_rate", 71.5, "/min"),
    Measurement("pr_interval", None, "ms", "There is no P wave."),
    Measurement("qtc_hodges", 431.0, "ms"),
    Measurement("st_j", -0.05, "mV", lead="V2"),
)


def read_back(study: Study = STUDY) -> tuple[Any, dict[str, Any]]:
    bundle: Any = Bundle(json.loads(written(study, MEASURED, "1")), strict=True)
    report, *observations = [entry.resource for entry in bundle.entry]
    return report, {each.code.text: each for each in observations}


def test_the_report_refers_to_every_observation() -> None:
    bundle: Any = Bundle(json.loads(written(STUDY, MEASURED, "1")), strict=True)
    urls = [entry.fullUrl for entry in bundle.entry]

    report = bundle.entry[0].resource

    assert report.resource_type == "DiagnosticReport"
    assert [each.reference for each in report.result] == urls[1:]
    assert (report.code.coding[0].code, report.status) == ("11524-6", "preliminary")
    assert "no medical device" in report.conclusion


def test_a_value_has_its_loinc_code_and_unit() -> None:
    heart_rate = read_back()[1]["heart rate"]

    assert [(each.system, each.code) for each in heart_rate.code.coding] == [
        ("http://loinc.org", "8867-4"),
        ("urn:oid:2.16.840.1.113883.6.24", "147842"),
        (MEASUREMENTS, "heart_rate"),
    ]
    assert (heart_rate.valueQuantity.value, heart_rate.valueQuantity.code) == (71.5, "/min")
    assert heart_rate.status == "preliminary"


def test_what_could_not_be_measured_has_the_reason_instead() -> None:
    absent = read_back()[1]["pr interval"]

    assert absent.valueQuantity is None
    assert absent.dataAbsentReason.coding[0].code == "unknown"
    assert absent.dataAbsentReason.text == "There is no P wave."


def test_what_loinc_has_no_code_for_has_ours() -> None:
    observations = read_back()[1]

    assert [each.code for each in observations["qtc hodges"].code.coding] == ["qtc_hodges"]
    assert [each.code for each in observations["st j, lead V2"].code.coding] == ["st_j.V2"]


def test_the_patient_is_a_pseudonym_and_a_time_without_a_zone_a_date() -> None:
    report, observations = read_back()

    for each in (report, *observations.values()):
        assert (each.subject.identifier.system, each.subject.identifier.value) == (PATIENTS, "pseudonym")
        assert each.as_json()["effectiveDateTime"].startswith("2024-02-29")
    assert b'"effectiveDateTime":"2024-02-29"' in written(STUDY, MEASURED, "1")


def test_an_ecg_that_says_nothing_of_its_patient_is_known_by_its_record() -> None:
    report, _ = read_back(Study("r1"))

    assert report.subject.identifier.value == "r1"
    assert report.effectiveDateTime is None


def test_sending_it_twice_makes_no_second_observation() -> None:
    assert written(STUDY, MEASURED, "1") == written(STUDY, MEASURED, "1")


def test_codes_are_of_their_systems() -> None:
    assert all(code[-2] == "-" and _loinc_digit(code[:-2]) == code[-1] for code, _ in LOINC.values())
    assert all(number >> 16 == 2 for number, _ in MDC.values())


def _loinc_digit(number: str) -> str:
    """Return the check digit of a LOINC code (Luhn, as the LOINC Users' Guide has it)."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number))]
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)
