"""Intervals as electrocardiographs measure them: on the average beat, at a level of its spatial velocity.

Cardiologists who mark every lead see QRS begin earlier and end later than devices measure it (LUDB: by 20 to 30 ms
together), so that marks and intervals follow two conventions; docs/measurements.md tells both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.signal_analysis.engine import qrs
from services.signal_analysis.engine.analysis import Analysis, Family
from services.signal_analysis.engine.families import BEFORE, Kind
from services.signal_analysis.engine.sampling import RATE_HZ, Samples
from services.signal_analysis.engine.velocity import Places, first_below, last_below, smooth, spatial, speed
from services.signal_analysis.measurements import Measurement, measured

SIGMA_MS: Final = 4.0
LEVEL: Final = 0.05
"""Of the largest spatial velocity of the average beat."""
P_SHIFT_MS: Final = (4.0, 2.0)
"""From the corners of P to where devices see it begin and end."""
QTC: Final[dict[str, Callable[[float, float], float]]] = {
    "qtc_fridericia": lambda qt_ms, rr_s: qt_ms / float(np.cbrt(rr_s)),
    "qtc_bazett": lambda qt_ms, rr_s: qt_ms / float(np.sqrt(rr_s)),
    "qtc_framingham": lambda qt_ms, rr_s: qt_ms + 154 * (1 - rr_s),
    "qtc_hodges": lambda qt_ms, rr_s: qt_ms + 1.75 * (60 / rr_s - 60),
}
"""From QT in ms and RR in s; the first is the platform's default."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Where the dominant beat's waves begin and end for a device, in samples of the average beat; None where absent."""

    qrs_onset: float
    qrs_offset: float
    p_onset: float | None
    p_offset: float | None
    t_offset: float | None

    @property
    def qrs_ms(self) -> float:
        """QRS duration."""
        return _ms(self.qrs_offset - self.qrs_onset)

    @property
    def p_ms(self) -> float | None:
        """P duration."""
        return None if self.p_onset is None or self.p_offset is None else _ms(self.p_offset - self.p_onset)

    @property
    def pr_ms(self) -> float | None:
        """From the onset of P to that of QRS."""
        return None if self.p_onset is None else _ms(self.qrs_onset - self.p_onset)

    @property
    def qt_ms(self) -> float | None:
        """From the onset of QRS to the end of T."""
        return None if self.t_offset is None else _ms(self.t_offset - self.qrs_onset)


def intervals_of(analysis: Analysis) -> Intervals:
    """Measure the dominant family of an analysis."""
    family = analysis.dominant
    onset, offset = _qrs(family, analysis.beats.trace.independent)
    p_onset = p_offset = None
    if family.p_wave is not None and not analysis.p_reason:
        p_onset, p_offset = (
            corner + shift * RATE_HZ / 1000 for corner, shift in zip(family.p_wave.corners, P_SHIFT_MS, strict=True)
        )
    return Intervals(onset, offset, p_onset, p_offset, None if family.t is None else family.t.offset)


def measured_intervals(analysis: Analysis | None, at: Intervals | None, reason: str) -> list[Measurement]:
    """Return durations, intervals and QTc, or why there are none."""
    if analysis is None or at is None:
        names = ("p_duration", "pr_interval", "qrs_duration", "qt_interval", *QTC)
        return [measured(name, None, "ms", reason) for name in names]
    rr_s, qt_ms = float(analysis.beats.intervals_s.mean()), at.qt_ms
    return [
        measured("p_duration", at.p_ms, "ms", analysis.p_reason),
        measured("pr_interval", at.pr_ms, "ms", analysis.p_reason),
        measured("qrs_duration", at.qrs_ms, "ms"),
        measured("qt_interval", qt_ms, "ms", analysis.t_reason),
        *(
            measured(name, None if qt_ms is None else formula(qt_ms, rr_s), "ms", analysis.t_reason)
            for name, formula in QTC.items()
        ),
    ]


def _qrs(family: Family, independent: Places) -> tuple[float, float]:
    velocity = spatial(speed(smooth(family.average, SIGMA_MS)), independent)
    shift = BEFORE - qrs.BEFORE
    core = qrs.core_of(velocity[shift : shift + qrs.BEFORE + qrs.AFTER], 30)
    level = np.array(LEVEL * core.largest)
    onset = _between(velocity, core.first + shift, float(level), back=True)
    offset = _between(velocity, core.last + shift, float(level), back=False)
    # What a pacing spike leaves moves, too: the QRS of a paced beat begins after it.
    return max(onset, family.qrs.onset) if family.kind is Kind.PACED else onset, offset


def _between(velocity: Samples, start: Places, level: float, *, back: bool) -> float:
    """Return where the velocity crosses a level, between samples."""
    if back:
        low = int(last_below(velocity, start, np.array(level)))
        high = min(low + 1, len(velocity) - 1)
    else:
        low = int(first_below(velocity, start, np.array(level)))
        high = max(low - 1, 0)
    rise = velocity[high] - velocity[low]
    share = (level - velocity[low]) / rise if rise > 0 else 0.0
    return low + float(np.clip(share, 0, 1)) * (high - low)


def _ms(samples: float) -> float:
    return samples * 1000 / RATE_HZ
