"""Workers as processes of this machine, in a session of their own: they live on where the service dies.

Plain posix_spawn: asyncio and subprocess kill or complain about children that outlive them.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.shared.errors import Unavailable
from services.shared.observability.logs import get_logger
from services.trainer.trainings import Training

MODULE: Final = "services.trainer.worker"
REAP_SECONDS: Final = 1.0

_log = get_logger(__name__)


class LocalLauncher:
    """Starts `python -m services.trainer.worker TRAINING_ID` with an environment of its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self.running: dict[int, tuple[str, Path]] = {}
        """Training and log file of every worker started here that has not ended, by process id."""

    async def launch(self, training: Training) -> None:
        """Start a worker; raises Unavailable where the machine gives no process."""
        descriptor, name = await asyncio.to_thread(tempfile.mkstemp, ".log", f"einthoven-{training.training_id}-")
        command = [sys.executable, "-m", MODULE, training.training_id]
        redirect = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, descriptor, 1),
            (os.POSIX_SPAWN_DUP2, descriptor, 2),
        ]
        try:
            pid = os.posix_spawn(command[0], command, self._environment, file_actions=redirect, setsid=True)  # noqa: ASYNC221 returns at once
        except OSError as error:
            raise Unavailable(f"No worker can be started: {error.strerror}.") from error
        finally:
            os.close(descriptor)
        self.running[pid] = (training.training_id, Path(name))

    async def reap_for_ever(self) -> None:
        """Take note of workers that end; the log of one that ended well is removed."""
        while True:
            await self.reap_until_idle()
            await asyncio.sleep(REAP_SECONDS)

    async def reap_until_idle(self) -> None:
        """Return when every worker that was started here has ended."""
        while self.running:
            await asyncio.sleep(REAP_SECONDS)
            for pid in list(self.running):
                self._reap(pid)

    def _reap(self, pid: int) -> None:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            ended, status = pid, 0  # Somebody else waits for all children of this process.
        if not ended:
            return
        training_id, log = self.running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            log.unlink(missing_ok=True)
            _log.info("worker_ended", training_id=training_id)
        else:
            _log.warning("worker_died", training_id=training_id, exit_code=code, log=str(log))
