"""The life of a deployable."""

import asyncio

import pytest

from services.shared.deployable import Deployable
from services.shared.errors import Unavailable
from services.shared.observability import metrics


class FakeServer:
    """A server that says what is done to it."""

    address = "127.0.0.1:1"

    def __init__(self, story: list[str]) -> None:
        self._story = story

    async def start(self) -> None:
        self._story.append("listens")

    async def stop(self) -> None:
        self._story.append("drained")

    async def leave(self) -> None:
        self._story.append("leaves")

    async def set_ready(self, *, ready: bool) -> None:
        self._story.append("ready" if ready else "not ready")


def deployable_of(story: list[str]) -> Deployable:
    return Deployable("fake", FakeServer(story))


async def test_steps_come_first_and_resources_close_last_opened_first() -> None:
    story: list[str] = []
    deployable = deployable_of(story)

    async def tell(what: str) -> None:
        story.append(what)

    deployable.on_close(lambda: tell("store closed"))
    deployable.on_close(lambda: tell("database closed"))
    deployable.on_start(lambda: tell("migrated"))

    await deployable.start()
    await deployable.stop()

    assert story == ["listens", "migrated", "ready", "drained", "database closed", "store closed"]


async def test_a_dependency_that_is_down_makes_it_not_ready() -> None:
    story: list[str] = []
    deployable = deployable_of(story)

    async def down() -> None:
        raise Unavailable("The store does not answer.")

    deployable.check("store", down)

    await deployable.start()
    await deployable.stop()

    assert story == ["listens", "not ready", "drained"]


async def test_a_step_that_fails_closes_what_was_opened() -> None:
    story: list[str] = []
    deployable = deployable_of(story)

    async def close() -> None:
        story.append("closed")

    async def fail() -> None:
        raise Unavailable("The database does not answer.")

    deployable.on_close(close)
    deployable.on_start(fail)

    with pytest.raises(Unavailable):
        await deployable.start()

    assert story == ["listens", "drained", "closed"]


async def test_background_work_ends_with_it() -> None:
    deployable = deployable_of([])
    running, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    deployable.background(work)

    await deployable.start()
    await asyncio.wait_for(running.wait(), 5)
    await deployable.stop()

    assert ended.is_set()


async def test_operators_see_which_dependency_is_down() -> None:
    deployable = deployable_of([])

    async def down() -> None:
        raise Unavailable("The store does not answer.")

    async def up() -> None: ...

    deployable.check("store", down)
    deployable.check("database", up)

    await deployable.start()
    await deployable.stop()

    seen = [metrics.DEPENDENCY_UP.labels("fake", name)._value.get() for name in ("store", "database")]
    assert seen == [0, 1]
    assert metrics.READY.labels("fake")._value.get() == 0


async def test_background_work_that_ends_by_a_fault_is_counted() -> None:
    deployable = deployable_of([])
    counted = metrics.BACKGROUND_ENDED.labels("fake")._value
    before = counted.get()

    async def work() -> None:
        raise Unavailable("The store does not answer.")

    deployable.background(work)

    await deployable.start()
    await asyncio.sleep(0)
    await deployable.stop()

    assert counted.get() == before + 1
