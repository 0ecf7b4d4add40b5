"""The catalog in SQL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.exchange.models import Draft, ModelVersion, StoredFile
from services.exchange.tables import FILES, MODELS, SITE_NAMES
from services.shared.database import Database
from services.shared.database.moments import in_utc
from services.shared.errors import AlreadyExists, Conflict, Internal

ATTEMPTS: Final = 5
"""How often the next version number is tried where others take it at the same moment."""


class SqlCatalog:
    """The rows of the store; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, draft: Draft) -> ModelVersion:
        """Take a version's name, not yet visible; the next number where the draft names none."""
        for _ in range(1 if draft.version else ATTEMPTS):
            try:
                async with self._database.session() as session:
                    return await _reserve(session, draft)
            except IntegrityError:
                continue
        if draft.version:
            raise AlreadyExists(
                f"The model {draft.name!r} already has a version {draft.version!r}, and versions never change. "
                "Name another version, or none to get the next number."
            )
        raise Conflict(f"Others store versions of {draft.name!r} at the same moment. Try again.")

    async def complete(self, row_id: int, manifest_json: str, files: Sequence[StoredFile]) -> ModelVersion:
        """Make a reserved version visible with its files, for good."""
        async with self._database.session() as session:
            made_ready = await session.execute(
                sa.update(MODELS)
                .where(MODELS.c.id == row_id, MODELS.c.ready.is_(False))
                .values(ready=True, manifest_json=manifest_json)
                .returning(MODELS.c.id)
            )
            if made_ready.first() is not None:
                await session.execute(sa.insert(FILES), [_file_row(row_id, file) for file in files])
            return await _one(session, row_id)

    async def abandon(self, row_id: int) -> None:
        """Free a reserved version that was never completed."""
        async with self._database.session() as session:
            await session.execute(sa.delete(MODELS).where(MODELS.c.id == row_id, MODELS.c.ready.is_(False)))

    async def unfinished(self, before: datetime) -> list[ModelVersion]:
        """Return reservations older than a moment."""
        query = sa.select(MODELS).where(MODELS.c.ready.is_(False), MODELS.c.created_at < before)
        async with self._database.session(read_only=True) as session:
            return await _versions(session, query)

    async def by_origin(self, tenant: str, origin_id: str) -> ModelVersion | None:
        """Return the visible version made from an origin, if there is one."""
        query = sa.select(MODELS).where(MODELS.c.tenant == tenant, MODELS.c.origin_id == origin_id, MODELS.c.ready)
        async with self._database.session(read_only=True) as session:
            return next(iter(await _versions(session, query)), None)

    async def find(self, tenant: str, name: str, version: str) -> ModelVersion | None:
        """Return one version that the department can see, its own before the site's; the newest where none is named."""
        own_first = sa.case((MODELS.c.tenant == tenant, 0), else_=1)
        query = _visible_to(tenant).where(MODELS.c.name == name).order_by(own_first, MODELS.c.id.desc()).limit(1)
        if version:
            query = query.where(MODELS.c.version == version)
        async with self._database.session(read_only=True) as session:
            return next(iter(await _versions(session, query)), None)

    async def page(self, tenant: str, name: str, *, before: int | None, limit: int) -> list[ModelVersion]:
        """Return versions that the department can see, newest first, of one model or of all where name is empty."""
        query = _visible_to(tenant).order_by(MODELS.c.id.desc()).limit(limit)
        if name:
            query = query.where(MODELS.c.name == name)
        if before is not None:
            query = query.where(MODELS.c.id < before)
        async with self._database.session(read_only=True) as session:
            return await _versions(session, query)

    async def publish(self, row_id: int) -> ModelVersion:
        """Show a version to the whole site; raises AlreadyExists where another department has the name."""
        try:
            async with self._database.session() as session:
                model = await _one(session, row_id)
                await _claim_name(session, model)
                await session.execute(sa.update(MODELS).where(MODELS.c.id == row_id).values(visibility="site"))
                return await _one(session, row_id)
        except IntegrityError:
            raise Conflict("The name is being published by somebody else at this moment. Try again.") from None


async def _reserve(session: AsyncSession, draft: Draft) -> ModelVersion:
    if draft.origin_id is not None and (begun := await _begun(session, draft)) is not None:
        return begun
    row = {
        "tenant": draft.tenant,
        "name": draft.name,
        "version": draft.version or await _next_version(session, draft),
        "origin": draft.origin,
        "origin_id": draft.origin_id,
        "visibility": "department",
        "ready": False,
        "manifest_json": "",
        "created_at": datetime.now(UTC),
    }
    inserted = await session.execute(sa.insert(MODELS).values(row).returning(MODELS.c.id))
    return await _one(session, inserted.scalar_one())


async def _begun(session: AsyncSession, draft: Draft) -> ModelVersion | None:
    """Return the reservation of an earlier attempt at the same origin, made young again."""
    same = sa.and_(MODELS.c.tenant == draft.tenant, MODELS.c.origin_id == draft.origin_id)
    found = next(iter(await _versions(session, sa.select(MODELS).where(same))), None)
    if found is not None and found.ready:
        raise Conflict("This origin was registered a moment ago. Ask again.")
    if found is not None:
        await session.execute(sa.update(MODELS).where(same).values(created_at=datetime.now(UTC)))
    return found


async def _next_version(session: AsyncSession, draft: Draft) -> str:
    query = sa.select(MODELS.c.version).where(MODELS.c.tenant == draft.tenant, MODELS.c.name == draft.name)
    numbers = [int(text) for text in await session.scalars(query) if text.isascii() and text.isdigit()]
    return str(max(numbers, default=0) + 1)


async def _claim_name(session: AsyncSession, model: ModelVersion) -> None:
    owner = await session.scalar(sa.select(SITE_NAMES.c.tenant).where(SITE_NAMES.c.name == model.name))
    if owner is None:
        await session.execute(sa.insert(SITE_NAMES).values(name=model.name, tenant=model.tenant))
    elif owner != model.tenant:
        raise AlreadyExists(
            f"Another department has published a model named {model.name!r}. "
            "Store yours under another name to publish it."
        )


def _visible_to(tenant: str) -> sa.Select[Any]:
    visible = sa.or_(MODELS.c.tenant == tenant, MODELS.c.visibility == "site")
    return sa.select(MODELS).where(MODELS.c.ready, visible)


async def _one(session: AsyncSession, row_id: int) -> ModelVersion:
    found = await _versions(session, sa.select(MODELS).where(MODELS.c.id == row_id))
    if not found:
        raise Internal(f"The row {row_id} of a model that is being written is gone.")
    return found[0]


async def _versions(session: AsyncSession, query: sa.Select[Any]) -> list[ModelVersion]:
    rows = (await session.execute(query)).all()
    ids = [row.id for row in rows]
    files: dict[int, list[StoredFile]] = {row_id: [] for row_id in ids}
    if ids:
        of_these = sa.select(FILES).where(FILES.c.model_id.in_(ids)).order_by(FILES.c.file_name)
        for row in await session.execute(of_these):
            files[row.model_id].append(_file(row))
    return [_version(row, files[row.id]) for row in rows]


def _version(row: Any, files: Sequence[StoredFile]) -> ModelVersion:
    return ModelVersion(
        row_id=row.id,
        tenant=row.tenant,
        name=row.name,
        version=row.version,
        origin=row.origin,
        visibility=row.visibility,
        manifest_json=row.manifest_json,
        files=tuple(files),
        created_at=in_utc(row.created_at),
        ready=row.ready,
    )


def _file(row: Any) -> StoredFile:
    return StoredFile(row.file_name, row.object_key, row.sha256, row.size_bytes, row.media_type)


def _file_row(row_id: int, file: StoredFile) -> dict[str, Any]:
    return {
        "model_id": row_id,
        "file_name": file.file_name,
        "object_key": file.object_key,
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "media_type": file.media_type,
    }
