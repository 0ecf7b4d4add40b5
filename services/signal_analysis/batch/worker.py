"""Takes jobs up: one at a time in each replica, for each takes every core."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from typing import Final

from services.shared.errors import Conflict, DeadlineExceeded, NotFound, PlatformError, StorageFull, Unavailable
from services.shared.observability.logs import get_logger
from services.signal_analysis.batch.jobs import Job, State
from services.signal_analysis.batch.ports import Bell, Datasets, Jobs
from services.signal_analysis.batch.shelf import Shelf
from services.signal_analysis.metrics import JOB_SECONDS

KEPT_RESULTS: Final = 5
"""Results of one dataset; of older ones, the jobs go as well."""
MAX_ATTEMPTS: Final = 3
RETRY_SECONDS: Final = 15.0
CHECK_SECONDS: Final = 3600.0
"""How often a dataset is looked for whose erasure nobody told of."""
_CHECKED_AT_ONCE: Final = 20
_LATER: Final = (Unavailable, DeadlineExceeded, StorageFull)

_log = get_logger(__name__)


class Worker:
    """One replica's hands."""

    def __init__(
        self,
        jobs: Jobs,
        datasets: Datasets,
        shelf: Shelf,
        do: Callable[[Job, str], Awaitable[State]],
        *,
        engine: str,
        lease_seconds: float,
    ) -> None:
        self._jobs = jobs
        self._datasets = datasets
        self._shelf = shelf
        self._do = do
        self._engine = engine
        self._lease_seconds = lease_seconds
        self._name = uuid.uuid4().hex

    async def work_for_ever(self, bell: Bell, sweep_seconds: float) -> None:
        """Do what waits, then listen; a job whose bell was not heard is found by looking every so often."""
        async with bell.listening() as ring:
            while True:
                try:
                    while await self.work_once():
                        pass
                    await self.forget_the_gone()
                except PlatformError as error:
                    _log.warning("measuring_failed", code=error.code.value, detail=error.detail)
                await ring.wait(sweep_seconds)

    async def work_once(self) -> bool:
        """Do the job whose turn it is, or as much of it as its turn takes; say whether there was one."""
        job = await self._jobs.claim(
            self._name, seconds=self._lease_seconds, max_attempts=MAX_ATTEMPTS, engine=self._engine
        )
        if job is None:
            return False
        _log.info("measuring_began", job_id=job.job_id, attempt=job.attempts)
        try:
            await self._end(job, await self._do(job, self._name))
        except NotFound:
            await self.forget(job.tenant, job.dataset_id)
        except Conflict as error:
            _log.warning("measuring_taken_over", job_id=job.job_id, detail=error.detail)
            await self._leave_nothing(job)
        except _LATER as error:
            _log.warning("measuring_put_off", job_id=job.job_id, detail=error.detail)
            await self._jobs.give_back(job, self._name, seconds=RETRY_SECONDS, excused=True)
        except BrokenProcessPool:
            _log.error("measuring_process_died", job_id=job.job_id)
            await self._jobs.give_back(job, self._name, seconds=0, excused=False)
        except PlatformError as error:
            await self._jobs.end(job, self._name, "failed", error.detail)
            _took(job, "failed")
        except asyncio.CancelledError:
            await self._jobs.give_back(job, self._name, seconds=0, excused=True)
            raise
        return True

    async def _leave_nothing(self, job: Job) -> None:
        """Delete what was written after the dataset of a job was erased."""
        try:
            await self._datasets.check(job.caller, job.dataset_id)
        except NotFound:
            await self.forget(job.tenant, job.dataset_id)

    async def forget(self, tenant: str, dataset_id: str) -> None:
        """Delete what is left of a dataset that is gone: results first, then the jobs."""
        await self._shelf.drop_all(tenant, dataset_id)
        gone = await self._jobs.forget_dataset(tenant, dataset_id)
        if gone:
            _log.info("measurements_forgotten", dataset_id=dataset_id, jobs=gone)

    async def forget_the_gone(self) -> None:
        """Look for datasets that were not looked for lately, and delete what tells of ECGs that are gone."""
        for job in await self._jobs.unchecked(older_than_s=CHECK_SECONDS, limit=_CHECKED_AT_ONCE):
            try:
                living = await self._datasets.records(job.caller, job.dataset_id)
                await self._shelf.drop_foreign(job, frozenset(each.content for each in living))
            except NotFound:
                await self.forget(job.tenant, job.dataset_id)

    async def _end(self, job: Job, state: State) -> None:
        if state == "queued":
            _log.info("measuring_turn_ended", job_id=job.job_id)
            await self._jobs.give_back(job, self._name, seconds=0, excused=True)
            return
        await self._jobs.end(job, self._name, state)
        _took(job, state)
        older = await self._jobs.older_ended(job, keep=KEPT_RESULTS)
        for each in older:
            await self._shelf.drop(each)
        if older:
            await self._jobs.forget(older)
        _log.info("measuring_ended", job_id=job.job_id, state=state)


def _took(job: Job, state: State) -> None:
    JOB_SECONDS.labels(state).observe(max(0.0, (datetime.now(UTC) - job.created_at).total_seconds()))
