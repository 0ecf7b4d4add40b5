from collections.abc import Callable

import numpy as np
import pytest

from services.ingest.decoding.declaration import Declaration
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import AT_500_HZ, codes, csv_of, read, sniffed, twelve_leads

LEADS = twelve_leads()


def test_named_columns_are_read_in_millivolt() -> None:
    decoded = sniffed(csv_of(LEADS))

    assert decoded.format_name == "csv"
    np.testing.assert_array_equal(decoded.recording.signal, LEADS)
    assert decoded.recording.leads == STANDARD_LEADS
    assert decoded.recording.rate_hz == 500
    assert codes(decoded.recording) == {"assumed_unit", "lead_algebra"}


def test_columns_in_another_order_are_put_in_the_canonical_one() -> None:
    order = [11, 0, 5, 3, 4, 1, 2, 6, 7, 8, 9, 10]
    header = ",".join(STANDARD_LEADS[place].lower() for place in order)

    recording = read(csv_of(LEADS[order], header))

    np.testing.assert_array_equal(recording.signal, LEADS)


def test_a_header_wins_over_a_declared_layout() -> None:
    recording = read(csv_of(LEADS), Declaration(rate_hz=500, lead_layout="mimic"))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "layout_ignored" in codes(recording)


def test_a_declared_layout_orders_columns_without_names() -> None:
    written = LEADS[[0, 1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 11]]

    recording = read(csv_of(written, header=None), Declaration(rate_hz=500, lead_layout="mimic"))

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "assumed_layout" not in codes(recording)


def test_an_order_that_nobody_stated_is_told() -> None:
    assert "assumed_layout" in codes(read(csv_of(LEADS, header=None)))


def test_rows_may_be_leads() -> None:
    recording = read(csv_of(LEADS.T, header=None))

    np.testing.assert_array_equal(recording.signal, LEADS)


def test_rows_may_begin_with_the_name_of_their_lead() -> None:
    lines = [
        f"{name},{','.join(f'{v:.3f}' for v in row)}" for name, row in zip(STANDARD_LEADS, LEADS.tolist(), strict=True)
    ]

    recording = read("\n".join(reversed(lines)).encode())

    np.testing.assert_array_equal(recording.signal, LEADS)


def test_whole_numbers_are_read_with_the_declared_gain() -> None:
    whole = "\n".join(",".join(str(round(v * 200)) for v in row) for row in LEADS.T.tolist()).encode()

    recording = read(whole, Declaration(rate_hz=500, gain_adu_per_mv=200))

    np.testing.assert_allclose(recording.signal, LEADS, atol=0.0026)
    assert "default_gain" not in codes(recording)


def test_whole_numbers_without_a_gain_are_1000_per_millivolt_and_told() -> None:
    whole = "\n".join(",".join(str(round(v * 1000)) for v in row) for row in LEADS.T.tolist()).encode()

    recording = read(whole)

    np.testing.assert_array_equal(recording.signal, LEADS)
    assert "default_gain" in codes(recording)


def test_a_unit_in_the_header_scales_its_column() -> None:
    header = ",".join(f"{name} (uV)" for name in STANDARD_LEADS)

    recording = read(csv_of(LEADS * 1000, header))

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert "assumed_unit" not in codes(recording)


@pytest.mark.parametrize(("name", "step"), [("time", 0.002), ("time_s", 0.002), ("Time (ms)", 2.0), ("t", 0.002)])
def test_a_time_column_states_the_rate(name: str, step: float) -> None:
    times = np.arange(LEADS.shape[1]) * step

    recording = read(csv_of(np.vstack([times, LEADS]), ",".join((name, *STANDARD_LEADS))), Declaration())

    assert recording.rate_hz == pytest.approx(500)
    np.testing.assert_array_equal(recording.signal, LEADS)


def test_a_time_column_that_jumps_is_refused() -> None:
    times = np.arange(LEADS.shape[1]) * 0.002
    times[300:] += 1

    with pytest.raises(UnreadableFile, match="time column"):
        read(csv_of(np.vstack([times, LEADS]), ",".join(("time", *STANDARD_LEADS))), Declaration())


def test_an_index_column_and_a_row_that_counts_columns_are_left_out() -> None:
    index = np.arange(LEADS.shape[1])
    counted = csv_of(np.vstack([index, LEADS]), "," + ",".join(map(str, range(12))))

    recording = read(csv_of(np.vstack([index, LEADS]), "," + ",".join(STANDARD_LEADS)))

    np.testing.assert_array_equal(recording.signal, LEADS)
    np.testing.assert_array_equal(read(counted).signal, LEADS)
    assert "assumed_layout" in codes(read(counted))


def test_semicolons_with_decimal_commas_are_read() -> None:
    data = csv_of(LEADS, ";".join(STANDARD_LEADS), delimiter=";").replace(b".", b",")

    np.testing.assert_array_equal(read(data).signal, LEADS)


@pytest.mark.parametrize(
    "spell", [lambda d: b"\xef\xbb\xbf" + d, lambda d: b"# a comment\n\n" + d, lambda d: d.replace(b"\n", b"\r\n")]
)
def test_marks_comments_and_line_ends_do_not_matter(spell: Callable[[bytes], bytes]) -> None:
    np.testing.assert_array_equal(read(spell(csv_of(LEADS))).signal, LEADS)


def test_empty_cells_are_leads_that_were_not_recorded() -> None:
    signal = LEADS.copy()
    signal[6:] = np.nan

    recording = read(csv_of(signal))

    assert recording.leads == STANDARD_LEADS
    assert np.isnan(recording.signal[6:]).all()
    assert "missing_leads" in codes(recording)


def test_eight_columns_become_twelve_leads() -> None:
    eight = [0, 1, *range(6, 12)]

    recording = read(csv_of(LEADS[eight], ",".join(STANDARD_LEADS[place] for place in eight)))

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert "derived_leads" in codes(recording)


def test_a_usual_length_infers_the_rate_and_says_so() -> None:
    recording = read(csv_of(twelve_leads(5000)), Declaration())

    assert recording.rate_hz == 500
    assert "inferred_rate" in codes(recording)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (csv_of(LEADS)[:-30], r"Row 601 has \d+ cells where 12 were expected"),
        (csv_of(LEADS).replace(b"\n0.", b"\nabc0.", 1), "column 1 is not a number"),
        (csv_of(LEADS).replace(b"\n", b"\ninf", 2).replace(b"\ninf", b"\n", 1), "infinite|not a number"),
        (csv_of(twelve_leads(12), header=None), "either way"),
        (csv_of(LEADS[:5], header=None), "12 or 8 leads"),
        (csv_of(LEADS, ",".join(["II", *STANDARD_LEADS[1:]])), "II is there twice"),
        (csv_of(np.where(LEADS > 0.99, np.inf, LEADS)), "infinite"),
        (csv_of(LEADS * 100_000), "gain_adu_per_mv"),
        (csv_of(np.full((12, 50), np.nan)), "no samples"),
        (b",".join([b"1"] * 200_000), "12 or 8 leads"),
    ],
)
def test_what_cannot_be_an_ecg_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(data, Declaration(rate_hz=500, format_name="csv"))


def test_a_rate_that_nobody_states_is_asked_for() -> None:
    with pytest.raises(UnreadableFile, match="sampling_rate_hz"):
        read(csv_of(LEADS), Declaration())


def test_text_that_is_no_table_is_not_taken_for_one() -> None:
    with pytest.raises(UnreadableFile, match="not an ECG in a format"):
        read(b"Dear colleague,\nthank you for the referral,\n", AT_500_HZ)
