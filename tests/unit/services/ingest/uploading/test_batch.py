import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from services.ingest.catalog.ledger import Committed
from services.ingest.catalog.mapping import stored
from services.ingest.records import NewRecord
from services.ingest.uploading import batch as batching
from services.ingest.uploading.batch import Batch, Held, Ready
from services.shared.acquisition import NOT_STATED
from services.shared.errors import StorageFull
from services.shared.signals import SignalRef

SIGNAL = np.zeros((12, 10), np.float32)


def ready(name: str) -> Ready:
    ref = SignalRef(f"signals/t/d/{name}.npy", 0, ("I",), 10, 500.0)
    return Ready(
        NewRecord(name, "t", "d", name, "csv", "0" * 64, ref, (), None, None, None, NOT_STATED, datetime.now(UTC)),
        SIGNAL,
    )


class Flushes:
    """Remembers the sizes of batches, and fails where it is told to."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.error: Exception | None = None

    async def __call__(self, items: Sequence[Ready]) -> list[Committed]:
        self.sizes.append(len(items))
        if self.error is not None:
            raise self.error
        return [Committed(stored(item.record), is_new=True) for item in items]


async def test_what_waits_together_is_flushed_together() -> None:
    flushes = Flushes()
    batch = Batch(flushes, Held())
    adding = [asyncio.create_task(batch.add(ready(str(n)))) for n in range(3)]
    await asyncio.sleep(0)

    batch.flush_now()
    done = await asyncio.gather(*adding)

    assert flushes.sizes == [3]
    assert [item.record.record_id for item in done] == ["0", "1", "2"]


async def test_nobody_waits_when_nothing_more_comes() -> None:
    flushes = Flushes()

    await Batch(flushes, Held()).add(ready("a"))

    assert flushes.sizes == [1]


async def test_a_full_batch_is_flushed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_RECORDS", 2)
    monkeypatch.setattr(batching, "QUIET_SECONDS", 60)
    monkeypatch.setattr(batching, "MAX_WAIT_SECONDS", 60)
    flushes = Flushes()
    batch = Batch(flushes, Held())

    await asyncio.gather(batch.add(ready("a")), batch.add(ready("b")))

    assert flushes.sizes == [2]


async def test_a_flush_that_fails_is_told_to_everybody_in_it() -> None:
    flushes = Flushes()
    flushes.error = StorageFull("The disk is full.")
    batch = Batch(flushes, Held())

    results = await asyncio.gather(batch.add(ready("a")), batch.add(ready("b")), return_exceptions=True)

    assert all(isinstance(result, StorageFull) for result in results)


async def test_who_waits_is_not_hurried_while_more_is_about_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "QUIET_SECONDS", 0.001)
    flushes, more = Flushes(), [True] * 5
    batch = Batch(flushes, Held(), lambda: bool(more) and more.pop())

    await asyncio.gather(batch.add(ready("a")), batch.add(ready("b")))

    assert flushes.sizes == [2]
    assert more == []


async def test_many_uploads_together_hold_no_more_than_one_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_BYTES", 3 * SIGNAL.nbytes)
    monkeypatch.setattr(batching, "QUIET_SECONDS", 60)
    monkeypatch.setattr(batching, "MAX_WAIT_SECONDS", 60)
    held, flushes = Held(), Flushes()
    first, second = Batch(flushes, held), Batch(flushes, held)
    waiting = [asyncio.create_task(first.add(ready(name))) for name in "ab"]
    await asyncio.sleep(0)

    await second.add(ready("c"))
    first.flush_now()
    await asyncio.gather(*waiting)

    assert flushes.sizes == [1, 2]
    assert held.size_bytes == 0
