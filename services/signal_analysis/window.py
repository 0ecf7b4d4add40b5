"""The stretch of a recording that is looked at."""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from services.shared.ecg import Recording, Remark, Signal
from services.shared.errors import InvalidRequest, TooLarge

DEFAULT_DURATION_S: Final = 10.0
MAX_DURATION_S: Final = 60.0
MAX_VALUES: Final = 3_000_000
"""Leads times samples of one answer: 12 MB on the wire."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a window lies in its recording."""

    start_s: float = 0.0
    duration_s: float = DEFAULT_DURATION_S

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and self.start_s >= 0):
            raise InvalidRequest(f"A window starts at 0 s or later, not at {self.start_s:g} s.")
        if not 0 < self.duration_s <= MAX_DURATION_S:
            raise InvalidRequest(f"A window is at most {MAX_DURATION_S:g} s long, not {self.duration_s:g} s.")

    @classmethod
    def asked(cls, start_s: float, duration_s: float) -> Self:
        """Return the stretch a caller names, where a duration of 0 takes the default of 10 s."""
        return cls(start_s, duration_s or DEFAULT_DURATION_S)


FIRST: Final = Stretch()
"""The first 10 s."""


@dataclass(frozen=True, slots=True)
class Window:
    """The native signal (leads, samples) of a stretch, in millivolt; NaN where nothing was recorded."""

    signal: Signal
    leads: tuple[str, ...]
    rate_hz: float
    start_s: float = 0.0
    remarks: tuple[Remark, ...] = ()
    filter: str = "no filter"
    """What was done to the signal, in words."""

    @property
    def samples(self) -> int:
        """The number of samples per lead."""
        return int(self.signal.shape[1])

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.samples / self.rate_hz

    def milliseconds(self, duration_ms: float) -> int:
        """Return a duration in samples."""
        return round(duration_ms * self.rate_hz / 1000)


def cut(recording: Recording, stretch: Stretch) -> Window:
    """Cut a window out of a recording; a window that reaches past the end is shortened and says so.

    Raises InvalidRequest where it begins past the end, TooLarge where it holds more than one answer carries.
    """
    first = round(stretch.start_s * recording.rate_hz)
    if first >= recording.samples:
        raise InvalidRequest(
            f"The recording is {recording.duration_s:g} s long; a window cannot start at {stretch.start_s:g} s."
        )
    last = min(first + max(1, round(stretch.duration_s * recording.rate_hz)), recording.samples)
    _refuse_large(len(recording.leads) * (last - first), recording, stretch)
    signal = np.ascontiguousarray(recording.signal[:, first:last])
    window = Window(signal, recording.leads, recording.rate_hz, first / recording.rate_hz)
    missing_s = stretch.duration_s - window.duration_s
    if missing_s * recording.rate_hz < 1:
        return window
    shown = "all of it is" if first == 0 else f"its last {window.duration_s:g} s are"
    text = f"The recording is {recording.duration_s:g} s long: {shown} shown."
    return Window(signal, window.leads, window.rate_hz, window.start_s, (Remark("window_shortened", text),))


def _refuse_large(values: int, recording: Recording, stretch: Stretch) -> None:
    if values > MAX_VALUES:
        most = MAX_VALUES / len(recording.leads) / recording.rate_hz
        raise TooLarge(
            f"{stretch.duration_s:g} s of {len(recording.leads)} leads at {recording.rate_hz:g} Hz are more than one "
            f"answer carries: ask for at most {math.floor(most * 10) / 10:g} s."
        )
