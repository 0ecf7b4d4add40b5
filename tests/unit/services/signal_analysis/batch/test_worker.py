"""What a replica does with jobs: measuring, going on, stopping, forgetting."""

import asyncio
from typing import Any

import pytest

from services.signal_analysis.batch import tables
from tests.unit.services.signal_analysis.batch.rooms import Ground, job, known

pytestmark = pytest.mark.usefixtures("small_parts")


async def test_a_job_ends_with_a_table_and_leaves_no_parts(ground: Ground) -> None:
    await ground.jobs.create(job())

    assert await ground.replica().work_once()

    assert await ground.state() == "succeeded"
    assert (await ground.table())["level_mv"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert await ground.objects() == ["derived/cardiology/d/measured/1/j1-table.parquet"]


async def test_an_ecg_that_the_engine_stumbles_over_costs_no_other(ground: Ground) -> None:
    ground.ward.living = [known(12), known(13), known(14)]
    await ground.jobs.create(job())

    await ground.replica().work_once()

    table, counts = await ground.table(), (await ground.jobs.get("cardiology", "j1")).counts
    assert table["level_mv"].to_pylist() == [12, None, 14]
    assert "ValueError" in table["refusal"].to_pylist()[1]
    assert (counts.done, counts.refused) == (3, 1)


async def test_a_lost_replicas_job_goes_on_elsewhere_from_what_was_measured(ground: Ground) -> None:
    await ground.jobs.create(job())
    hung = asyncio.Event()

    def hang(number: int) -> None:
        if number == 5 and not hung.is_set():
            hung.set()
            raise SystemExit

    ground.ward.on_read = hang
    with pytest.raises(SystemExit):
        await ground.replica().work_once()
    assert await ground.state() == "running"

    assert not await ground.replica().work_once()
    ground.clock.now += 61
    await ground.replica().work_once()

    assert await ground.state() == "succeeded"
    assert (await ground.table())["level_mv"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert ground.bench.measured_levels == [0, 1, 2, 3, 4, 4, 5]


async def test_a_process_that_dies_again_and_again_ends_the_job(ground: Ground) -> None:
    ground.bench.breaks_after = 0
    await ground.jobs.create(job())

    for _ in range(4):
        ground.clock.now += 1
        await ground.replica().work_once()

    assert await ground.state() == "failed"


async def test_a_cancelled_job_stops_and_its_measurements_serve_the_next(ground: Ground) -> None:
    await ground.jobs.create(job())
    asked: list[asyncio.Task[Any]] = []

    def cancel(number: int) -> None:
        if number == 2:
            asked.append(asyncio.ensure_future(ground.jobs.request_cancel("cardiology", "j1")))

    ground.ward.on_read = cancel
    await ground.replica().work_once()
    await asyncio.gather(*asked)
    before = len(ground.bench.measured_levels)

    await ground.jobs.create(job("j2"))
    await ground.replica().work_once()

    assert await ground.state("j1") == "cancelled"
    assert before < 6
    assert len(ground.bench.measured_levels) == 6
    assert (await ground.table("j2")).num_rows == 6


async def test_an_ecg_erased_meanwhile_is_in_nothing_that_was_kept(ground: Ground) -> None:
    await ground.jobs.create(job())

    def erase(number: int) -> None:
        if number == 5:
            ground.ward.living = ground.ward.living[1:]

    ground.ward.on_read = erase
    await ground.replica().work_once()

    assert await ground.state() == "succeeded"
    assert (await ground.table())["record_id"].to_pylist() == ["r1", "r2", "r3", "r4", "r5"]
    for key in await ground.objects():
        assert "c0" not in tables.read(await ground.store.get(key))[tables.CONTENT].to_pylist()


async def test_a_dataset_erased_meanwhile_leaves_nothing(ground: Ground) -> None:
    await ground.jobs.create(job())

    def erase(number: int) -> None:
        if number == 4:
            ground.ward.is_there = False

    ground.ward.on_read = erase
    await ground.replica().work_once()

    assert await ground.objects() == []
    assert await ground.jobs.page("cardiology", before=None, limit=9) == []


async def test_a_dataset_whose_erasure_nobody_told_of_is_found(ground: Ground) -> None:
    await ground.jobs.create(job())
    replica = ground.replica()
    await replica.work_once()
    ground.ward.is_there = False
    ground.clock.now += 3601

    await replica.forget_the_gone()

    assert await ground.objects() == []
    assert await ground.jobs.page("cardiology", before=None, limit=9) == []


async def test_results_of_one_dataset_are_bounded(ground: Ground) -> None:
    replica = ground.replica()
    for number in range(7):
        await ground.jobs.create(job(f"j{number}"))
        await replica.work_once()

    assert len(await ground.objects()) == 5
    assert len(await ground.jobs.page("cardiology", before=None, limit=9)) == 5
    assert len(ground.bench.measured_levels) == 6


async def test_a_replica_that_is_told_to_stop_gives_its_job_back_at_once(ground: Ground) -> None:
    await ground.jobs.create(job())
    reading = asyncio.Event()
    ground.ward.on_read = lambda _: reading.set()
    task = asyncio.create_task(ground.replica().work_once())
    await reading.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ground.clock.now += 0.1
    await ground.replica().work_once()

    assert await ground.state() == "succeeded"
    assert (await ground.jobs.get("cardiology", "j1")).attempts == 1
