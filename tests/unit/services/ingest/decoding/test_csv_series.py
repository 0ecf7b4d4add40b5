import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.acquisition import Scale
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes, csv_of, read, twelve_leads

LEADS = twelve_leads()
TIMES = np.arange(600) * 0.004
NAMES = ",".join(STANDARD_LEADS)


def with_text(header: str, cells: list[str], signal: np.ndarray = LEADS) -> bytes:
    rows = csv_of(signal, header=None).decode().split("\n")
    return "\n".join([header, *(f"{cell},{row}" for cell, row in zip(cells, rows, strict=False))]).encode()


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("time", TIMES),
        ("Time [s]", TIMES),
        ("time (ms)", TIMES * 1e3),
        ("t_ms", TIMES * 1e3),
        ("elapsed time", TIMES),
        ("timestamp", TIMES * 1e3 + 1.6e12),
        ("time (µs)", TIMES * 1e6),
        ("seconds", TIMES + 5),
    ],
)
def test_times_state_the_rate_in_any_unit(name: str, times: np.ndarray) -> None:
    recording = read(csv_of(np.vstack([times, LEADS]), f"{name},{NAMES}"), Declaration())

    assert recording.rate_hz == 250
    assert "rate_from_time" in codes(recording)
    np.testing.assert_array_equal(recording.signal, LEADS)


def test_a_unit_of_time_that_nobody_states_is_told() -> None:
    recording = read(csv_of(np.vstack([TIMES * 1e3, LEADS]), f"time,{NAMES}"), Declaration())

    assert recording.rate_hz == 250
    assert "taken as ms" in next(remark.text for remark in recording.remarks if remark.code == "rate_from_time")


@pytest.mark.parametrize("name", ["time", "Elapsed time"])
def test_times_may_be_those_of_a_clock(name: str) -> None:
    for start in ("0:", "2024-05-01 12:00:", "23:58:"):
        cells = [f"{start}{second // 1000:02}.{second % 1000:03}" for second in range(0, 2400, 4)]

        recording = read(with_text(f"{name},{NAMES}", cells), Declaration())

        assert recording.rate_hz == 250
        np.testing.assert_array_equal(recording.signal, LEADS)


def test_the_last_digit_of_times_does_not_bend_the_rate() -> None:
    times = np.round(np.arange(600) / 360, 3)

    assert read(csv_of(np.vstack([times, LEADS]), f"time,{NAMES}"), Declaration()).rate_hz == 360


def test_a_time_column_may_stand_anywhere() -> None:
    recording = read(csv_of(np.vstack([LEADS, TIMES]), f"{NAMES},time"), Declaration())

    assert recording.rate_hz == 250
    np.testing.assert_array_equal(recording.signal, LEADS)


def test_a_row_of_units_scales_each_column() -> None:
    units = "'seconds'," + ",".join(["'mV'"] * 6 + ["'uV'"] * 6)
    signal = np.vstack([LEADS[:6], LEADS[6:] * 1000])

    recording = read(
        csv_of(np.vstack([TIMES, signal]), f"'Elapsed time','{NAMES.replace(',', chr(39) + ',' + chr(39))}'\n{units}"),
        Declaration(),
    )

    assert recording.rate_hz == 250
    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert recording.acquisition.scales[5:7] == (Scale("aVF", 1, "mV"), Scale("V1", 1, "uV"))


def test_columns_that_are_no_leads_are_left_out_and_named() -> None:
    pulse = np.full(600, 60.0)

    recording = read(csv_of(np.vstack([LEADS, pulse]), f"{NAMES},HR"))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "HR are no leads" in next(remark.text for remark in recording.remarks if remark.code == "other_columns")


def test_columns_of_text_are_left_out_and_named() -> None:
    recording = read(with_text(f"patient,{NAMES}", ["Miller"] * 600))

    np.testing.assert_array_equal(recording.signal, LEADS)
    text = next(remark.text for remark in recording.remarks if remark.code == "other_columns")
    assert "patient are no leads" in text
    assert "Miller" not in str(recording.remarks)


def test_an_unnamed_first_column_of_times_states_the_rate() -> None:
    recording = read(csv_of(np.vstack([TIMES, LEADS]), header=None), Declaration())

    assert recording.rate_hz == 250
    np.testing.assert_array_equal(recording.signal, LEADS)
    assert {"rate_from_time", "assumed_layout"} <= codes(recording)


def test_an_unnamed_first_column_that_grows_in_an_unknown_unit_is_left_out_and_told() -> None:
    recording = read(csv_of(np.vstack([TIMES * 1000, LEADS]), header=None))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "unclear_time" in codes(recording)


def test_cabreras_lead_in_a_column_is_turned() -> None:
    signal = LEADS.copy()
    signal[3] = -signal[3]

    recording = read(csv_of(signal, NAMES.replace("aVR", "-aVR")))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "inverted_lead" in codes(recording)


def test_names_that_are_no_leads_are_told() -> None:
    recording = read(csv_of(LEADS, ",".join(f"ch{n}" for n in range(12))))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "(ch0, ch1," in next(remark.text for remark in recording.remarks if remark.code == "assumed_layout")


def test_a_time_that_gives_no_possible_rate_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no possible rate"):
        read(csv_of(np.vstack([TIMES * 1e12, LEADS]), f"time,{NAMES}"))
