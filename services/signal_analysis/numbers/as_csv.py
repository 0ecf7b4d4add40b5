"""A view as CSV: time in seconds and millivolt per lead; waves as a table of their own."""

import csv
import io
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.errors import InvalidRequest
from services.signal_analysis.numbers.as_npy import nothing
from services.signal_analysis.view import View, ViewKind

DECIMALS: Final = 5
"""Of a millivolt: 10 nV, below every device's resolution."""
_OF_ONE_BEAT: Final = {ViewKind.MEDIAN_BEATS, ViewKind.REPRESENTATIVE_BEATS}
_WAVES: Final = ("wave", "lead", "onset_s", "peak_s", "offset_s")


def csv_file(view: View) -> bytes:
    """Return the table; raises InvalidRequest where the view has no numbers, with the reasons.

    Time runs from the beginning of the recording; of beats from their R peak, which is at 0.
    """
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    if view.kind is ViewKind.EVENTS:
        rows.writerow(_WAVES)
        rows.writerows(_waves(view))
    elif view.beats is not None:
        rows.writerow(("beat", "time_s", *view.leads))
        _overlaid(buffer, view, view.beats)
    elif view.signal is not None:
        rows.writerow(("time_s", *view.leads))
        zero = -view.beat_peak_index / view.rate_hz if view.kind in _OF_ONE_BEAT else view.start_s
        _write(buffer, (zero + np.arange(view.signal.shape[1]) / view.rate_hz)[:, None], view.signal.T)
    else:
        raise InvalidRequest(nothing(view))
    return buffer.getvalue().encode()


def _waves(view: View) -> Iterable[tuple[str, ...]]:
    for wave in view.waves:
        points = (wave.onset, wave.peak, wave.offset)
        times = ("" if point is None else f"{view.start_s + point / view.rate_hz:.6g}" for point in points)
        yield (wave.kind, wave.lead, *times)


def _overlaid(buffer: io.StringIO, view: View, beats: NDArray[np.float32]) -> None:
    times = (np.arange(beats.shape[2]) - view.beat_peak_index) / view.rate_hz
    for number in range(beats.shape[1]):
        left = np.column_stack([np.full(len(times), number + 1.0), times])
        _write(buffer, left, beats[:, number].T)


def _write(buffer: io.StringIO, left: NDArray[np.float64], millivolt: NDArray[np.float32]) -> None:
    """Write rows of what is on the left and the leads; a gap is an empty field."""
    for start, row in zip(left.tolist(), millivolt.astype(np.float64).round(DECIMALS).tolist(), strict=True):
        values = ("" if value != value else f"{value:.{DECIMALS}f}" for value in row)  # noqa: PLR0124 NaN is not itself
        buffer.write(",".join((*(f"{each:.6g}" for each in start), *values)) + "\n")
