"""Who claims objects for writing excludes, for a moment, who claims them for deletion."""

import zlib
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

_KEY: Final = zlib.crc32(b"einthoven ingest claims")


async def lock_claims(session: AsyncSession, *, alone: bool) -> None:
    """Keep others from claiming until the transaction ends: everybody, or only who wants to be alone.

    On SQLite one transaction writes at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        take = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        await session.execute(select(take(_KEY)))
