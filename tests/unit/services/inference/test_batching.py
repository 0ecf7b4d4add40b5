import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from services.inference import metrics
from services.inference.batching import Batcher
from services.inference.runtime.base import Batch
from services.shared.errors import InvalidModel
from tests.unit.services.inference.fakes import FakeRuntime, ecgs, open_runtime


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def batcher(runtime: FakeRuntime, executor: ThreadPoolExecutor, *, size: int = 4, max_wait_ms: float = 0) -> Batcher:
    return Batcher(runtime, executor, label="m:1", size=size, max_wait_ms=max_wait_ms)


async def values(made: Batcher, rows: Batch) -> list[float]:
    return [float(value) for value in (await made.submit(rows))["scores"][:, 0]]


async def until_running(made: Batcher) -> None:
    """Let the loop hand the first run over."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert made._runs


async def test_every_caller_gets_exactly_its_own_rows(executor: ThreadPoolExecutor) -> None:
    runtime = FakeRuntime()
    made = batcher(runtime, executor)
    first = asyncio.create_task(values(made, ecgs(0)))
    await until_running(made)

    others = [asyncio.create_task(values(made, ecgs(*rows))) for rows in ((1,), (2, 3), (4,), (5, 6, 7))]
    await asyncio.sleep(0)
    runtime.gate.set()

    assert await asyncio.gather(first, *others) == [[0], [1], [2, 3], [4], [5, 6, 7]]
    assert runtime.batches == [1, 4, 3]


async def test_a_lone_request_does_not_wait(executor: ThreadPoolExecutor) -> None:
    made = batcher(open_runtime(), executor, max_wait_ms=60_000)

    async with asyncio.timeout(5):
        assert await values(made, ecgs(1)) == [1]


async def test_several_requests_wait_for_more_but_not_for_ever(executor: ThreadPoolExecutor) -> None:
    runtime = open_runtime()
    made = batcher(runtime, executor, max_wait_ms=20)

    async with asyncio.timeout(5):
        await asyncio.gather(values(made, ecgs(1)), values(made, ecgs(2)))

    assert runtime.batches == [2]


async def test_more_rows_than_a_run_holds_are_run_in_parts(executor: ThreadPoolExecutor) -> None:
    runtime = open_runtime()

    found = await values(batcher(runtime, executor), ecgs(*range(10)))

    assert found == list(range(10))
    assert max(runtime.batches) <= 4


async def test_one_callers_bad_rows_do_not_cost_the_others_theirs(executor: ThreadPoolExecutor) -> None:
    runtime = FakeRuntime()
    made = batcher(runtime, executor)
    first = asyncio.create_task(values(made, ecgs(0)))
    await until_running(made)

    good, bad, better = (asyncio.create_task(values(made, ecgs(value))) for value in (1, -1, 2))
    await asyncio.sleep(0)
    runtime.gate.set()
    found = await asyncio.gather(first, good, bad, better, return_exceptions=True)

    assert (found[0], found[1], found[3]) == ([0], [1], [2])
    assert isinstance(found[2], InvalidModel)


async def test_who_went_away_is_not_run(executor: ThreadPoolExecutor) -> None:
    runtime = FakeRuntime()
    made = batcher(runtime, executor)
    first = asyncio.create_task(values(made, ecgs(0)))
    await until_running(made)
    gone, stays = asyncio.create_task(values(made, ecgs(1))), asyncio.create_task(values(made, ecgs(2)))
    await asyncio.sleep(0)

    gone.cancel()
    await asyncio.sleep(0)
    runtime.gate.set()

    assert [await first, await stays] == [[0], [2]]
    assert runtime.batches == [1, 1]


async def test_a_model_that_answers_with_other_rows_is_refused(executor: ThreadPoolExecutor) -> None:
    runtime = open_runtime()
    runtime.answer = lambda batch: np.zeros((len(batch) + 1, 3), np.float32)

    with pytest.raises(InvalidModel, match="not one row each"):
        await batcher(runtime, executor).submit(ecgs(1))


async def test_who_comes_alone_gets_all_cores(executor: ThreadPoolExecutor) -> None:
    runtime = open_runtime()
    made = batcher(runtime, executor)

    await values(made, ecgs(1))
    alone = runtime.alone
    await asyncio.gather(*(values(made, ecgs(value)) for value in range(8)))

    assert (alone, runtime.alone) == (1, 1)


async def test_full_runs_are_beside_each_other_and_one_more_is_handed_over(executor: ThreadPoolExecutor) -> None:
    runtime = FakeRuntime(runs_at_once=2)
    made = batcher(runtime, executor, size=1)

    tasks = [asyncio.create_task(values(made, ecgs(value))) for value in range(4)]
    for _ in range(10):
        await asyncio.sleep(0)
    handed_over = len(made._runs)
    runtime.gate.set()

    assert await asyncio.gather(*tasks) == [[0], [1], [2], [3]]
    assert handed_over == 3


async def test_operators_see_how_many_wait(executor: ThreadPoolExecutor) -> None:
    runtime = FakeRuntime()
    made = batcher(runtime, executor, size=1)
    before = metrics.WAITING._value.get()
    first = asyncio.create_task(values(made, ecgs(0)))
    await until_running(made)

    others = [asyncio.create_task(values(made, ecgs(row))) for row in range(1, 5)]
    await asyncio.sleep(0)
    waiting = metrics.WAITING._value.get() - before
    runtime.gate.set()
    await asyncio.gather(first, *others)

    assert waiting == 4
    assert metrics.WAITING._value.get() == before
