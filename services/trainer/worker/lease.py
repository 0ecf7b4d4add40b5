"""A worker's hold on its training: claimed, kept alive, told of, ended. All of it is rows."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from services.shared.database import Database
from services.trainer import rows
from services.trainer.tables import TRAININGS
from services.trainer.trainings import EventKind, State, Training, later_by


class Lease:
    """One worker's hold on one training; a method that finds it lost says so."""

    def __init__(
        self,
        database: Database,
        training_id: str,
        worker: str,
        *,
        seconds: float,
        launch: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._training_id = training_id
        self._worker = worker
        self._seconds = seconds
        self._launch = launch
        self._clock = clock

    async def claim(self) -> Training | None:
        """Take a waiting training, or None where it does not wait any more, or for workers of a later launch."""
        meant = sa.true() if self._launch is None else TRAININGS.c.launches == self._launch
        async with self._database.session() as session:
            claimed = await rows.change(
                session,
                self._training_id,
                TRAININGS.c.state == "queued",
                meant,
                told=("state", {"state": "running"}),
                state="running",
                worker=self._worker,
                lease_until=self._until(),
            )
            return await rows.one(session, self._training_id) if claimed else None

    async def look(self) -> Training:
        """Return the training without taking it; raises NotFound."""
        async with self._database.session(read_only=True) as session:
            return await rows.one(session, self._training_id)

    async def renew(self) -> bool | None:
        """Keep the training; return whether it should be cancelled, or None where it is somebody else's by now."""
        async with self._database.session() as session:
            renewed = await session.execute(
                sa.update(TRAININGS)
                .where(TRAININGS.c.training_id == self._training_id, *self._mine())
                .values(lease_until=self._until())
                .returning(TRAININGS.c.cancel_requested)
            )
            asked = renewed.scalar_one_or_none()
        return None if asked is None else bool(asked)

    async def tell(self, kind: EventKind, payload: Mapping[str, Any], **values: Any) -> bool:
        """Add an event; say whether the training is still held."""
        values = {"lease_until": self._until(), **values}
        async with self._database.session() as session:
            return await rows.change(session, self._training_id, *self._mine(), told=(kind, payload), **values)

    async def end(self, state: State, detail: str = "") -> bool:
        """Give the training back in its last state; say whether it was still held."""
        told = {"state": state, "reason": detail} if detail else {"state": state}
        return await self.tell("state", told, state=state, error_detail=detail)

    async def give_back(self, reason: str, *, counts: bool = True) -> bool:
        """Let another worker go on later, unless the training should be cancelled; say whether it was still held.

        Without `counts` this attempt is not one of the few that a training has: the worker itself was fine.
        """
        told = {"state": "queued", "reason": reason}
        values: dict[str, Any] = {"lease_until": 0.0, "attempts": TRAININGS.c.attempts - 1}
        if counts:
            values = {"lease_until": self._clock() + later_by((await self.look()).attempts)}
        if await self.renew():
            return await self.end("cancelled")
        return await self.tell("state", told, state="queued", **values)

    def _mine(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (TRAININGS.c.state == "running", TRAININGS.c.worker == self._worker)

    def _until(self) -> float:
        return self._clock() + self._seconds
