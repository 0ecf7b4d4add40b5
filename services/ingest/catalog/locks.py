"""Who claims objects for writing excludes, for a moment, who claims them for deletion."""

import zlib
from typing import Final

from sqlalchemy import Connection, func, select

_KEY: Final = zlib.crc32(b"einthoven ingest claims")


def lock_claims(connection: Connection, *, alone: bool) -> None:
    """Keep others from claiming until the transaction ends: everybody, or only who wants to be alone.

    On SQLite one transaction writes at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        take = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        connection.execute(select(take(_KEY)))
