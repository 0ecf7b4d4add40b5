"""The worker's composition root: resources from settings, one training, an exit status."""

import asyncio
import os
import secrets
import sys
from contextlib import AsyncExitStack
from typing import Final

from services.shared.database import open_database
from services.shared.errors import InvalidRequest, PlatformError
from services.shared.messaging.opening import open_bus
from services.shared.observability import logs, tracing
from services.shared.settings import load
from services.shared.storage.opening import open_store
from services.trainer.announcing import BusAnnouncer
from services.trainer.settings import ProcessSettings, WorkerSettings
from services.trainer.worker.attempt import Attempt, Outside
from services.trainer.worker.lease import Lease

USAGE_EXIT_CODE: Final = 2
EVICTED_EXIT_CODE: Final = 75
"""The worker was told to leave; the training goes on elsewhere (EX_TEMPFAIL of sysexits.h)."""

_log = logs.get_logger(__name__)


def main(arguments: list[str]) -> int:
    """Work on the training named; return the exit status of the process."""
    training_id, launch = (*arguments[1:3], "", "")[:2]
    if not training_id or not (launch.isdigit() or not launch):
        sys.stderr.write("usage: python -m services.trainer.worker TRAINING_ID [LAUNCH]\n")
        return USAGE_EXIT_CODE
    try:
        settings = load(WorkerSettings)
    except InvalidRequest as error:
        sys.stderr.write(error.detail + "\n")
        return USAGE_EXIT_CODE
    logs.configure(settings.telemetry, deployable="trainer-worker")
    provider = tracing.configure(settings.telemetry, deployable="trainer-worker")
    os.nice(5)  # The service and the desktop of a laptop go first.
    try:
        done = asyncio.run(_work(settings, ProcessSettings(), training_id, int(launch) if launch else None))
    except PlatformError as error:
        _log.error("worker_failed", training_id=training_id, code=error.code.value, detail=error.detail)
        return 1
    finally:
        if provider is not None:
            provider.shutdown()
    return 0 if done else EVICTED_EXIT_CODE


async def _work(settings: WorkerSettings, process: ProcessSettings, training_id: str, launch: int | None) -> bool:
    async with AsyncExitStack() as stack:
        store = open_store(settings.storage)
        stack.push_async_callback(store.close)
        database = open_database(settings.database)
        stack.push_async_callback(database.close)
        announcer = None
        if settings.bus.kind != "local":  # A bus inside another process cannot be reached.
            bus = open_bus(settings.bus)
            stack.push_async_callback(bus.close)
            announcer = BusAnnouncer(bus)
        worker = secrets.token_hex(16)
        lease = Lease(database, training_id, worker, seconds=settings.lease_seconds, launch=launch)
        outside = Outside(store, lease, announcer, settings.lease_seconds, settings.precision)
        return await Attempt(outside, process).run()
