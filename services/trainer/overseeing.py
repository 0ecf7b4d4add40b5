"""What the launcher says of its workers, put into the rows, and workers that nobody needs any more removed.

Nothing is remembered here: a service that starts again finds the workers of the one before by asking the launcher.
"""

from datetime import UTC, datetime
from typing import Final

from services.shared.observability.logs import get_logger
from services.trainer.metrics import WORKERS_LOST
from services.trainer.ports import Announcer, Launcher, Trainings, Workers
from services.trainer.trainings import Training

LEAVING_SECONDS: Final = 60.0
"""Workers that ended their training themselves have this long to end, too."""
_DONE: Final = frozenset({"exported", "succeeded", "failed", "cancelled"})

_log = get_logger(__name__)


class Overseer:
    """Compares workers with rows; every step may be repeated."""

    def __init__(
        self,
        trainings: Trainings,
        launcher: Launcher,
        announcer: Announcer,
        *,
        launch_seconds: float,
        max_attempts: int,
    ) -> None:
        self._trainings = trainings
        self._launcher = launcher
        self._announcer = announcer
        self._launch_seconds = launch_seconds
        self._max_attempts = max_attempts

    async def look(self) -> None:
        """Look at all workers once; raises Unavailable where the launcher does not know them at present."""
        there = await self._launcher.workers()
        rows = {each.training_id: each for each in await self._trainings.some({each.training_id for each in there})}
        for each in there:
            training = rows.get(each.training_id)
            if training is None:
                continue  # Of other rows than these; their Job's own time to live ends them.
            if training.launches == each.launch and training.state not in _DONE:
                await self._follow(training, each)
            elif _spent(training, each):
                await self._launcher.remove(each)
                _log.info("workers_removed", training_id=each.training_id, launch=each.launch, state=training.state)

    async def _follow(self, training: Training, workers: Workers) -> None:
        news = False
        if workers.standing == "failed":
            news = await self._trainings.lose(
                training, workers.reason, max_attempts=self._max_attempts, excused=workers.excused
            )
            if news:
                WORKERS_LOST.inc()
                _log.warning("workers_failed", training_id=training.training_id, detail=workers.reason)
        elif workers.standing == "waiting" and training.state == "queued":
            news = await self._trainings.hold(training, seconds=self._launch_seconds, reason=workers.reason)
        if news:
            await self._announcer.changed(training.tenant, training.training_id)


def _spent(training: Training, workers: Workers) -> bool:
    """Say whether nobody needs these workers any more, nor, where they failed, what their logs say."""
    if workers.standing == "failed":
        return training.state in {"cancelled", "succeeded"}
    if workers.standing == "working" and workers.launch == training.launches:
        return (datetime.now(UTC) - training.updated_at).total_seconds() > LEAVING_SECONDS
    return True
