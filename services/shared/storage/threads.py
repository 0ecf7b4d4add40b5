"""Blocking I/O of the storage adapters, kept off the event loop and off the threads that compute."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
_LIST_BATCH = 500


class Threads:
    """A bounded number of threads, started when needed."""

    def __init__(self, name: str, count: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)

    async def run(self, call: Callable[..., Result], *arguments: object) -> Result:
        """Call in a thread and wait for the result."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)

    def start(self, call: Callable[..., Result], *arguments: object) -> asyncio.Future[Result]:
        """Call in a thread without waiting for the result."""
        return asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)

    async def iterate(self, items: Iterator[Result]) -> AsyncIterator[Result]:
        """Step through a blocking iterator, a batch per hop into a thread."""
        while batch := await self.run(_take, items):
            for item in batch:
                yield item

    async def close(self) -> None:
        """Let running calls end, and end the threads."""
        await asyncio.to_thread(self._pool.shutdown)


def _take(items: Iterator[Result]) -> list[Result]:
    return list(itertools.islice(items, _LIST_BATCH))
