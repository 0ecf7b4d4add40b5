"""How the tests of the bus listen to it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from services.shared.messaging import Message, WorkQueue

QUIET_SECONDS = 0.3


def new_queue() -> WorkQueue:
    name = f"contract-{uuid.uuid4().hex}"
    return WorkQueue(name, f"{name}.requested", ack_wait_seconds=0.6, max_deliveries=3, redelivery_delay_seconds=0.05)


class Recorder:
    """A handler that keeps what it gets, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.got: asyncio.Queue[Message] = asyncio.Queue()
        self._failures = failures

    async def __call__(self, message: Message) -> None:
        self.got.put_nowait(message)
        if self._failures > 0:
            self._failures -= 1
            raise ValueError("told to fail")

    async def next(self) -> Message:
        async with asyncio.timeout(20):
            return await self.got.get()

    async def next_of(self, count: int) -> list[Message]:
        return [await self.next() for _ in range(count)]

    async def stays_quiet(self, seconds: float = QUIET_SECONDS) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.got.get()
        except TimeoutError:
            return True
        return False


async def eventually(call: Callable[[], Awaitable[None]], *, until: Callable[[], bool]) -> None:
    """Call again and again until something has happened."""
    async with asyncio.timeout(20):
        while not until():
            await call()
            await asyncio.sleep(0.05)
