import datetime as dt

import pytest

from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.edf_claims import acquired_at, filters_of
from services.shared.acquisition import Filters, Scale
from services.shared.ecg import STANDARD_LEADS
from tests.unit.services.ingest.ecgs import read
from tests.unit.services.ingest.edf_files import Channel, edf_of, twelve


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("HP:0.05Hz LP:150Hz N:50Hz", Filters(0.05, 150, 50)),
        ("HP: 0,5 Hz; LP: 0.1 kHz", Filters(0.5, 100, None)),
        ("hp=0.67 lp=40 notch=60", Filters(0.67, 40, 60)),
        ("0.05-150 Hz", Filters(0.05, 150, None)),
        ("HP:DC", Filters()),
        ("HP:0Hz LP:9999999Hz", Filters()),
        ("none", Filters()),
        ("", Filters()),
    ],
)
def test_filters_are_understood(text: str, filters: Filters) -> None:
    assert filters_of([text, text]) == filters


def test_filters_that_differ_between_leads_are_left_open() -> None:
    assert filters_of(["HP:0.05Hz LP:150Hz", "HP:0.05Hz LP:40Hz"]) == Filters(0.05, None, None)
    assert filters_of([]) == Filters()


@pytest.mark.parametrize(
    ("day", "time", "told"),
    [
        ("01.02.20", "12.30.00", "2020-02-01T12:30:00"),
        ("31.12.99", "23.59.59", "1999-12-31T23:59:59"),
        ("01.01.85", "00.00.00", None),
        ("31.02.20", "12.30.00", None),
        ("01.02.20", "25.30.00", None),
        ("dd.mm.yy", "12.30.00", None),
    ],
)
def test_days_of_two_digits_and_times(day: str, time: str, told: str | None) -> None:
    assert acquired_at(day, time, full_day=None, is_hidden=False) == told


def test_the_whole_year_wins_and_a_hidden_day_is_none() -> None:
    assert acquired_at("01.02.yy", "12.30.00", full_day=dt.date(2090, 2, 1), is_hidden=False) == "2090-02-01T12:30:00"
    assert acquired_at("01.02.20", "12.30.00", full_day=None, is_hidden=True) is None


def test_an_edf_keeps_what_it_says_of_its_recording() -> None:
    recording = read(edf_of(twelve(), recording="Startdate 01-FEB-2020 X X Device_9", kind="EDF+C"), Declaration())

    acquisition = recording.acquisition
    assert (acquisition.device, acquisition.acquired_at) == ("Device 9", "2020-02-01T12:30:00")
    assert acquisition.filters == Filters(0.05, 150, None)
    assert acquisition.scales == tuple(Scale(name, 1.0, "uV") for name in STANDARD_LEADS)


def test_a_day_that_edf_plus_hides_is_not_told() -> None:
    hidden = read(edf_of(twelve(), recording="Startdate X X X X", kind="EDF+C"), Declaration())

    assert hidden.acquisition.acquired_at is None


def test_a_declared_gain_is_no_unit_of_the_file() -> None:
    channels = [Channel(one.label, one.raw, unit="mV", physical=(-1000, 1000)) for one in twelve()]

    recording = read(edf_of(channels), Declaration(gain_adu_per_mv=1000))

    assert recording.acquisition.scales[0] == Scale("I", 0.001, "")
