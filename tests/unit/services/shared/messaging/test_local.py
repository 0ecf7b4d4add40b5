import asyncio
from collections.abc import AsyncIterator

import pytest

from services.shared.messaging import DEDUP_SECONDS, WorkQueue
from services.shared.messaging.local import LocalBus
from tests.contract.recorder import Recorder

QUEUE = WorkQueue("unit", "unit.requested", redelivery_delay_seconds=7.0)


class HandClock:
    """A clock that goes on when told."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self.asked = asyncio.Event()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self._sleepers.append((self._now + seconds, awake))
        self.asked.set()
        await awake.wait()

    def go_on(self, seconds: float) -> None:
        self._now += seconds
        for until, awake in self._sleepers:
            if until <= self._now:
                awake.set()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def bus(clock: HandClock) -> AsyncIterator[LocalBus]:
    bus = LocalBus([QUEUE], clock=clock)
    yield bus
    await bus.close()


async def test_an_id_is_forgotten_after_the_window(bus: LocalBus, clock: HandClock) -> None:
    work = Recorder()

    await bus.publish(QUEUE.subject, b"1", dedup_id="same")
    clock.go_on(DEDUP_SECONDS - 1)
    await bus.publish(QUEUE.subject, b"2", dedup_id="same")
    clock.go_on(1)
    await bus.publish(QUEUE.subject, b"3", dedup_id="same")
    async with bus.consume(QUEUE, work):
        messages = await work.next_of(2)

    assert [message.data for message in messages] == [b"1", b"3"]
    assert work.got.empty()


async def test_failed_work_rests_before_it_comes_again(bus: LocalBus, clock: HandClock) -> None:
    work = Recorder(failures=1)

    async with bus.consume(QUEUE, work):
        await bus.publish(QUEUE.subject, b"job")
        await work.next()
        await clock.asked.wait()
        clock.go_on(6.9)
        quiet = await work.stays_quiet(0.05)
        clock.go_on(0.1)
        again = await work.next()

    assert quiet
    assert again.delivery == 2
