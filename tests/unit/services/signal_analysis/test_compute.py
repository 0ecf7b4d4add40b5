"""Analysis off the event loop."""

import asyncio
import sys
import threading

from services.signal_analysis.compute import Compute


async def test_analyses_run_one_at_a_time_beside_the_event_loop() -> None:
    compute = Compute()
    names = await asyncio.gather(*[compute.run(lambda: threading.current_thread().name) for _ in range(4)])

    await compute.close()

    assert len(set(names)) == 1
    assert names[0] != threading.current_thread().name


async def test_an_analysis_whose_caller_left_is_not_begun() -> None:
    compute, busy, begun = Compute(), threading.Event(), threading.Event()
    first = asyncio.create_task(compute.run(lambda: busy.wait(10)))
    second = asyncio.create_task(compute.run(begun.set))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)

    busy.set()
    await first
    await compute.close()

    assert not begun.is_set()


async def test_warming_loads_the_libraries() -> None:
    compute = Compute()
    await compute.warm()

    await compute.close()

    assert "rlign" in sys.modules
