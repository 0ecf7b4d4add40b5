"""Departments take turns, at the end of which nothing is lost."""

import pytest

from services.signal_analysis.batch.jobs import Counts
from services.signal_analysis.batch.progress import Pace, Progress
from services.signal_analysis.batch.worker import Worker
from services.signal_analysis.metrics import RECORDS
from tests.unit.services.signal_analysis.batch.rooms import Ground, job, known

pytestmark = pytest.mark.usefixtures("small_parts")
AT_ONCE = 1e-9
"""A turn that is over as soon as something was measured."""


async def worked(ground: Ground, worker: Worker) -> None:
    ground.clock.now += 1
    assert await worker.work_once()


async def test_a_long_job_lets_another_department_go_first_and_then_goes_on(ground: Ground) -> None:
    await ground.jobs.create(job())
    await ground.jobs.create(job("j2", "radiology"))
    replica = ground.replica(AT_ONCE)

    await worked(ground, replica)
    first = await ground.jobs.get("cardiology", "j1")
    await worked(ground, replica)
    second = await ground.jobs.get("radiology", "j2")

    assert (first.state, first.counts.done, first.attempts) == ("queued", 1, 0)
    assert (second.state, second.counts.done) == ("queued", 1)
    for _ in range(10):
        await worked(ground, replica)
    assert (await ground.state(), await ground.state("j2", "radiology")) == ("succeeded", "succeeded")
    assert ground.bench.measured_levels == [level for level in range(6) for _ in range(2)]
    assert (await ground.table())["level_mv"].to_pylist() == [0, 1, 2, 3, 4, 5]


async def test_a_job_that_nobody_waits_for_has_no_turns(ground: Ground) -> None:
    await ground.jobs.create(job())
    await ground.jobs.create(job("j2", dataset_id="d2"))

    await worked(ground, ground.replica(AT_ONCE))

    assert (await ground.state("j1"), await ground.state("j2")) == ("succeeded", "queued")


async def test_a_turn_that_is_not_over_goes_on_whoever_waits(ground: Ground) -> None:
    await ground.jobs.create(job())
    await ground.jobs.create(job("j2", "radiology"))

    await worked(ground, ground.replica())

    assert await ground.state("j1") == "succeeded"


async def test_a_department_that_another_replica_is_at_work_for_does_not_wait(ground: Ground) -> None:
    await ground.jobs.create(job("j2", "radiology"))
    await ground.jobs.claim("elsewhere", seconds=60, max_attempts=3, engine="1")
    await ground.jobs.create(job("j3", "radiology", "d2"))
    await ground.jobs.create(job())

    await worked(ground, ground.replica(AT_ONCE))

    assert await ground.state("j1") == "succeeded"


async def test_counts_go_on_over_turns(ground: Ground) -> None:
    ground.ward.living = [known(13), known(1), known(2)]
    await ground.jobs.create(job())
    await ground.jobs.create(job("j2", "radiology"))
    replica = ground.replica(AT_ONCE)

    for _ in range(6):
        await worked(ground, replica)

    counts = (await ground.jobs.get("cardiology", "j1")).counts
    assert counts == Counts(records=3, done=3, reused=0, refused=1)


async def test_another_replica_goes_on_after_a_turn(ground: Ground) -> None:
    await ground.jobs.create(job())
    await ground.jobs.create(job("j2", "radiology"))
    await worked(ground, ground.replica(AT_ONCE))
    ground.bench.measured_levels.clear()

    await worked(ground, ground.replica())
    await worked(ground, ground.replica())

    assert (await ground.state(), await ground.state("j2", "radiology")) == ("succeeded", "succeeded")
    assert ground.bench.measured_levels == [0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


async def test_ecgs_are_counted_by_what_became_of_them(ground: Ground) -> None:
    def counted() -> list[float]:
        return [RECORDS.labels(outcome)._value.get() for outcome in ("measured", "refused", "reused")]

    before = counted()
    ground.ward.living = [known(13), known(1)]
    await ground.jobs.create(job())
    await worked(ground, ground.replica())
    ground.ward.living.append(known(2))
    await ground.jobs.create(job("j2"))
    await worked(ground, ground.replica())

    assert [now - then for now, then in zip(counted(), before, strict=True)] == [2, 1, 2]


async def test_whoever_asked_to_stop_is_heard_before_others_go_first(ground: Ground) -> None:
    await ground.jobs.create(job())
    claimed = await ground.jobs.claim("w", seconds=60, max_attempts=3, engine="1")
    assert claimed is not None
    await ground.jobs.create(job("j2", "radiology"))
    await ground.jobs.request_cancel("cardiology", "j1")
    progress = Progress(ground.jobs, claimed, "w", Counts(records=9), Pace(60, AT_ONCE))

    assert await progress.more([]) == "cancelled"
