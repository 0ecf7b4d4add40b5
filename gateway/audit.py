"""Who called what: a durable row for every call that could change something, written in batches."""

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter, Gauge
from sqlalchemy import insert
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.tables import AuditRow
from gateway.tracking import CLIENT_GONE, route_of
from services.shared.database import Database
from services.shared.errors import PlatformError
from services.shared.identity import Caller
from services.shared.observability.logs import get_logger
from services.shared.observability.metrics import PREFIX

FLUSH_SECONDS: Final = 0.5
"""A row is in the database about this long after its answer."""
BATCH_ROWS: Final = 500
MAX_WAITING: Final = 100_000
"""Rows kept while the database is away; then the oldest are written to the log instead."""
WAITING: Final = Gauge(f"{PREFIX}_audit_rows_waiting", "Rows of the audit trail that are not in the database yet.")
LOST: Final = Counter(
    f"{PREFIX}_audit_rows_lost", "Rows of the audit trail that went to the log instead of the database."
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_CHARS: Final = 200

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One call."""

    at: datetime
    caller: Caller
    method: str
    route: str
    target: str
    status: int
    request_id: str


class AuditTrail:
    """Takes entries at once and writes them soon."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.waiting: deque[Entry] = deque()
        """What is not written yet, oldest first."""

    def record(self, entry: Entry) -> None:
        """Take one entry."""
        self.waiting.append(entry)
        if len(self.waiting) > MAX_WAITING:
            self._give_up(self.waiting.popleft())
        WAITING.set(len(self.waiting))

    async def run(self) -> None:
        """Write what waits, until cancelled; a database that is away is waited for."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except PlatformError as error:
                _log.warning("audit_waits", rows=len(self.waiting), detail=error.detail)

    async def flush(self) -> None:
        """Write everything that waits; what could not be written waits on."""
        while self.waiting:
            batch = [self.waiting[place] for place in range(min(BATCH_ROWS, len(self.waiting)))]
            async with self._database.session() as session:
                await session.execute(insert(AuditRow), [_row(entry) for entry in batch])
            for _ in batch:
                self.waiting.popleft()
            WAITING.set(len(self.waiting))

    async def close(self) -> None:
        """Write the last entries, or log them where the database is away."""
        try:
            await self.flush()
        except PlatformError:
            while self.waiting:
                self._give_up(self.waiting.popleft())

    def _give_up(self, entry: Entry) -> None:
        LOST.inc()
        _log.error("audit_row_not_stored", **{name: str(value) for name, value in _row(entry).items()})


class Audited:
    """Records every call that could change something, with what came of it."""

    def __init__(self, app: ASGIApp, *, trail: AuditTrail) -> None:
        self._app = app
        self._trail = trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""
        caller = scope.get("state", {}).get("caller") if scope["type"] == "http" else None
        if caller is None or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        status = CLIENT_GONE

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except ClientDisconnect:
            raise
        except Exception:
            # Answered further out, as a fault of the platform.
            status = 500
            raise
        finally:
            self._trail.record(_entry(scope, caller, status))


def _entry(scope: Scope, caller: Caller, status: int) -> Entry:
    target = " ".join(f"{name}={value}" for name, value in scope.get("path_params", {}).items())
    return Entry(
        at=datetime.now(UTC),
        caller=caller,
        method=scope["method"][:16],
        route=route_of(scope)[:_MAX_CHARS],
        target=target[:_MAX_CHARS],
        status=status,
        request_id=scope["state"].get("request_id", ""),
    )


def _row(entry: Entry) -> dict[str, object]:
    return {
        "audit_id": uuid.uuid4().hex,
        "at": entry.at,
        "tenant": entry.caller.tenant,
        "subject": entry.caller.subject,
        "method": entry.method,
        "route": entry.route,
        "target": entry.target,
        "status": entry.status,
        "request_id": entry.request_id,
    }
