"""API keys in the gateway's database: made, found, listed, revoked."""

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from gateway.auth import ApiKey
from gateway.tables import ApiKeyRow
from gateway.tokens import fingerprint, new_api_key
from services.shared.database import Database
from services.shared.errors import InvalidRequest, NotFound
from services.shared.identity import ADMIN, MEMBER, Caller

GRANTABLE: Final = frozenset({MEMBER, ADMIN})
"""What a key may carry; the role of a service is never given to anybody."""
_MAX_SUBJECT_CHARS: Final = 200
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""It is part of object keys."""


class ApiKeyShelf:
    """The keys of a platform."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, sha256: str) -> ApiKey | None:
        """Return the key with this fingerprint."""
        async with self._database.session(read_only=True) as session:
            row = await session.scalar(select(ApiKeyRow).where(ApiKeyRow.sha256 == sha256))
        return None if row is None else _key(row)

    async def create(self, caller: Caller) -> tuple[str, str]:
        """Make a key out to somebody; return its id, and the key itself, which nobody will see again."""
        _check(caller)
        key = new_api_key()
        return await self._add(caller, key), key

    async def ensure(self, caller: Caller, key: str) -> None:
        """Have this very key, made out to somebody; a key that is there already stays as it is, even revoked."""
        if await self.find(fingerprint(key)) is not None:
            return
        try:
            await self._add(caller, key)
        except IntegrityError:
            # Another replica was faster.
            return

    async def list(self, tenant: str | None = None) -> list[ApiKey]:
        """Return the keys of one department, or all, oldest first."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.created_at, ApiKeyRow.key_id)
        if tenant is not None:
            query = query.where(ApiKeyRow.tenant == tenant)
        async with self._database.session(read_only=True) as session:
            return [_key(row) for row in await session.scalars(query)]

    async def revoke(self, key_id: str) -> None:
        """Take a key back; gateways that know it stop taking it within seconds."""
        async with self._database.session() as session:
            row = await session.get(ApiKeyRow, key_id)
            if row is None:
                raise NotFound(f"There is no API key {key_id!r}.")
            row.revoked_at = row.revoked_at or datetime.now(UTC)

    async def _add(self, caller: Caller, key: str) -> str:
        row = ApiKeyRow(
            key_id=uuid.uuid4().hex,
            sha256=fingerprint(key),
            tenant=caller.tenant,
            subject=caller.subject,
            roles=_joined(caller.roles),
            created_at=datetime.now(UTC),
        )
        async with self._database.session() as session:
            session.add(row)
        return row.key_id


def _check(caller: Caller) -> None:
    if not _TENANT.fullmatch(caller.tenant):
        raise InvalidRequest("A department is named by 1 to 63 of a-z, 0-9, '.', '_' and '-', a letter or digit first.")
    if unknown := caller.roles - GRANTABLE:
        raise InvalidRequest(f"A key may carry the roles {_joined(GRANTABLE)}, not {_joined(unknown)}.")
    if not 1 <= len(caller.subject) <= _MAX_SUBJECT_CHARS or not caller.subject.isprintable():
        raise InvalidRequest(f"A subject is a printable name of 1 to {_MAX_SUBJECT_CHARS} characters.")


def _key(row: ApiKeyRow) -> ApiKey:
    caller = Caller(row.tenant, row.subject, frozenset(filter(None, row.roles.split(","))))
    return ApiKey(row.key_id, row.sha256, caller, revoked=row.revoked_at is not None)


def _joined(roles: Iterable[str]) -> str:
    return ",".join(sorted(roles))
