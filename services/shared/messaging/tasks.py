"""The background tasks of one bus."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager


class Tasks:
    """Tasks that end with the context that started them, or with the bus."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something until it ends or the bus does."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    @asynccontextmanager
    async def running(self, works: Iterable[Coroutine[None, None, None]]) -> AsyncIterator[None]:
        """Run something while the context is open."""
        tasks = [self.start(work) for work in works]
        try:
            yield
        finally:
            await _cancel(tasks)

    async def close(self) -> None:
        """Cancel everything and wait for its end."""
        await _cancel(list(self._running))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
