"""What a job is, and what is known of a record that it measures."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.shared.identity import Caller
from services.shared.signals import SignalRef

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a job is, in records."""

    records: int = 0
    done: int = 0
    reused: int = 0
    """Measured before, by the same engine."""
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One job as its row says."""

    job_id: str
    tenant: str
    subject: str
    """Who asked for it, and on whose behalf ingest is asked for the records."""
    dataset_id: str
    state: State
    created_at: datetime
    updated_at: datetime
    engine: str = ""
    counts: Counts = Counts()
    row: int = 0
    """Its place in the order in which jobs came."""
    attempts: int = 0
    cancel_requested: bool = False
    error_detail: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    @property
    def caller(self) -> Caller:
        """Whoever asked for it, with this service acting for them."""
        return Caller(self.tenant, self.subject).as_service()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a record of a dataset."""

    record_id: str
    file_name: str
    patient: str
    """A pseudonym; empty where unknown."""
    quality: str
    """The grade; empty of records that were never judged."""
    signal: SignalRef
    content: str
    """Names what the signal was made of: the same name, the same signal."""


def content_name(sha256: str, signal: SignalRef, scales: str) -> str:
    """Return a name for a signal: the original's digest with how it was read, whatever of that may differ."""
    read_as = (sha256, *signal.leads, str(signal.samples), repr(signal.rate_hz), scales)
    return hashlib.sha256("\n".join(read_as).encode()).hexdigest()
