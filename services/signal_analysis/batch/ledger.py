"""The rows of jobs in SQL."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.shared.database import Database
from services.shared.database.moments import in_utc
from services.shared.errors import Conflict, NotFound
from services.signal_analysis.batch.jobs import ENDED, Counts, Job
from services.signal_analysis.tables import JOBS

_ROW: Final = JOBS.c
_GOING_ON: Final = _ROW.state.not_in(ENDED)


class SqlJobs:
    """Jobs in SQL; each method is one transaction."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def create(self, job: Job) -> Job:
        """Add a queued job; where one of the same dataset has not ended, return that."""
        same = sa.select(JOBS).where(_ROW.tenant == job.tenant, _ROW.dataset_id == job.dataset_id, _GOING_ON)
        async with self._database.session() as session:
            row = (await session.execute(same.order_by(_ROW.id).limit(1))).first()
            if row is not None:
                return _job(row)
            values = {name: getattr(job, name) for name in ("job_id", "tenant", "subject", "dataset_id", "engine")}
            moments = {"created_at": job.created_at, "updated_at": job.updated_at, "checked_at": self._clock()}
            await session.execute(sa.insert(JOBS).values(state="queued", **values, **moments))
            return await _one(session, job.job_id)

    async def get(self, tenant: str, job_id: str) -> Job:
        """Return a job; raises NotFound where it is not the tenant's."""
        async with self._database.session(read_only=True) as session:
            return await _one(session, job_id, tenant)

    async def page(self, tenant: str, *, before: int | None, limit: int) -> list[Job]:
        """Return jobs, newest first."""
        query = sa.select(JOBS).where(_ROW.tenant == tenant).order_by(_ROW.id.desc()).limit(limit)
        return await self._all(query if before is None else query.where(_ROW.id < before))

    async def request_cancel(self, tenant: str, job_id: str) -> Job:
        """Cancel a waiting job, or ask the worker of a running one; raises Conflict where it has ended."""
        async with self._database.session() as session:
            found = await _one(session, job_id, tenant)
            if not await _change(session, job_id, _ROW.state == "queued", state="cancelled") and not await _change(
                session, job_id, _ROW.state == "running", cancel_requested=True
            ):
                raise Conflict(f"The job is {found.state} already, so it cannot be cancelled any more.")
            return await _one(session, job_id)

    async def claim(self, worker: str, *, seconds: float, max_attempts: int, engine: str) -> Job | None:
        """Take a job that waits or whose worker fell silent; None where there is none.

        It is the oldest of the department that nobody has worked for the longest.
        """
        now = self._clock()
        free = _free(now)
        next_one = _in_turn(free).limit(1).with_for_update(skip_locked=True, of=JOBS)
        async with self._database.session() as session:
            await session.execute(sa.update(JOBS).where(free, _ROW.attempts >= max_attempts).values(**_given_up()))
            job_id = await session.scalar(next_one)
            if job_id is None:
                return None
            taken = {"state": "running", "worker": worker, "lease_until": now + seconds, "engine": engine}
            taken["served_at"] = now
            if not await _change(session, job_id, free, attempts=_ROW.attempts + 1, **taken):
                return None
            return await _one(session, job_id)

    async def others_wait(self) -> bool:
        """Say whether a department waits that no worker is at work for."""
        now = self._clock()
        served = sa.select(_ROW.tenant).where(_ROW.state == "running", _ROW.lease_until >= now)
        waiting = sa.select(_ROW.job_id).where(_free(now), _ROW.tenant.not_in(served)).limit(1)
        async with self._database.session(read_only=True) as session:
            return await session.scalar(waiting) is not None

    async def keep(self, job: Job, worker: str, counts: Counts, *, seconds: float) -> bool:
        """Renew the lease and tell the progress; say whether to go on. Raises Conflict where it is another's by now."""
        told = {name: getattr(counts, name) for name in ("records", "done", "reused", "refused")}
        now = self._clock()
        async with self._database.session() as session:
            mine = (_ROW.worker == worker, _ROW.state == "running")
            if not await _change(session, job.job_id, *mine, lease_until=now + seconds, served_at=now, **told):
                raise Conflict("The job is another worker's by now, or is gone.")
            return not (await _one(session, job.job_id)).cancel_requested

    async def end(self, job: Job, worker: str, state: str, detail: str = "") -> None:
        """End a job that is this worker's."""
        async with self._database.session() as session:
            mine = (_ROW.worker == worker, _ROW.state == "running")
            await _change(session, job.job_id, *mine, state=state, error_detail=detail)

    async def give_back(self, job: Job, worker: str, *, seconds: float, excused: bool) -> None:
        """Let a job wait again for some seconds, for whoever comes then; an excused attempt does not count."""
        state = sa.case((_ROW.cancel_requested, "cancelled"), else_="queued")
        back = {"state": state, "worker": "", "lease_until": self._clock() + seconds}
        async with self._database.session() as session:
            mine = (_ROW.worker == worker, _ROW.state == "running")
            await _change(session, job.job_id, *mine, attempts=_ROW.attempts - int(excused), **back)

    async def older_ended(self, job: Job, *, keep: int) -> list[Job]:
        """Return the ended jobs of the same dataset but for the newest few."""
        same = (_ROW.tenant == job.tenant, _ROW.dataset_id == job.dataset_id, _ROW.state.in_(ENDED))
        return await self._all(sa.select(JOBS).where(*same).order_by(_ROW.id.desc()).offset(keep).limit(1000))

    async def forget(self, jobs: Sequence[Job]) -> None:
        """Delete the rows of jobs."""
        async with self._database.session() as session:
            await session.execute(sa.delete(JOBS).where(_ROW.job_id.in_([job.job_id for job in jobs])))

    async def forget_dataset(self, tenant: str, dataset_id: str) -> int:
        """Delete all rows of a dataset and return how many there were."""
        async with self._database.session() as session:
            gone = await session.execute(sa.delete(JOBS).where(_ROW.tenant == tenant, _ROW.dataset_id == dataset_id))
            return _count(gone)

    async def unchecked(self, *, older_than_s: float, limit: int) -> list[Job]:
        """Return ended jobs, one a dataset, whose dataset was not looked for lately; they count as looked for."""
        now = self._clock()
        newest = sa.select(sa.func.max(_ROW.id)).where(_ROW.state.in_(ENDED)).group_by(_ROW.tenant, _ROW.dataset_id)
        stale = sa.select(JOBS).where(_ROW.id.in_(newest), _ROW.checked_at < now - older_than_s)
        async with self._database.session() as session:
            found = [_job(row) for row in await session.execute(stale.order_by(_ROW.checked_at).limit(limit))]
            rows = [job.row for job in found]
            await session.execute(sa.update(JOBS).where(_ROW.id.in_(rows)).values(checked_at=now))
        return found

    async def _all(self, query: sa.Select[Any]) -> list[Job]:
        async with self._database.session(read_only=True) as session:
            return [_job(row) for row in await session.execute(query)]


def _free(now: float) -> sa.ColumnElement[bool]:
    """Return the condition under which anybody may take a job."""
    return sa.and_(_ROW.state.in_(("queued", "running")), _ROW.lease_until < now)


def _in_turn(free: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the names of jobs, those of the department first that nobody has worked for the longest."""
    served = sa.select(_ROW.tenant, sa.func.max(_ROW.served_at).label("at")).group_by(_ROW.tenant).subquery()
    named = sa.select(_ROW.job_id).join(served, served.c.tenant == _ROW.tenant)
    return named.where(free).order_by(served.c.at, _ROW.id)


def _given_up() -> dict[str, Any]:
    detail = (
        "The job was taken up several times, and each time its worker was lost before the end. "
        "Ask the site's administrator; what was measured so far is kept and not measured again."
    )
    cancelled = sa.case((_ROW.cancel_requested, "cancelled"), else_="failed")
    return {"state": cancelled, "error_detail": detail, "updated_at": datetime.now(UTC)}


async def _one(session: AsyncSession, job_id: str, tenant: str | None = None) -> Job:
    query = sa.select(JOBS).where(_ROW.job_id == job_id)
    row = (await session.execute(query if tenant is None else query.where(_ROW.tenant == tenant))).first()
    if row is None:
        raise NotFound(f"There is no job {job_id[:80]!r} here. List the jobs to see what there is.")
    return _job(row)


async def _change(session: AsyncSession, job_id: str, *conditions: Any, **values: Any) -> bool:
    changed = sa.update(JOBS).where(_ROW.job_id == job_id, *conditions)
    return bool(_count(await session.execute(changed.values(updated_at=datetime.now(UTC), **values))))


def _job(row: Any) -> Job:
    return Job(
        job_id=row.job_id,
        tenant=row.tenant,
        subject=row.subject,
        dataset_id=row.dataset_id,
        state=row.state,
        created_at=in_utc(row.created_at),
        updated_at=in_utc(row.updated_at),
        engine=row.engine,
        counts=Counts(row.records, row.done, row.reused, row.refused),
        row=row.id,
        attempts=row.attempts,
        cancel_requested=row.cancel_requested,
        error_detail=row.error_detail,
    )


def _count(result: Any) -> int:
    return int(result.rowcount)
