"""The filters of the raw view: none unless asked for, all of zero phase, and always named.

Butterworth of second order, forwards and backwards, with -3 dB at the stated frequency; the notch is 2 Hz wide. The
bandwidth of diagnosis is 0.05 to 150 Hz (AHA/ACC/HRS 2007).
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, iirnotch, sosfiltfilt, tf2sos

from services.shared.ecg import Recording, Remark, Signal
from services.shared.errors import InvalidRequest
from services.signal_analysis.window import Stretch, Window, cut

BASELINE_HZ: Final = (0.05, 0.5)
LOW_PASS_HZ: Final = (150.0, 40.0)
NOTCH_HZ: Final = (50.0, 60.0)
DIAGNOSTIC_LOW_PASS_HZ: Final = 150.0
NOTCH_WIDTH_HZ: Final = 2.0
MARGIN_S: Final = 20.0
"""The recording on either side that a filter sees besides, so that it has settled where the window begins."""
HIGHEST_SHARE: Final = 0.45
"""Of the sampling rate: what a recording holds above is nothing that could be filtered."""
_ORDER: Final = 2
_TWICE: Final = (2**0.5 - 1) ** (1 / (2 * _ORDER))
"""By how much a filter that is run twice must be wider to have -3 dB where it is said to have it."""
NO_FILTER: Final = "no filter"


def _known(name: str, asked_hz: float | None, known_hz: tuple[float, ...]) -> None:
    if asked_hz is not None and asked_hz not in known_hz:
        choices = " or ".join(f"{each:g}" for each in known_hz)
        raise InvalidRequest(f"The {name} filter is at {choices} Hz, not at {asked_hz:g} Hz.")


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; None is not applied."""

    baseline_hz: float | None = None
    low_pass_hz: float | None = None
    notch_hz: float | None = None

    def __post_init__(self) -> None:
        _known("baseline", self.baseline_hz, BASELINE_HZ)
        _known("low-pass", self.low_pass_hz, LOW_PASS_HZ)
        _known("mains", self.notch_hz, NOTCH_HZ)

    def __bool__(self) -> bool:
        return (self.baseline_hz, self.low_pass_hz, self.notch_hz) != (None, None, None)

    @property
    def state(self) -> str:
        """What a reader is told on the trace itself, as devices print it: "0.5\N{EN DASH}150 Hz, 50 Hz notch"."""
        notch = f"{self.notch_hz:g} Hz notch" if self.notch_hz else ""
        return ", ".join(part for part in (self._band, notch) if part) or NO_FILTER

    @property
    def is_diagnostic(self) -> bool:
        """Whether what is left above suffices to read amplitudes, notches and ST."""
        return self.low_pass_hz is None or self.low_pass_hz >= DIAGNOSTIC_LOW_PASS_HZ

    @property
    def _band(self) -> str:
        warning = "" if self.is_diagnostic else " (not diagnostic)"
        if self.baseline_hz and self.low_pass_hz:
            return f"{self.baseline_hz:g}\N{EN DASH}{self.low_pass_hz:g} Hz{warning}"
        if self.low_pass_hz:
            return f"low-pass {self.low_pass_hz:g} Hz{warning}"
        return f"high-pass {self.baseline_hz:g} Hz" if self.baseline_hz else ""


UNFILTERED: Final = Filters()


@dataclass(frozen=True, slots=True)
class _Section:
    sos: Any
    beyond: str
    """How a recording is thought on beyond its ends. Turned over (odd), a QRS that it ends in would double, and the
    high-pass swing; mirrored or held, it does not."""


def cut_filtered(recording: Recording, stretch: Stretch, filters: Filters) -> Window:
    """Cut a window out of a recording, filtered as asked; raises InvalidRequest and TooLarge as `cut` does.

    A filter that has nothing to remove at the recording's rate is left out and said to be.
    """
    window = cut(recording, stretch)
    possible = _possible(filters, recording.rate_hz)
    remarks = list(window.remarks)
    if possible != filters:
        remarks.append(_left_out(filters, possible, recording.rate_hz))
    signal = window.signal
    if possible:
        remarks += _told(possible)
        signal = _applied(recording, window, possible)
    return replace(window, signal=signal, remarks=tuple(remarks), filter=possible.state)


def _possible(filters: Filters, rate_hz: float) -> Filters:
    highest = HIGHEST_SHARE * rate_hz
    low_pass = filters.low_pass_hz if filters.low_pass_hz and filters.low_pass_hz < highest else None
    notch = filters.notch_hz if filters.notch_hz and filters.notch_hz < highest else None
    return Filters(filters.baseline_hz, low_pass, notch)


def _left_out(asked: Filters, possible: Filters, rate_hz: float) -> Remark:
    low_pass = None if possible.low_pass_hz else asked.low_pass_hz
    left_out = Filters(low_pass_hz=low_pass, notch_hz=None if possible.notch_hz else asked.notch_hz)
    text = (
        f"Not applied: {left_out.state}. This ECG is recorded at {rate_hz:g} Hz and has nothing above "
        f"{HIGHEST_SHARE * rate_hz:g} Hz to filter."
    )
    return Remark("filter_not_applied", text)


def _told(filters: Filters) -> list[Remark]:
    told = [Remark("filtered", f"Filtered with zero phase: {filters.state}.")]
    if not filters.is_diagnostic:
        text = f"{filters.low_pass_hz:g} Hz is no diagnostic bandwidth: amplitudes, notches and ST cannot be read."
        told.append(Remark("not_diagnostic", text))
    return told


def _applied(recording: Recording, window: Window, filters: Filters) -> Signal:
    first, margin = round(window.start_s * recording.rate_hz), round(MARGIN_S * recording.rate_hz)
    left = max(0, first - margin)
    wide = recording.signal[:, left : first + window.samples + margin].astype(np.float64)
    sections = _sections(filters, recording.rate_hz)
    for lead in wide:
        for start, stop in _recorded(lead):
            lead[start:stop] = _run(lead[start:stop], sections, filters, recording.rate_hz)
    return np.ascontiguousarray(wide[:, first - left : first - left + window.samples], dtype=np.float32)


def _sections(filters: Filters, rate_hz: float) -> list[_Section]:
    made: list[_Section] = []
    if filters.baseline_hz:
        at_hz = _moved(filters.baseline_hz, rate_hz, _TWICE)
        made.append(_Section(butter(_ORDER, at_hz, "highpass", fs=rate_hz, output="sos"), "even"))
    if filters.low_pass_hz:
        at_hz = _moved(filters.low_pass_hz, rate_hz, 1 / _TWICE)
        made.append(_Section(butter(_ORDER, at_hz, fs=rate_hz, output="sos"), "odd"))
    if filters.notch_hz:
        sos = tf2sos(*iirnotch(filters.notch_hz, filters.notch_hz / NOTCH_WIDTH_HZ, fs=rate_hz))
        made.append(_Section(sos, "constant"))
    return made


def _moved(at_hz: float, rate_hz: float, factor: float) -> float:
    """Return where a filter is to be put that is run twice; the bilinear transform bends frequencies."""
    return float(np.arctan(np.tan(np.pi * at_hz / rate_hz) * factor) * rate_hz / np.pi)


def _recorded(lead: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the runs of a lead without gaps: a filter would spread a gap over everything."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], np.isfinite(lead), [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _run(
    values: NDArray[np.float64], sections: list[_Section], filters: Filters, rate_hz: float
) -> NDArray[np.float64]:
    slowest_hz = filters.baseline_hz or NOTCH_WIDTH_HZ
    padding = min(len(values) - 1, round(rate_hz / slowest_hz))
    for section in sections:
        values = sosfiltfilt(section.sos, values, padtype=section.beyond, padlen=padding)
    return values
