"""What a writer is, and what it writes."""

from dataclasses import dataclass
from typing import Protocol

from services.ingest.exporting.annotations import NONE, Annotations
from services.shared.acquisition import NOT_STATED, Acquisition
from services.shared.ecg import Signal


@dataclass(frozen=True, slots=True)
class ExportedEcg:
    """One ECG on its way out, at the rate that was asked for."""

    record_id: str
    signal: Signal
    """(leads, samples), float32, millivolt; NaN where nothing was recorded."""
    leads: tuple[str, ...]
    rate_hz: float
    age_years: float | None = None
    sex: str | None = None
    patient: str | None = None
    """The pseudonym."""
    acquisition: Acquisition = NOT_STATED
    annotations: Annotations = NONE
    """At the rate of the signal; formats that have no place for them leave them out."""


class Writer(Protocol):
    """One export format; a module of this folder with these names is one."""

    NAME: str
    MEDIA_TYPE: str
    SUFFIX: str

    def write(self, ecg: ExportedEcg) -> bytes:
        """Return the ECG as a file; CPU work, safe to run in a thread."""
        ...
