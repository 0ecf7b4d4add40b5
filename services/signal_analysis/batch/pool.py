"""Processes that measure: one per core, forked with the first job from one that has loaded what they need."""

import asyncio
import multiprocessing
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from services.signal_analysis.batch import capacity, one
from services.signal_analysis.batch.measured import Measured
from services.signal_analysis.batch.one import Measure, Task

AT_ONCE: Final = 8
"""Signals that travel together: 2 MB of ten-second ECGs."""
_AHEAD: Final = 3
"""Groups per process that wait: reading goes on while all measure."""
_CONTEXT: Final = multiprocessing.get_context("forkserver")
"""Never forked from this process: gRPC's threads would not survive it."""


class Pool:
    """Measures off this process, so that nobody who looks at an ECG waits for it."""

    def __init__(self, measure: Measure, processes: int = 0) -> None:
        self._measure = measure
        self._size = processes or capacity.processes()
        self._executor: ProcessPoolExecutor | None = None

    async def warm(self) -> None:
        """Load what measuring needs, so that no job waits a second for it; the processes are there at once."""
        _CONTEXT.set_forkserver_preload([self._measure.__module__, one.__name__])
        await asyncio.get_running_loop().run_in_executor(self._started(), one.measure_some, self._measure, [])

    async def measured(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[list[Measured]]:
        """Yield what is measured, in the order of the tasks, in groups of AT_ONCE and a last smaller one.

        Raises BrokenProcessPool where a process died; the next call starts fresh ones.
        """
        pending: deque[asyncio.Future[list[Measured]]] = deque()
        try:
            async for group in _grouped(tasks):
                pending.append(self._submitted(group))
                if len(pending) > self._size * _AHEAD:
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
        except BrokenProcessPool:
            await self.close()
            raise
        finally:
            for future in pending:
                future.cancel()

    async def close(self) -> None:
        """End the processes; those at work finish their group."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, wait=True, cancel_futures=True)

    def _submitted(self, group: list[Task]) -> "asyncio.Future[list[Measured]]":
        return asyncio.get_running_loop().run_in_executor(self._started(), one.measure_some, self._measure, group)

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(self._size, mp_context=_CONTEXT, initializer=one.prepare)
        return self._executor


async def _grouped(tasks: AsyncIterator[Task]) -> AsyncIterator[list[Task]]:
    group: list[Task] = []
    async for task in tasks:
        group.append(task)
        if len(group) == AT_ONCE:
            yield group
            group = []
    if group:
        yield group
