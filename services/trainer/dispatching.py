"""What happens to trainings without anybody asking: workers are started, lost ones replaced, models registered."""

import asyncio
import time
from typing import Final

from services.shared.errors import DeadlineExceeded, PlatformError, Unavailable
from services.shared.observability.logs import get_logger
from services.shared.observability.metrics import SWEPT
from services.shared.storage import ObjectStore
from services.trainer.job import CHECKPOINTS, MANIFEST_FILE, MODEL_FILE, REPORT_FILES
from services.trainer.metrics import TRAININGS_ENDED, WORKERS_LOST
from services.trainer.overseeing import Overseer
from services.trainer.ports import Announcer, Launcher, Models, Trainings
from services.trainer.trainings import Training

FILES: Final = (MODEL_FILE, *REPORT_FILES.values())
RETRY_SECONDS: Final = 15.0
"""Where a worker cannot be started, nobody tries again for this long."""
OTHERS_FIRST: Final = "Other trainings come first: no more than {} may be at work at once."
_LATER: Final = (Unavailable, DeadlineExceeded)

_log = get_logger(__name__)


class Dispatcher:
    """Moves trainings on; every step may be repeated, and several dispatchers may work on the same rows."""

    def __init__(  # noqa: PLR0913 its ports and its limits
        self,
        trainings: Trainings,
        launcher: Launcher,
        models: Models,
        store: ObjectStore,
        announcer: Announcer,
        *,
        launch_seconds: float,
        workers_at_once: int | None,
        max_attempts: int,
    ) -> None:
        self._trainings = trainings
        self._launcher = launcher
        self._models = models
        self._store = store
        self._announcer = announcer
        self._overseer = Overseer(
            trainings, launcher, announcer, launch_seconds=launch_seconds, max_attempts=max_attempts
        )
        self._launch_seconds = launch_seconds
        self._workers_at_once = workers_at_once
        self._max_attempts = max_attempts
        self._not_before = 0.0
        self._launching = asyncio.Lock()
        self._registering = asyncio.Lock()

    async def launch_waiting(self) -> None:
        """Start workers for waiting trainings, as many as may work at once; raises Unavailable."""
        async with self._launching:
            await self._overseer.look()  # Or those that still wait for a place would be started again.
            await self._launch()

    async def sweep(self) -> None:
        """See after all workers, replace lost ones, start waiting ones, register finished models."""
        try:
            async with self._launching:
                await self._overseer.look()
                await self._requeue_lost()
                await self._launch()
        finally:
            await self.register_exported()

    async def _requeue_lost(self) -> None:
        for lost in await self._trainings.requeue_lost(max_attempts=self._max_attempts):
            WORKERS_LOST.inc()
            _log.warning("worker_lost", training_id=lost.training_id, attempts=lost.attempts)
            await self._announcer.changed(lost.tenant, lost.training_id)

    async def _launch(self) -> None:
        while time.monotonic() >= self._not_before and (
            training := await self._trainings.claim_launch(seconds=self._launch_seconds, at_once=self._workers_at_once)
        ):
            try:
                await self._launcher.launch(training)
            except PlatformError as error:
                self._not_before = time.monotonic() + RETRY_SECONDS
                _log.warning("worker_not_launched", training_id=training.training_id, detail=error.detail)
                await self._trainings.withdraw_launch(training, error.detail)
                await self._announcer.changed(training.tenant, training.training_id)
            else:
                _log.info("worker_launched", training_id=training.training_id, attempt=training.attempts)
        if self._workers_at_once is not None:
            reason, most = OTHERS_FIRST.format(self._workers_at_once), self._workers_at_once
            for each in await self._trainings.tell_queue(reason, at_once=most):
                await self._announcer.changed(each.tenant, each.training_id)

    async def register_exported(self) -> None:
        """Put finished models into the store; one that cannot be put there now is tried again later."""
        async with self._registering:
            for training in await self._trainings.exported():
                try:
                    await self._register(training)
                except _LATER as error:
                    _log.warning("model_not_registered", training_id=training.training_id, detail=error.detail)
                except PlatformError as error:
                    await self._trainings.fail(training.training_id, error.detail)
                    TRAININGS_ENDED.labels(state="failed").inc()
                await self._announcer.changed(training.tenant, training.training_id)

    async def _register(self, training: Training) -> None:
        manifest = (await self._store.get(training.key(MANIFEST_FILE))).decode()
        model = await self._models.register(training, manifest, FILES)
        await self._trainings.succeed(training.training_id, model)
        for name in CHECKPOINTS:
            await self._store.delete(training.key(name))
        TRAININGS_ENDED.labels(state="succeeded").inc()
        _log.info("model_registered", training_id=training.training_id, model=model.name, version=model.version)


async def sweep_for_ever(dispatcher: Dispatcher, seconds: float) -> None:
    """Sweep every so often; what fails is tried again in the next sweep."""
    while True:
        try:
            await dispatcher.sweep()
        except PlatformError as error:
            _log.warning("sweep_failed", code=error.code.value, detail=error.detail)
        else:
            SWEPT.labels("trainings").set_to_current_time()
        await asyncio.sleep(seconds)
