"""What is said of the quality of an ECG."""

from dataclasses import dataclass
from enum import StrEnum

from services.shared.ecg import Remark
from services.shared.quality.pacing import Pacing


class Flag(StrEnum):
    """What is wrong with one lead."""

    MISSING = "missing"
    FLAT = "flat"
    SATURATED = "saturated"
    MAINS = "mains"
    DRIFT = "drift"
    NOISE = "noise"
    SPIKES = "spikes"


class Grade(StrEnum):
    """How good an ECG is as a whole; grading.py has the rules."""

    GOOD = "good"
    USABLE = "usable"
    POOR = "poor"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """One lead: what is wrong with it, and the indices that say so (indices.py defines them).

    Of several judged stretches an index is that of the worst quarter.
    """

    lead: str
    flags: tuple[Flag, ...]
    is_lost: bool
    """Whether a flag is so severe that the lead is of no use."""
    missing_share: float
    """Of the samples, 0 to 1."""
    range_mv: float
    """Largest less smallest sample."""
    flat_s: float
    saturated_share: float
    mains_mv: float | None
    """The larger amplitude of 50 and 60 Hz; None where rate or length cannot tell."""
    drift_mv: float
    noise_mv: float
    spikes: float
    """Per 10 s."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What is said of one ECG; nothing of it is ever repaired."""

    grade: Grade
    reasons: tuple[Remark, ...]
    """Why the grade is no better, and what else a reader should know; each code once."""
    leads: tuple[LeadQuality, ...]
    residual_mv: float | None
    """The most that III, aVR, aVL and aVF are off what I and II say; None where they are not all there."""
    suspected_reversal: str | None
    """Which electrodes seem interchanged, e.g. "RA/LA" or "V1/V2"."""
    pacing: Pacing
    judged_s: float
    """How many seconds were judged; less than the recording where it is long."""

    @property
    def is_warning(self) -> bool:
        """Whether a reader must know before using the ECG: it is poor or unusable, or electrodes seem interchanged."""
        return self.grade in {Grade.POOR, Grade.UNUSABLE} or self.suspected_reversal is not None
