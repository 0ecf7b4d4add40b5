"""Erasure: gone from everywhere when the call returns, and after a crash with the next sweep."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from einthoven.events.v1 import events_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from services.shared.errors import NotFound, Unavailable
from services.shared.messaging import subjects
from services.shared.rpc.convert import ref_from_pb
from services.shared.storage.filesystem import FolderStore
from tests.contract.ingest_on_the_wire import BEN, OnTheWire, Wire, closed, opened, settings_of
from tests.unit.services.ingest.ecgs import csv_of, twelve_leads


def csv(seed: int) -> tuple[str, bytes]:
    return f"{seed}.csv", csv_of(twelve_leads(seed=seed))


async def delete_record(wire: Wire, record_id: str) -> None:
    await wire.ask("DeleteRecord", pb.DeleteRecordRequest(record_id=record_id))


class TestErasure(OnTheWire):
    async def test_a_record_leaves_its_shard_and_the_others_stay_where_they_are(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        await delete_record(wire, (await wire.one(dataset_id, csv(9))).record_id)
        lines = await wire.upload(dataset_id, csv(1), csv(2), csv(3))
        records = {line.file_name: line.record for line in lines}
        assert len({record.signal.shard_key for record in records.values()}) == 1
        before = await wire.version(dataset_id)

        await delete_record(wire, records["2.csv"].record_id)

        with pytest.raises(NotFound):
            await wire.ask("GetRecord", pb.GetRecordRequest(record_id=records["2.csv"].record_id))
        assert not (await wire.signals.read(ref_from_pb(records["2.csv"].signal))).any()
        for seed in (1, 3):
            stored = await wire.signals.read(ref_from_pb(records[f"{seed}.csv"].signal))
            np.testing.assert_array_equal(stored, twelve_leads(seed=seed))
        assert f"originals/cardiology/{records['2.csv'].sha256}" not in await wire.keys()
        assert len(await wire.keys("originals/")) == 2
        assert await wire.version(dataset_id) > before

    async def test_the_last_record_takes_its_shard_with_it(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        lines = await wire.upload(dataset_id, csv(1), csv(2))

        await asyncio.gather(*(delete_record(wire, line.record.record_id) for line in lines))

        assert await wire.keys() == []

    async def test_an_original_stays_while_another_record_of_the_department_has_it(self, wire: Wire) -> None:
        first = await wire.one(await wire.dataset("a"), csv(1))
        second = await wire.one(await wire.dataset("b"), csv(1))
        theirs = await wire.one(await wire.dataset("a", BEN), csv(1), BEN)

        await delete_record(wire, first.record_id)
        assert f"originals/cardiology/{first.sha256}" in await wire.keys()
        await delete_record(wire, second.record_id)

        assert await wire.keys("originals/") == [f"originals/surgery/{theirs.sha256}"]

    async def test_what_was_derived_from_a_dataset_goes_as_well(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        record = await wire.one(dataset_id, csv(1))
        await wire.store.put(f"derived/cardiology/{dataset_id}/2-abc.npy", b"derived")
        await wire.store.put("derived/cardiology/other/2-abc.npy", b"of another")

        await delete_record(wire, record.record_id)

        assert await wire.keys("derived/") == ["derived/cardiology/other/2-abc.npy"]

    async def test_erased_bytes_may_come_again(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        record = await wire.one(dataset_id, csv(1))
        await delete_record(wire, record.record_id)

        again = await wire.one(dataset_id, csv(1))

        assert again.record_id != record.record_id
        np.testing.assert_array_equal(await wire.signals.read(ref_from_pb(again.signal)), twelve_leads(seed=1))

    async def test_a_dataset_goes_with_everything_and_its_name_is_free(self, wire: Wire) -> None:
        dataset_id, other = await wire.dataset("a"), await wire.dataset("b")
        await wire.upload(dataset_id, csv(1), csv(2))
        await wire.put_labels(dataset_id, b"file_name,label\n1.csv,X\n")
        kept = await wire.one(other, csv(1))
        await wire.store.put(f"derived/cardiology/{dataset_id}/2-abc.npy", b"derived")

        answer = await wire.ask("DeleteDataset", pb.DeleteDatasetRequest(dataset_id=dataset_id))

        assert answer.records == 2
        assert sorted(await wire.keys()) == sorted([f"originals/cardiology/{kept.sha256}", kept.signal.shard_key])
        with pytest.raises(NotFound):
            await wire.version(dataset_id)
        with pytest.raises(NotFound):
            await wire.upload(dataset_id, csv(3))
        await wire.dataset("a")

    async def test_an_erasure_is_told_of(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        record = await wire.one(dataset_id, csv(1))
        async with wire.bus.subscribe(subjects.recordings_erased("cardiology")) as news:
            await delete_record(wire, record.record_id)
            async with asyncio.timeout(10):
                message = await anext(news)

        event = events_pb2.RecordingsErased.FromString(message.data)
        assert (event.dataset_id, list(event.record_ids)) == (dataset_id, [record.record_id])

    async def test_what_is_erased_twice_is_not_there_the_second_time(self, wire: Wire) -> None:
        record = await wire.one(await wire.dataset(), csv(1))
        await delete_record(wire, record.record_id)

        with pytest.raises(NotFound):
            await delete_record(wire, record.record_id)


class FailingStore(FolderStore):
    """A folder that stops answering for deletions."""

    is_down = False

    async def delete(self, key: str) -> None:
        if self.is_down:
            raise Unavailable("The store does not answer.")
        await super().delete(key)


class TestInterrupted:
    async def test_an_erasure_that_failed_is_invisible_and_finished_by_the_next_start(self, tmp_path: Path) -> None:
        settings = settings_of(f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite", tmp_path)
        store = FailingStore(tmp_path / "objects")
        wire = await opened(settings, tmp_path, store)
        dataset_id, other = await wire.dataset("a"), await wire.dataset("b")
        record = await wire.one(dataset_id, csv(1))
        await wire.one(other, csv(2))
        store.is_down = True

        with pytest.raises(Unavailable):
            await delete_record(wire, record.record_id)
        with pytest.raises(Unavailable):
            await wire.ask("DeleteDataset", pb.DeleteDatasetRequest(dataset_id=other))
        listed = await wire.records(dataset_id)
        await closed(wire)
        settings = settings_of(
            f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite", tmp_path, sweep_seconds=0.05, orphan_seconds=0
        )
        wire = await opened(settings, tmp_path)

        assert list(listed.records) == []
        await swept(wire)
        await closed(wire)

    async def test_objects_that_a_killed_upload_left_are_deleted_by_the_next_start(self, tmp_path: Path) -> None:
        from services.ingest.catalog.ledger import Claim, Ledger  # noqa: PLC0415 this test alone looks inside
        from services.ingest.catalog.writing import open_writing  # noqa: PLC0415
        from services.shared.database import open_database  # noqa: PLC0415

        url = f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite"
        wire = await opened(settings_of(url, tmp_path), tmp_path)
        kept = await wire.one(await wire.dataset(), csv(1))
        database = open_database(settings_of(url, tmp_path).database)
        writing = open_writing(database)
        ledger = Ledger(writing)
        left = ("originals/cardiology/left", "signals/cardiology/d/left.npy")
        await ledger.claim(Claim(left, "left", "d", "left"))
        await ledger.claim(Claim((f"originals/cardiology/{kept.sha256}",), "other", "d", kept.sha256))
        for key in left:
            await wire.store.put(key, b"left behind")
        for resource in (ledger, writing, database):
            await resource.close()
        await closed(wire)

        wire = await opened(settings_of(url, tmp_path, sweep_seconds=0.05, orphan_seconds=0), tmp_path)
        await swept(wire, but={f"originals/cardiology/{kept.sha256}", kept.signal.shard_key})
        await closed(wire)


async def swept(wire: Wire, but: frozenset[str] | set[str] = frozenset()) -> None:
    """Wait until the store holds nothing else."""
    async with asyncio.timeout(10):
        while set(await wire.keys()) != but:  # noqa: ASYNC110 the sweep tells nobody
            await asyncio.sleep(0.02)
