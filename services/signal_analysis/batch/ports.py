"""What measuring datasets needs of the world."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.shared.ecg import Signal
from services.shared.identity import Caller
from services.shared.signals import SignalRef
from services.signal_analysis.batch.jobs import Counts, Job, Known


class Jobs(Protocol):
    """The rows of jobs; each method is one transaction."""

    async def create(self, job: Job) -> Job:
        """Add a queued job; where one of the same dataset has not ended, return that."""
        ...

    async def get(self, tenant: str, job_id: str) -> Job:
        """Return a job; raises NotFound where it is not the tenant's."""
        ...

    async def page(self, tenant: str, *, before: int | None, limit: int) -> list[Job]:
        """Return jobs, newest first."""
        ...

    async def request_cancel(self, tenant: str, job_id: str) -> Job:
        """Cancel a waiting job, or ask the worker of a running one; raises Conflict where it has ended."""
        ...

    async def claim(self, worker: str, *, seconds: float, max_attempts: int, engine: str) -> Job | None:
        """Take a job that waits or whose worker fell silent; None where there is none.

        It is the oldest of the department that nobody has worked for the longest.
        """
        ...

    async def others_wait(self) -> bool:
        """Say whether a department waits that no worker is at work for."""
        ...

    async def keep(self, job: Job, worker: str, counts: Counts, *, seconds: float) -> bool:
        """Renew the lease and tell the progress; say whether to go on. Raises Conflict where it is another's by now."""
        ...

    async def end(self, job: Job, worker: str, state: str, detail: str = "") -> None:
        """End a job that is this worker's."""
        ...

    async def give_back(self, job: Job, worker: str, *, seconds: float, excused: bool) -> None:
        """Let a job wait again for some seconds, for whoever comes then; an excused attempt does not count."""
        ...

    async def older_ended(self, job: Job, *, keep: int) -> list[Job]:
        """Return the ended jobs of the same dataset but for the newest few."""
        ...

    async def forget(self, jobs: Sequence[Job]) -> None:
        """Delete the rows of jobs."""
        ...

    async def forget_dataset(self, tenant: str, dataset_id: str) -> int:
        """Delete all rows of a dataset and return how many there were."""
        ...

    async def unchecked(self, *, older_than_s: float, limit: int) -> list[Job]:
        """Return ended jobs, one a dataset, whose dataset was not looked for lately; they count as looked for."""
        ...


class Datasets(Protocol):
    """The departments' records."""

    async def records(self, caller: Caller, dataset_id: str) -> list[Known]:
        """Return the records as they are now; raises NotFound."""
        ...

    async def check(self, caller: Caller, dataset_id: str) -> None:
        """Raise NotFound where the caller has no such dataset."""
        ...


class SignalReader(Protocol):
    """Reads many stored signals."""

    def read_many(self, refs: Sequence[SignalRef], *, concurrency: int = 8) -> AsyncIterator[Signal]:
        """Yield signals in the order of the references."""
        ...


class Ring(Protocol):
    """One ear at the doorbell."""

    async def wait(self, seconds: float) -> bool:
        """Return when it rang since the last call, or after some seconds; say whether it rang."""
        ...


class Bell(Protocol):
    """Rings when a job waits."""

    async def ring(self, tenant: str, job_id: str) -> None:
        """Say that a job waits; best effort, for the row is the record."""
        ...

    def listening(self) -> AbstractAsyncContextManager[Ring]:
        """Listen to it."""
        ...
