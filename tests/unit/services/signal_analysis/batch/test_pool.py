"""Processes that measure."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import psutil
import pytest

from services.shared.ecg import Recording
from services.signal_analysis.batch.one import Task
from services.signal_analysis.batch.pool import Pool
from services.signal_analysis.measurements import Measurement
from services.signal_analysis.measuring import measure_recording


def die(_: Recording) -> tuple[Measurement, ...]:
    os._exit(1)


async def tasks(count: int) -> AsyncIterator[Task]:
    for _ in range(count):
        yield np.zeros((2, 5000), np.float32), ("I", "II"), 500.0


async def test_results_come_in_groups_in_the_order_of_the_signals() -> None:
    pool = Pool(measure_recording, 1)

    groups = [group async for group in pool.measured(tasks(10))]
    await pool.close()

    assert [len(group) for group in groups] == [8, 2]
    assert all(one.values["heart_rate_per_min"] is None and not one.refusal for group in groups for one in group)


async def test_a_process_that_dies_is_told_and_replaced() -> None:
    pool = Pool(die, 1)

    for _ in range(2):
        with pytest.raises(BrokenProcessPool):
            _ = [group async for group in pool.measured(tasks(1))]

    await pool.close()


WARM_FOR_EVER = """
import asyncio
from services.signal_analysis.batch.pool import Pool
from services.signal_analysis.measuring import measure_recording

async def serve():
    pool = Pool(measure_recording, 1)
    await pool.warm()
    print("warm", flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""


def test_nothing_outlives_a_service_that_is_killed() -> None:
    service = subprocess.Popen([sys.executable, "-c", WARM_FOR_EVER], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    assert service.stdout.readline() == "warm\n"
    measuring = psutil.Process(service.pid).children(recursive=True)

    service.kill()
    service.communicate()

    _, alive = psutil.wait_procs(measuring, timeout=20)
    assert len(measuring) >= 2
    assert alive == []
