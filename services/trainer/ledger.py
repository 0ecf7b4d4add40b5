"""The rows of trainings as the service sees them."""

import math
import time
from collections.abc import Callable, Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.shared.database import Database
from services.shared.errors import Conflict
from services.trainer import rows
from services.trainer.tables import EVENTS, TRAININGS
from services.trainer.trainings import ENDED, Event, ModelName, Training, later_by

_AT_WORK: Final = ("queued", "running")
LOST: Final = "The worker fell silent."
_NOBODY: Final = "nobody"
"""The worker of a training that lost its own; one that was started and has not come yet is still nameless."""


class SqlTrainings:
    """Trainings in SQL; each method is one transaction."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def create(self, training: Training) -> Training:
        """Add a queued training."""
        async with self._database.session() as session:
            values = {
                "training_id": training.training_id,
                "tenant": training.tenant,
                "subject": training.subject,
                "spec_json": rows.spec_json(training.spec),
                "state": "queued",
                "created_at": training.created_at,
                "updated_at": training.updated_at,
            }
            await session.execute(sa.insert(TRAININGS).values(values))
            await rows.change(session, training.training_id, told=("state", {"state": "queued"}))
            return await rows.one(session, training.training_id)

    async def get(self, tenant: str, training_id: str) -> Training:
        """Return a training; raises NotFound where it is not the tenant's."""
        async with self._database.session(read_only=True) as session:
            return await rows.one(session, training_id, tenant)

    async def page(self, tenant: str, *, before: int | None, limit: int) -> list[Training]:
        """Return trainings, newest first."""
        query = sa.select(TRAININGS).where(TRAININGS.c.tenant == tenant).order_by(TRAININGS.c.id.desc()).limit(limit)
        return await self._all(query if before is None else query.where(TRAININGS.c.id < before))

    async def request_cancel(self, tenant: str, training_id: str) -> Training:
        """Cancel a waiting training, or ask the worker of a running one; raises Conflict where it is too late."""
        async with self._database.session() as session:
            found = await rows.one(session, training_id, tenant)
            told = ("state", {"state": "cancelled"})
            waiting = TRAININGS.c.state == "queued"
            if not await rows.change(session, training_id, waiting, told=told, state="cancelled"):  # type: ignore[arg-type]
                asked = ("log", {"text": "Cancellation was asked for."})
                running = TRAININGS.c.state == "running"
                if not await rows.change(session, training_id, running, told=asked, cancel_requested=True):  # type: ignore[arg-type]
                    raise Conflict(f"The training is {found.state} already, so it cannot be cancelled any more.")
            return await rows.one(session, training_id)

    async def events(self, training_id: str, *, after: int, limit: int) -> list[Event]:
        """Return events after a sequence number, in order."""
        query = (
            sa.select(EVENTS)
            .where(EVENTS.c.training_id == training_id, EVENTS.c.sequence > after)
            .order_by(EVENTS.c.sequence)
            .limit(limit)
        )
        async with self._database.session(read_only=True) as session:
            return [rows.event(row) for row in await session.execute(query)]

    async def claim_launch(self, *, seconds: float, at_once: int | None) -> Training | None:
        """Take the oldest waiting training to start a worker for it; nobody else gets it for some seconds."""
        now = self._clock()
        free = sa.and_(TRAININGS.c.state == "queued", TRAININGS.c.lease_until < now)
        async with self._database.session() as session:
            busy = await _busy(session, now)
            oldest = sa.select(TRAININGS.c.training_id).where(free).order_by(TRAININGS.c.id).limit(1)
            oldest = oldest.with_for_update(
                skip_locked=True
            )  # Another dispatcher may be at it; SQLite has one at a time.
            training_id = await session.scalar(oldest)
            if training_id is None or (at_once is not None and busy >= at_once):
                return None
            claimed = await session.execute(
                sa.update(TRAININGS)
                .where(TRAININGS.c.training_id == training_id, free)
                .values(
                    lease_until=now + seconds,
                    attempts=TRAININGS.c.attempts + 1,
                    launches=TRAININGS.c.launches + 1,
                    waiting_for="",
                    worker="",
                )
            )
            return await rows.one(session, training_id) if _count(claimed) else None

    async def withdraw_launch(self, training: Training, reason: str) -> None:
        """Let a training wait again whose workers could not be started; the attempt does not count."""
        back = {"attempts": TRAININGS.c.attempts - 1, "launches": TRAININGS.c.launches - 1, "lease_until": 0.0}
        async with self._database.session() as session:
            await session.execute(sa.update(TRAININGS).where(*_launched(training, "queued")).values(**back))
            await _explain(session, training, reason)

    async def some(self, training_ids: Collection[str]) -> list[Training]:
        """Return the trainings of these that there are, whoever they belong to."""
        return await self._all(sa.select(TRAININGS).where(TRAININGS.c.training_id.in_(training_ids)))

    async def hold(self, training: Training, *, seconds: float, reason: str) -> bool:
        """Keep a launched training from others while its workers wait; say whether the reason is news."""
        held = sa.update(TRAININGS).where(*_launched(training, "queued")).values(lease_until=self._clock() + seconds)
        async with self._database.session() as session:
            return bool(_count(await session.execute(held))) and await _explain(session, training, reason)

    async def tell_queue(self, reason: str, *, at_once: int) -> list[Training]:
        """Where that many are at work, tell those that wait for them; return those for which it is news."""
        now = self._clock()
        unaware = sa.select(TRAININGS).where(
            TRAININGS.c.state == "queued", TRAININGS.c.lease_until < now, TRAININGS.c.waiting_for != reason
        )
        async with self._database.session() as session:
            if await _busy(session, now) < at_once:
                return []
            found = [rows.training(row) for row in await session.execute(unaware)]
            return [each for each in found if await _explain(session, each, reason)]

    async def lose(self, training: Training, reason: str, *, max_attempts: int, excused: bool) -> bool:
        """Queue a training again whose workers failed, or end one that had too many; say whether it was at work."""
        later = self._clock() + later_by(training.attempts)
        values = _after_loss(training, math.inf if excused else max_attempts, reason, later)
        if excused:
            values |= {"attempts": TRAININGS.c.attempts - 1, "lease_until": 0.0}
        told = {"state": values["state"], "reason": reason, "attempts": training.attempts}
        at_work = (*_launched(training, *_AT_WORK), TRAININGS.c.lease_until > 0)  # Else it was given back.
        async with self._database.session() as session:
            return await rows.change(session, training.training_id, *at_work, told=("state", told), **values)

    async def requeue_lost(self, *, max_attempts: int) -> list[Training]:
        """Queue trainings again whose worker fell silent, or end those that had too many; return them."""
        silent = sa.and_(
            TRAININGS.c.lease_until < self._clock(),
            sa.or_(
                TRAININGS.c.state == "running",
                sa.and_(TRAININGS.c.state == "queued", TRAININGS.c.attempts >= max_attempts),
            ),
        )
        async with self._database.session() as session:
            lost = [rows.training(row) for row in await session.execute(sa.select(TRAININGS).where(silent))]
            for each in lost:
                later = self._clock() + later_by(each.attempts)
                values = _after_loss(each, max_attempts, LOST, later)
                told = {"state": values["state"], "reason": LOST, "attempts": each.attempts}
                await rows.change(session, each.training_id, silent, told=("state", told), **values)
        return lost

    async def exported(self) -> list[Training]:
        """Return trainings whose model waits to be registered."""
        return await self._all(sa.select(TRAININGS).where(TRAININGS.c.state == "exported").order_by(TRAININGS.c.id))

    async def succeed(self, training_id: str, model: ModelName) -> None:
        """Say that an exported training's model is in the store."""
        told = {"state": "succeeded", "model": {"name": model.name, "version": model.version}}
        values = {"state": "succeeded", "model_name": model.name, "model_version": model.version}
        async with self._database.session() as session:
            await rows.change(session, training_id, TRAININGS.c.state == "exported", told=("state", told), **values)

    async def fail(self, training_id: str, detail: str) -> None:
        """End a training that has not ended, with the reason for people."""
        going_on = TRAININGS.c.state.not_in(ENDED)
        told = {"state": "failed", "reason": detail}
        async with self._database.session() as session:
            await rows.change(session, training_id, going_on, told=("state", told), state="failed", error_detail=detail)

    async def _all(self, query: sa.Select[Any]) -> list[Training]:
        async with self._database.session(read_only=True) as session:
            return [rows.training(row) for row in await session.execute(query)]


def _launched(training: Training, *states: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions under which a training is still at the launch that it was read at."""
    row = TRAININGS.c
    present = sa.or_(row.state == "running", row.worker == "")
    return row.training_id == training.training_id, row.launches == training.launches, row.state.in_(states), present


async def _busy(session: AsyncSession, now: float) -> int:
    """Return how many trainings are at work, or about to be."""
    at_work = sa.or_(TRAININGS.c.state == "running", TRAININGS.c.worker == "")
    leased = sa.and_(TRAININGS.c.state.in_(_AT_WORK), TRAININGS.c.lease_until >= now, at_work)
    return await session.scalar(sa.select(sa.func.count()).select_from(TRAININGS).where(leased)) or 0


async def _explain(session: AsyncSession, training: Training, reason: str) -> bool:
    news = (TRAININGS.c.state == "queued", TRAININGS.c.waiting_for != reason)
    values = {"waiting_for": reason, "updated_at": TRAININGS.c.updated_at}  # It still stands as it did.
    told = ("log", {"waiting_for": reason})
    return await rows.change(session, training.training_id, *news, told=told, **values)  # type: ignore[arg-type]


def _after_loss(training: Training, max_attempts: float, reason: str, later: float) -> dict[str, Any]:
    if training.cancel_requested:
        return {"state": "cancelled"}
    if training.attempts >= max_attempts:
        detail = (
            f"The training was started {training.attempts} times, and each time its worker was lost before the "
            f"end, the last time so: {reason} Ask the site's administrator, or train with a smaller batch."
        )
        return {"state": "failed", "error_detail": detail}
    return {"state": "queued", "lease_until": later, "worker": _NOBODY}


def _count(result: Any) -> int:
    return int(result.rowcount)
