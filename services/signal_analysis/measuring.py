"""What is measured on a recording, in one call that any process can make."""

from dataclasses import dataclass
from typing import Final

from services.shared.ecg import Recording
from services.signal_analysis.engine.analysis import Analysis
from services.signal_analysis.engine.delineating import delineated
from services.signal_analysis.engine.finding import find_beats
from services.signal_analysis.engine.measuring import measure, measure_waves
from services.signal_analysis.engine.sampling import RATE_HZ
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.window import MAX_DURATION_S, Stretch, Window, cut

ENGINE_VERSION: Final = "1"
"""To be raised with every change of what is measured or how: what was kept before is measured again then."""


@dataclass(frozen=True, slots=True)
class PlacedWave:
    """One wave over all leads, in samples of the recording."""

    kind: str
    onset: int
    offset: int


def measure_recording(recording: Recording) -> tuple[Measurement, ...]:
    """Return what is measured on the first minute of a recording."""
    return measure(_first_minute(recording))


def annotate_recording(recording: Recording) -> tuple[tuple[Measurement, ...], tuple[PlacedWave, ...]]:
    """Return what `measure_recording` returns, and the waves that it was measured on."""
    window = _first_minute(recording)
    found = find_beats(window)
    analysis = delineated(found)
    return measure_waves(window, found, analysis), () if analysis is None else _placed(window, analysis)


def _placed(window: Window, analysis: Analysis) -> tuple[PlacedWave, ...]:
    """Return waves on the samples of a window, in the order in which they come."""
    marks = (("P", analysis.p), ("QRS", analysis.qrs), ("T", analysis.t))
    placed = [(mark.onset, mark.offset, kind) for kind, each in marks for mark in each if mark is not None]
    scale, last = window.rate_hz / RATE_HZ, window.samples - 1
    return tuple(
        PlacedWave(kind, max(0, round(onset * scale)), min(last, round(offset * scale)))
        for onset, offset, kind in sorted(placed)
    )


def _first_minute(recording: Recording) -> Window:
    return cut(recording, Stretch(duration_s=min(MAX_DURATION_S, recording.duration_s)))
