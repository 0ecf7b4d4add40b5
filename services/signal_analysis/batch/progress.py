"""How far a job is: told at most once a second, with the answer whether to go on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.signal_analysis.batch.jobs import Counts, Job, State
from services.signal_analysis.batch.measured import Measured
from services.signal_analysis.batch.ports import Jobs
from services.signal_analysis.metrics import count

TELL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a worker may be at a job."""

    lease_seconds: float
    """A worker that tells nothing for this long counts as lost."""
    turn_seconds: float
    """After this long it lets other departments go first."""


class Progress:
    """One turn of a job; it begins when this is made."""

    def __init__(self, jobs: Jobs, job: Job, worker: str, counts: Counts, pace: Pace) -> None:
        self._jobs = jobs
        self._job = job
        self._worker = worker
        self._counts = counts
        self._pace = pace
        self._began = time.monotonic()
        self._told = 0.0

    async def more(self, group: Sequence[Measured]) -> State:
        """Count signals that were measured; say "running" where to go on, else how the job stands from now on.

        A turn ends only after something was measured in it, so that every turn brings a job on.
        """
        refused = sum(bool(each.refusal) for each in group)
        count("refused", refused)
        count("measured", len(group) - refused)
        counts = self._counts
        self._counts = replace(counts, done=counts.done + len(group), refused=counts.refused + refused)
        is_last = self._counts.done >= self._counts.records
        if not is_last and time.monotonic() - self._told < TELL_SECONDS:
            return "running"
        state = await self.tell()
        is_over = not is_last and time.monotonic() - self._began >= self._pace.turn_seconds
        return "queued" if state == "running" and is_over and await self._jobs.others_wait() else state

    async def tell(self) -> State:
        """Tell it now; say "running" where to go on, "cancelled" where somebody asked for that."""
        self._told = time.monotonic()
        goes_on = await self._jobs.keep(self._job, self._worker, self._counts, seconds=self._pace.lease_seconds)
        return "running" if goes_on else "cancelled"
