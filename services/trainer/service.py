"""The use cases of the trainer: ask for a training, look at it, follow it, cancel it, read its report."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from services.shared.errors import Conflict, InvalidRequest
from services.shared.identity import Caller
from services.shared.storage import ObjectStore
from services.trainer import architectures
from services.trainer.architectures import Architecture
from services.trainer.job import CHECKPOINTS, REPORT_FILES
from services.trainer.planning import Planner
from services.trainer.ports import Announcer, Doorbell, Trainings
from services.trainer.trainings import Event, Training, TrainingSpec

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
EVENTS_AT_ONCE: Final = 500
LISTEN_SECONDS: Final = 1.0
"""Without a doorbell, news are this old at most."""


@dataclass(frozen=True, slots=True)
class PageOfTrainings:
    """Some trainings, newest first, and where the list goes on."""

    trainings: tuple[Training, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report's name, size and bytes."""

    file_name: str
    size_bytes: int
    chunks: AsyncIterator[bytes]


class Trainer:
    """Trainings as a department sees them: its own."""

    def __init__(
        self, trainings: Trainings, planner: Planner, store: ObjectStore, announcer: Announcer, doorbell: Doorbell
    ) -> None:
        self._trainings = trainings
        self._planner = planner
        self._store = store
        self._announcer = announcer
        self._doorbell = doorbell

    async def architectures(self) -> tuple[Architecture, ...]:
        """Return what can be trained from scratch."""
        return await asyncio.to_thread(architectures.catalog)

    async def create(self, caller: Caller, spec: TrainingSpec) -> Training:
        """Queue a training; raises InvalidRequest, InvalidModel or NotFound where it could not succeed."""
        training_id = uuid.uuid4().hex
        plan = await self._planner.plan(caller, training_id, spec)
        await self._planner.write(plan)
        now = datetime.now(UTC)
        asked = Training(training_id, caller.tenant, caller.subject, plan.job.spec, "queued", now, now)
        training = await self._trainings.create(asked)
        await self._announcer.requested(training)
        return training

    async def get(self, caller: Caller, training_id: str) -> Training:
        """Return one training; raises NotFound."""
        return await self._trainings.get(caller.tenant, training_id)

    async def list(self, caller: Caller, *, limit: int, cursor: str) -> PageOfTrainings:
        """Return a page of trainings, newest first."""
        size = min(limit or DEFAULT_LIMIT, MAX_LIMIT)
        found = await self._trainings.page(caller.tenant, before=_position(cursor), limit=size + 1)
        shown = tuple(found[:size])
        return PageOfTrainings(shown, str(shown[-1].row) if len(found) > size else "")

    async def cancel(self, caller: Caller, training_id: str) -> Training:
        """Cancel a training, or ask its worker to; raises Conflict where it has ended."""
        training = await self._trainings.request_cancel(caller.tenant, training_id)
        if training.state == "cancelled":
            for name in CHECKPOINTS:
                await self._store.delete(training.key(name))
        await self._announcer.changed(training.tenant, training_id)
        return training

    async def watch(self, caller: Caller, training_id: str, after: int) -> AsyncIterator[Event]:
        """Yield the events of a training after a sequence number, then new ones until it has ended."""
        async with self._doorbell.listening(training_id) as ring:
            while True:
                # Looked at before the events, so that what happens between the two is seen in the next round.
                ended = (await self._trainings.get(caller.tenant, training_id)).ended
                events = await self._trainings.events(training_id, after=after, limit=EVENTS_AT_ONCE)
                for event in events:
                    yield event
                    after = event.sequence
                if not events and ended:
                    return
                if not events:
                    await ring.wait(LISTEN_SECONDS)

    async def report(self, caller: Caller, training_id: str, form: str) -> Report:
        """Return the report of a training that has succeeded, as "json" or "html"; raises Conflict otherwise."""
        name = REPORT_FILES.get(form or "json")
        if name is None:
            raise InvalidRequest(f"There is no report of the format {form[:40]!r}. Choose json or html.")
        training = await self._trainings.get(caller.tenant, training_id)
        if training.state != "succeeded":
            raise Conflict(f"The training is {training.state}; a report exists once it has succeeded.")
        info = await self._store.stat(training.key(name))
        return Report(name, info.size_bytes, self._store.stream(info.key))


def _position(cursor: str) -> int | None:
    if not cursor:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:  # noqa: PLR2004 fits 64 bits
        raise InvalidRequest("The cursor is not one of this list. Start from the beginning.")
    return int(cursor)
