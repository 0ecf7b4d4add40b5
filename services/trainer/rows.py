"""What service and worker share of the rows: reading one, and changing one together with the event that tells of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.shared.database.moments import in_utc
from services.shared.errors import NotFound
from services.trainer.tables import EVENTS, TRAININGS
from services.trainer.trainings import Event, EventKind, ModelName, Training, TrainingSpec

_SPEC: Final = TypeAdapter(TrainingSpec)


async def one(session: AsyncSession, training_id: str, tenant: str | None = None) -> Training:
    """Return a training; raises NotFound where there is none, or where it is another tenant's."""
    query = sa.select(TRAININGS).where(TRAININGS.c.training_id == training_id)
    if tenant is not None:
        query = query.where(TRAININGS.c.tenant == tenant)
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFound(f"There is no training {training_id[:80]!r} here. List the trainings to see what there is.")
    return training(row)


async def change(
    session: AsyncSession,
    training_id: str,
    *conditions: sa.ColumnElement[bool],
    told: tuple[EventKind, Mapping[str, Any]],
    **values: Any,
) -> bool:
    """Change a training where the conditions hold, and add the event that tells of it; say whether they held."""
    now = datetime.now(UTC)
    numbered = await session.execute(
        sa.update(TRAININGS)
        .where(TRAININGS.c.training_id == training_id, *conditions)
        .values({"events": TRAININGS.c.events + 1, "updated_at": now, **values})
        .returning(TRAININGS.c.events)
    )
    sequence = numbered.scalar_one_or_none()
    if sequence is None:
        return False
    kind, payload = told
    event = Event(sequence, kind, payload, now)
    await session.execute(
        sa.insert(EVENTS).values(
            training_id=training_id, sequence=sequence, kind=kind, payload_json=event.payload_json(), created_at=now
        )
    )
    return True


def spec_json(spec: TrainingSpec) -> str:
    """Return a spec as a row keeps it."""
    return _SPEC.dump_json(spec).decode()


def training(row: Any) -> Training:
    """Return the training that a row holds."""
    return Training(
        training_id=row.training_id,
        tenant=row.tenant,
        subject=row.subject,
        spec=_SPEC.validate_json(row.spec_json),
        state=row.state,
        created_at=in_utc(row.created_at),
        updated_at=in_utc(row.updated_at),
        row=row.id,
        epochs_done=row.epochs_done,
        attempts=row.attempts,
        launches=row.launches,
        waiting_for=row.waiting_for if row.state == "queued" else "",
        cancel_requested=row.cancel_requested,
        error_detail=row.error_detail,
        model=ModelName(row.model_name, row.model_version) if row.model_name else None,
    )


def event(row: Any) -> Event:
    """Return the event that a row holds."""
    return Event(row.sequence, row.kind, json.loads(row.payload_json), in_utc(row.created_at))
