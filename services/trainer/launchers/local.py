"""Workers as processes of this machine, in a session of their own: they live on where the service dies.

Plain posix_spawn: asyncio and subprocess kill or complain about children that outlive them.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.shared.errors import Unavailable
from services.shared.observability.logs import get_logger
from services.trainer.launchers.commands import on_one_machine
from services.trainer.ports import Workers
from services.trainer.trainings import Training

REAP_SECONDS: Final = 1.0
"""How often it is looked whether a worker has ended."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """A worker's first process: itself, or torchrun where it is several."""

    training_id: str
    launch: int
    log: Path


class LocalLauncher:
    """Starts `python -m services.trainer.worker TRAINING_ID LAUNCH` with an environment of its own.

    It knows the workers of its own life only: those of a service before it hold their trainings by their leases.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self.running: dict[int, Process] = {}
        """Every worker started here that has not ended, by process id."""
        self._ended: list[Workers] = []

    async def launch(self, training: Training) -> None:
        """Start a worker; raises Unavailable where the machine gives no process."""
        descriptor, name = await asyncio.to_thread(tempfile.mkstemp, ".log", f"einthoven-{training.training_id}-")
        command = [sys.executable, *on_one_machine(training)]
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
        self.running[pid] = Process(training.training_id, training.launches, Path(name))

    async def workers(self) -> list[Workers]:
        """Return those that work, and once each that ended."""
        ended, self._ended = self._ended, []
        return [_workers(pid, each) for pid, each in self.running.items()] + ended

    async def remove(self, workers: Workers) -> None:
        """Tell a worker that still works to end."""
        pid = int(workers.name)
        if pid in self.running:
            with contextlib.suppress(ProcessLookupError):  # It ended by itself just now.
                os.killpg(pid, signal.SIGTERM)

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
        process = self.running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        workers = _workers(pid, process)
        if code == 0:
            process.log.unlink(missing_ok=True)
            _log.info("worker_ended", training_id=process.training_id)
            self._ended.append(workers.standing_as("done"))
        else:
            _log.warning("worker_died", training_id=process.training_id, exit_code=code, log=str(process.log))
            self._ended.append(workers.standing_as("failed", f"The worker died with exit status {code}."))


def _workers(pid: int, process: Process) -> Workers:
    return Workers(str(pid), process.training_id, process.launch, "working")
