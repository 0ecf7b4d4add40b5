"""One worker's attempt at one training: claim it, keep it, do it, say how it ended."""

import asyncio
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.shared.errors import Cancelled, Conflict, DeadlineExceeded, PlatformError, StorageFull, Unavailable
from services.shared.observability.logs import get_logger
from services.shared.storage import ObjectStore
from services.trainer.job import CHECKPOINTS
from services.trainer.learning.recipe import Precision
from services.trainer.ports import Announcer
from services.trainer.settings import ProcessSettings
from services.trainer.trainings import Training
from services.trainer.worker.bridge import Reporter
from services.trainer.worker.lease import Lease
from services.trainer.worker.making import Maker

RENEWALS_PER_LEASE: Final = 6
NOTES_SECONDS: Final = 0.5
_LATER: Final = (Unavailable, DeadlineExceeded, StorageFull)
INTERNAL: Final = "The training failed for a reason of the platform's own; its administrator finds it in the logs."

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outside:
    """What an attempt needs from outside."""

    store: ObjectStore
    lease: Lease
    announcer: Announcer | None
    lease_seconds: float
    precision: Precision


class Attempt:
    """One attempt; the leading process of several holds the lease, the others only compute."""

    def __init__(self, outside: Outside, process: ProcessSettings) -> None:
        self._outside = outside
        self._process = process
        self._reporter = Reporter()
        self._lost = False
        self._unwanted = False

    async def run(self) -> bool:
        """Do the training, if it waits for a worker; say whether it is done with, however it ended.

        Raises nothing that is not the machine's fault.
        """
        if self._process.rank > 0:
            return await self._follow(await self._outside.lease.look())
        training = await self._outside.lease.claim()
        if training is None:
            raise Conflict("The training does not wait for a worker any more.")
        _log.info("training_claimed", training_id=training.training_id, attempt=training.attempts)
        await self._announce(training)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.leave)
        keeping = asyncio.create_task(self._keep())
        writing = asyncio.create_task(self._write_notes(training))
        try:
            return await self._lead(training)
        finally:
            for task in (keeping, writing):
                task.cancel()
            await asyncio.gather(keeping, writing, return_exceptions=True)
            await self._announce(training)

    def leave(self) -> None:
        """End soon and let another worker go on from the checkpoint."""
        self._reporter.stop()

    async def _follow(self, training: Training) -> bool:
        """Compute along with the leading process, which alone speaks of it."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.leave)
        try:
            with tempfile.TemporaryDirectory(prefix="einthoven-") as scratch:
                await self._maker(Path(scratch)).make(training, self._process)
        except Cancelled:
            return False  # The leading process knows why.
        return True

    async def _lead(self, training: Training) -> bool:
        """Say whether the training is done with."""
        lease = self._outside.lease
        try:
            with tempfile.TemporaryDirectory(prefix="einthoven-") as scratch:
                await self._maker(Path(scratch)).make(training, self._process)
            await self._flush(training)
            await lease.end("exported")
        except Cancelled:
            return await self._stopped(training)
        except _LATER as error:
            await lease.give_back(error.detail)
            return False
        except PlatformError as error:
            await self._fail(error.detail)
        except MemoryError:
            await self._fail("The training needs more memory than there is. Train with a smaller batch or dataset.")
        except Exception:
            await self._fail(INTERNAL)
            raise
        return True

    async def _stopped(self, training: Training) -> bool:
        """Say how it ends before its end; whoever did not ask for that was told to leave, here or beside us."""
        if self._unwanted:
            await self._outside.lease.end("cancelled")
            for name in CHECKPOINTS:
                await self._outside.store.delete(training.key(name))
        elif not self._lost:
            await self._outside.lease.give_back("The machine asked the worker to leave.", counts=False)
        return self._unwanted

    def _maker(self, scratch: Path) -> Maker:
        return Maker(self._outside.store, self._reporter, scratch, self._outside.precision)

    async def _fail(self, detail: str) -> None:
        _log.warning("training_failed", detail=detail)
        await self._outside.lease.end("failed", detail)

    async def _keep(self) -> None:
        """Renew the lease; stop the training where it should be cancelled or is somebody else's by now."""
        while True:
            try:
                asked = await self._outside.lease.renew()
            except PlatformError as error:
                _log.warning("lease_not_renewed", code=error.code.value, detail=error.detail)
            else:
                self._lost, self._unwanted = asked is None, bool(asked)
                if asked is not False:
                    self._reporter.stop()
            await asyncio.sleep(self._outside.lease_seconds / RENEWALS_PER_LEASE)

    async def _write_notes(self, training: Training) -> None:
        while True:
            await asyncio.sleep(NOTES_SECONDS)
            try:
                await self._flush(training)
            except PlatformError as error:
                _log.warning("events_not_written", code=error.code.value, detail=error.detail)

    async def _flush(self, training: Training) -> None:
        notes = self._reporter.taken()
        try:
            while notes:
                kind, payload = notes[0]
                values = {"epochs_done": payload["epoch"]} if kind == "epoch" else {}
                if not await self._outside.lease.tell(kind, payload, **values):
                    raise Cancelled("The training is somebody else's by now.")
                notes.pop(0)
                await self._announce(training)
        finally:
            self._reporter.put_back(notes)

    async def _announce(self, training: Training) -> None:
        if self._outside.announcer is not None:
            await self._outside.announcer.changed(training.tenant, training.training_id)
