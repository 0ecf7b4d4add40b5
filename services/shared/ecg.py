"""What an ECG is on this platform: leads, units, recordings. Numpy only, no I/O.

Signals are float32 millivolt arrays of shape (leads, samples), leads in canonical order.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.shared.acquisition import NOT_STATED, Acquisition
from services.shared.errors import InvalidRequest

Signal = NDArray[np.float32]
"""Millivolt samples of shape (leads, samples)."""

STANDARD_LEADS: Final = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The canonical order of the twelve leads."""

MIMIC_LEADS: Final = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")
"""The order in which MIMIC-IV-ECG writes them."""

LEAD_LAYOUTS: Final = {"standard": STANDARD_LEADS, "mimic": MIMIC_LEADS}
"""Named lead orders a caller may declare for files that name no leads."""

MAX_RATE_HZ: Final = 100_000.0
MIN_RATE_HZ: Final = 10.0
MAX_ABS_MV: Final = 1_000.0
"""Beyond this no surface ECG is plausible, whatever the electrode: the unit must be wrong."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One decision taken while reading a file that its reader should know of.

    `code` is stable and machine-readable (e.g. "derived_leads"); `text` is a sentence for people.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """One ECG at its native rate, in physical millivolt.

    Raises InvalidRequest where the parts contradict each other or are implausible.
    """

    signal: Signal
    """(leads, samples), float32, millivolt; NaN where nothing was recorded."""
    leads: tuple[str, ...]
    rate_hz: float
    remarks: tuple[Remark, ...] = ()
    age_years: float | None = None
    sex: str | None = None
    """"female" or "male"."""
    patient: str | None = None
    """A pseudonym; never the file's own patient id."""
    acquisition: Acquisition = NOT_STATED

    def __post_init__(self) -> None:
        if self.signal.ndim != 2 or self.signal.dtype != np.float32:  # noqa: PLR2004 leads x samples
            raise InvalidRequest(
                f"A signal is a float32 array of leads x samples, not {self.signal.dtype} {self.signal.shape}."
            )
        if len(self.leads) != self.signal.shape[0]:
            raise InvalidRequest(f"{len(self.leads)} lead names were given for {self.signal.shape[0]} leads.")
        if len(set(self.leads)) != len(self.leads):
            raise InvalidRequest(f"A lead is named twice: {', '.join(self.leads)}.")
        if self.signal.shape[1] == 0:
            raise InvalidRequest("The recording has no samples.")
        if not MIN_RATE_HZ <= self.rate_hz <= MAX_RATE_HZ:
            raise InvalidRequest(
                f"A sampling rate of {self.rate_hz:g} Hz is impossible: expected {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz."
            )

    @property
    def samples(self) -> int:
        """The number of samples per lead."""
        return int(self.signal.shape[1])

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.samples / self.rate_hz


@dataclass(frozen=True, slots=True)
class StandardEcg:
    """Twelve canonical leads at a model's rate and length, ready for its preprocessing.

    Derived from a Recording, never stored instead of it.
    """

    signal: Signal
    """(12, samples), float32, millivolt."""
    rate_hz: float
    extended: bool = False
    """True where a shorter recording was extended to the length."""
    remarks: tuple[Remark, ...] = field(default=())
