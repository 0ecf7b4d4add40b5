"""CSV and NPY of every view."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest

from services.shared.errors import InvalidRequest
from services.signal_analysis.numbers.as_csv import csv_file
from services.signal_analysis.numbers.as_npy import npy
from services.signal_analysis.view import ViewKind
from services.signal_analysis.views import MAKERS
from services.signal_analysis.window import Window

MakeWindow = Callable[..., Window]


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


@pytest.mark.parametrize("kind", ViewKind)
def test_npy_is_the_array(make_window: MakeWindow, kind: ViewKind) -> None:
    view = MAKERS[kind](make_window())

    array = np.load(io.BytesIO(npy(view)), allow_pickle=False)

    wanted = view.signal if view.beats is None else view.beats
    assert array.dtype == np.float32
    assert wanted is not None
    assert (array == wanted).all()


def test_the_csv_of_the_raw_view_has_time_and_gaps(make_window: MakeWindow) -> None:
    window = make_window()
    window.signal[2, 3] = np.nan

    rows = table(csv_file(MAKERS[ViewKind.RAW](window)))

    assert rows[0] == ["time_s", *window.leads]
    assert len(rows) == 5001
    assert rows[4][0] == "0.006"
    assert rows[4][3] == ""
    assert float(rows[4][1]) == pytest.approx(window.signal[0, 3], abs=1e-5)


def test_the_csv_of_beats_has_the_r_peak_at_zero(make_window: MakeWindow) -> None:
    view = MAKERS[ViewKind.REPRESENTATIVE_BEATS](make_window())

    rows = table(csv_file(view))

    assert rows[1 + view.beat_peak_index][0] in {"0", "-0"}
    assert view.signal is not None
    assert len(rows) == 1 + view.signal.shape[1]


def test_the_csv_of_overlaid_beats_numbers_them(make_window: MakeWindow) -> None:
    rows = table(csv_file(MAKERS[ViewKind.QRS](make_window())))

    assert rows[0][:3] == ["beat", "time_s", "I"]
    assert {row[0] for row in rows[1:]} == {str(number) for number in range(1, 11)}
    assert (rows[1][1], rows[126][1]) == ("-0.1", "0.15")


def test_the_csv_of_waves_is_a_table_of_them(make_window: MakeWindow) -> None:
    view = MAKERS[ViewKind.EVENTS](make_window())

    rows = table(csv_file(view))

    assert rows[0] == ["wave", "lead", "onset_s", "peak_s", "offset_s"]
    assert len(rows) == 1 + len(view.waves)
    assert {row[0] for row in rows[1:]} == {"P", "QRS", "T"}


@pytest.mark.parametrize("write", [csv_file, npy])
def test_a_view_without_numbers_says_why(noise: Window, write: Callable[..., bytes]) -> None:
    with pytest.raises(InvalidRequest, match="are needed"):
        write(MAKERS[ViewKind.ALIGNED](noise))
