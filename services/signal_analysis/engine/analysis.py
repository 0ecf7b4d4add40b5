"""What the engine finds in a window: beats, families of beats, and the waves of each."""

from dataclasses import dataclass, field

import numpy as np

from services.shared.ecg import Remark
from services.signal_analysis.engine.families import Kind
from services.signal_analysis.engine.p_wave import PWave
from services.signal_analysis.engine.sampling import RATE_HZ, Samples
from services.signal_analysis.engine.t_wave import TWave
from services.signal_analysis.engine.trace import Trace
from services.signal_analysis.engine.velocity import Places


@dataclass(frozen=True, slots=True)
class Mark:
    """Where one wave begins, peaks and ends, in samples at 500 Hz."""

    onset: float
    peak: float
    offset: float

    def moved(self, by: float) -> "Mark":
        """Return the mark so many samples later."""
        return Mark(self.onset + by, self.peak + by, self.offset + by)


@dataclass(frozen=True, slots=True)
class Beats:
    """The beats of a trace."""

    trace: Trace
    peaks: Places
    """(beats,) samples at 500 Hz: the largest deflection over all leads."""
    families: Places
    """(beats,) numbers of families."""
    kinds: tuple[Kind, ...]

    @property
    def intervals_s(self) -> Samples:
        """The RR intervals, one fewer than beats."""
        return np.diff(self.peaks) / RATE_HZ


@dataclass(frozen=True, slots=True)
class Found:
    """The beats of a window, or the reason why there are none."""

    beats: Beats | None
    usable: tuple[int, ...] = ()
    """Rows of the window that carry a signal."""
    reason: str = ""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """Beats that look alike, and the waves of their average in samples of it."""

    kind: Kind
    members: Places
    average: Samples
    """(leads, samples) mV, the R peak at families.BEFORE."""
    after_s: float
    """The median RR interval after its beats."""
    before_s: float
    """The median RR interval before them."""
    qrs: Mark
    t_wave: TWave | None
    p_wave: PWave | None
    t: Mark | None
    p: Mark | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """All waves of a window."""

    beats: Beats
    qrs: tuple[Mark, ...]
    """Per beat, like `t` and `p`."""
    t: tuple[Mark | None, ...]
    p: tuple[Mark | None, ...]
    families: tuple[Family, ...]
    """By number."""
    coherence: float
    """Of what precedes the QRS complexes; NaN where it cannot be told."""
    p_reason: str = ""
    """Why there is no P wave; empty where there is one."""
    t_reason: str = ""
    remarks: tuple[Remark, ...] = field(default=())

    @property
    def dominant(self) -> Family:
        """The family with most beats."""
        return max(self.families, key=lambda family: len(family.members))
