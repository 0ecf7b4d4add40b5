import pytest

from services.ingest.decoding.claims import (
    compact_time,
    device,
    hertz,
    iso_time,
    measurement,
    measurements,
    moment,
    statements,
)
from services.shared.acquisition import MEASUREMENTS, DeviceMeasurement


@pytest.mark.parametrize(
    ("name", "stated", "unit", "value"),
    [
        ("qt_interval", "400", "ms", 400),
        ("qt_interval", " 0.4 ", "s", 400),
        ("rr_interval", "982", "", 982),
        ("heart_rate", "61", "bpm", 61),
        ("p_axis", "-20", "degrees", -20),
        ("p_axis", "44", "ms", 44),
        ("qrs_axis", "0", "deg", 0),
    ],
)
def test_a_measurement_is_in_the_unit_of_its_name(name: str, stated: str, unit: str, value: float) -> None:
    assert measurement(name, stated, unit) == DeviceMeasurement(name, value, MEASUREMENTS[name])


@pytest.mark.parametrize(
    ("name", "stated", "unit"),
    [
        ("qt_interval", "", "ms"), ("qt_interval", "Failed", "ms"), ("qt_interval", "29999", "ms"),
        ("pr_interval", "0", "ms"), ("pr_interval", "-1", "ms"), ("qt_interval", "400", "mV"),
        ("t_axis", "999", "deg"), ("t_axis", "Indeterminate", "deg"), ("heart_rate", "nan", "/min"),
        ("p_duration", "508", "ms"), ("qrs_duration", "1e999", "ms"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_is_left_out(name: str, stated: str, unit: str) -> None:
    assert measurement(name, stated, unit) is None


def test_the_first_of_a_name_counts_and_the_order_is_that_of_the_names() -> None:
    found = [measurement("t_axis", "1"), None, measurement("heart_rate", "60"), measurement("t_axis", "2")]

    assert [(each.name, each.value) for each in measurements(found)] == [("heart_rate", 60), ("t_axis", 1)]


def test_statements_are_lines_without_the_names_of_people() -> None:
    lines = ["  Sinus\trhythm \n", "", " - ", "Sinus rhythm", "MÜLLER, Li: left block", "x" * 9999]

    assert statements(lines, ["Müller^Anna", "Li"]) == ("Sinus rhythm", "***, Li: left block", "x" * 300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20031113151704", "2003-11-13T15:17:04"),
        ("20031113151704.250", "2003-11-13T15:17:04.250000"),
        ("20031113151704.25+0130", "2003-11-13T15:17:04.250000+01:30"),
        ("20031113151704Z", "2003-11-13T15:17:04Z"),
        ("200311131517", "2003-11-13T15:17"),
        ("20031113", "2003-11-13"),
        ("2003111315", None),
        ("20031313", None),
        ("20030230", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_compact_times_are_as_precise_as_they_were(text: str, expected: str | None) -> None:
    assert compact_time(text) == expected


def test_times_in_parts() -> None:
    assert moment("2000", "1", "2", "3", "4", "5") == "2000-01-02T03:04:05"
    assert moment("2000", "1", "2", "", "", "") == "2000-01-02"
    assert moment("2000", "13", "2", "3", "4", "5") is None
    assert moment("", "", "") is None


def test_times_in_iso_8601() -> None:
    assert iso_time("2011-12-01", "07:27:34") == "2011-12-01T07:27:34"
    assert iso_time("2011-12-01", "") == "2011-12-01"
    assert iso_time("2011-12-01", "at noon") == "2011-12-01"
    assert iso_time("01.12.2011", "07:27:34") is None


def test_a_filter_that_is_off_has_no_frequency() -> None:
    assert [hertz(text) for text in ("0.05", "150", "0", "None", "", "-1", "1e9")] == [0.05, 150, *[None] * 5]
    assert hertz("16", per_unit=0.01) == 0.16


def test_a_device_is_called_by_what_can_be_shown() -> None:
    assert device("GE ", "", "MAC\0 5\n\x1b") == "GE MAC 5"
    assert device("", "\0") is None
    assert device("x" * 999) == "x" * 200
