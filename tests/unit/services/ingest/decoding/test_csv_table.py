import numpy as np
import pytest

from services.ingest.decoding.csv_table import parse_table
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import UnreadableFile
from tests.unit.services.ingest.ecgs import codes, csv_of, read, twelve_leads

LEADS = twelve_leads()


def rows_of(signal: np.ndarray, names: tuple[str, ...] = STANDARD_LEADS, mark: str = ",") -> bytes:
    rows = csv_of(signal.T, header=None, delimiter=mark).decode().splitlines()
    return "\n".join(f"{name}{mark}{row}" for name, row in zip(names, rows, strict=True)).encode()


@pytest.mark.parametrize("samples", [100, 600])
@pytest.mark.parametrize("tail", ["", ","])
def test_rows_may_be_leads_however_long(samples: int, tail: str) -> None:
    data = rows_of(LEADS[:, :samples]).replace(b"\n", tail.encode() + b"\n") + tail.encode()

    np.testing.assert_array_equal(read(data).signal, LEADS[:, :samples])


def test_rows_with_a_unit_and_decimal_commas() -> None:
    data = rows_of(LEADS * 1000, tuple(f"{name} [uV]" for name in STANDARD_LEADS), ";").replace(b".", b",")

    recording = read(data)

    np.testing.assert_allclose(recording.signal, LEADS, atol=1e-6)
    assert "assumed_unit" not in codes(recording)


def test_rows_below_a_row_of_times_and_a_row_that_counts() -> None:
    times = np.arange(600) / 250
    data = rows_of(np.vstack([times, LEADS]), ("time", *STANDARD_LEADS))

    for above in (b"", b"lead," + ",".join(map(str, range(600))).encode() + b"\n"):
        recording = read(above + data)

        assert recording.rate_hz == 250
        np.testing.assert_array_equal(recording.signal, LEADS)


@pytest.mark.parametrize("samples", [100, 600])
def test_rows_that_are_counted_keep_their_first_sample(samples: int) -> None:
    data = rows_of(LEADS[:, :samples], tuple(map(str, range(12))))
    above = "," + ",".join(map(str, range(samples))) + "\n"

    for written in (data, above.encode() + data):
        np.testing.assert_array_equal(read(written).signal, LEADS[:, :samples])
    assert "index_column" in codes(read(data))


def test_empty_cells_of_rows_are_gaps() -> None:
    signal = LEADS.copy()
    signal[7, 10:20] = np.nan

    np.testing.assert_array_equal(read(rows_of(signal)).signal, signal)


def test_whole_numbers_of_rows_are_told_from_decimal_ones() -> None:
    whole = rows_of(LEADS * 1000).replace(b".000", b"")

    assert "default_gain" in codes(read(whole))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (rows_of(LEADS).replace(b"V3,", b"V3,x"), "Row 9, column 2 is not a number"),
        (rows_of(LEADS)[:-6], r"Row 12 has \d+ cells where 601 were expected"),
        (csv_of(LEADS) + b"1,2\n", "Row 602 has 2 cells where 12 were expected"),
        (csv_of(LEADS) + b"end of file,,,,,,,,,,,\n", "Row 602, column 1 is not a number"),
    ],
)
def test_a_cell_that_is_none_is_named(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(data)


def test_cells_may_be_spelt_in_ways_that_the_parser_does_not_know() -> None:
    table = parse_table(b"I,II\n 0.1 ,'0.2'\n,+0.3\n NaN,1e-3\n")

    np.testing.assert_allclose(table.values, [[0.1, np.nan, np.nan], [0.2, 0.3, 1e-3]])
    assert table.whole == (False, False)
