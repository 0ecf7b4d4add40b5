"""Uploads: a line per file, durable when it is told, and nothing half-written."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from einthoven.events.v1 import events_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from services.ingest.originals.sealing import is_sealed
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest, NotFound, StorageFull
from services.shared.messaging import subjects
from services.shared.rpc.convert import ref_from_pb
from services.shared.storage import ObjectInfo
from services.shared.storage.filesystem import FolderStore
from tests.contract.ingest_on_the_wire import (
    ANNA,
    AT_500_HZ,
    BEN,
    OnTheWire,
    Wire,
    closed,
    file_requests,
    opened,
    settings_of,
    upload_requests,
)
from tests.unit.services.ingest.ecgs import csv_of, dicom_group, dicom_of, npy_of, twelve_leads, wfdb_of
from tests.unit.services.ingest.wfdb_files import header as header_of
from tests.unit.services.ingest.wfdb_files import part
from tests.unit.services.shared.quality.hearts import ecg

STORED, WARNED = pb.FILE_OUTCOME_STORED, pb.FILE_OUTCOME_STORED_WITH_WARNINGS
DUPLICATE, REFUSED, COMPANION = pb.FILE_OUTCOME_DUPLICATE, pb.FILE_OUTCOME_REFUSED, pb.FILE_OUTCOME_COMPANION


def csv(seed: int) -> tuple[str, bytes]:
    return f"{seed}.csv", csv_of(twelve_leads(seed=seed))


class TestUpload(OnTheWire):
    async def test_a_file_becomes_a_record_whose_signal_others_read(self, wire: Wire) -> None:
        dataset_id, (name, data) = await wire.dataset(), csv(1)

        record = await wire.one(dataset_id, (name, data))

        signal = await wire.signals.read(ref_from_pb(record.signal))
        np.testing.assert_array_equal(signal, twelve_leads(seed=1))
        assert (record.file_name, record.format, record.signal.rate_hz) == ("1.csv", "csv", 500)
        assert tuple(record.signal.leads) == STANDARD_LEADS
        assert record.sha256 == hashlib.sha256(data).hexdigest()
        assert await wire.original(record) == data
        assert is_sealed(await wire.store.get(f"originals/cardiology/{record.sha256}"))
        assert {remark.code for remark in record.remarks} == {"assumed_unit", "lead_algebra"}

    async def test_files_of_one_upload_share_a_shard(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        await wire.one(dataset_id, csv(99))  # from now on the parser is loaded

        lines = await wire.upload(dataset_id, *(csv(seed) for seed in range(10)))

        assert {line.outcome for line in lines} == {WARNED}
        assert len({line.record.signal.shard_key for line in lines}) == 1
        for line in lines:
            expected = twelve_leads(seed=int(line.file_name.removesuffix(".csv")))
            np.testing.assert_array_equal(await wire.signals.read(ref_from_pb(line.record.signal)), expected)

    async def test_shapes_have_shards_of_their_own(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        long = ("long.csv", csv_of(twelve_leads(900)))

        lines = await wire.upload(dataset_id, csv(1), long, csv(2))

        by_name = {line.file_name: line.record for line in lines}
        others = {by_name[name].signal.shard_key for name in ("1.csv", "2.csv")}
        assert by_name["long.csv"].signal.shard_key not in others
        stored = await wire.signals.read(ref_from_pb(by_name["long.csv"].signal))
        np.testing.assert_array_equal(stored, twelve_leads(900))

    async def test_one_bad_file_costs_no_other(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        bad = ("bad.csv", csv(3)[1][:-20])
        large = ("large.bin", bytes(2 << 20))
        nothing = ("nothing.dcm", b"")

        lines = {line.file_name: line for line in await wire.upload(dataset_id, csv(1), bad, large, nothing, csv(2))}

        assert {name: line.outcome for name, line in lines.items()} == {
            "1.csv": WARNED, "2.csv": WARNED, "bad.csv": REFUSED, "large.bin": REFUSED, "nothing.dcm": REFUSED,
        }  # fmt: skip
        assert lines["bad.csv"].error_code == "UNREADABLE_FILE"
        assert "truncated" in lines["bad.csv"].error_detail
        assert lines["large.bin"].error_code == "TOO_LARGE"
        assert "is empty" in lines["nothing.dcm"].error_detail
        assert len((await wire.records(dataset_id)).records) == 2
        assert len(await wire.keys("originals/")) == 2

    async def test_the_same_bytes_are_stored_once(self, wire: Wire) -> None:
        dataset_id, (_, data) = await wire.dataset(), csv(1)
        first = await wire.one(dataset_id, ("a.csv", data))

        (again,) = await wire.upload(dataset_id, ("b.csv", data))
        together = await wire.upload(dataset_id, ("c.csv", csv(2)[1]), ("d.csv", csv(2)[1]))

        assert (again.outcome, again.record.record_id) == (DUPLICATE, first.record_id)
        assert sorted(line.outcome for line in together) == [WARNED, DUPLICATE]
        assert len({line.record.record_id for line in together}) == 1
        assert len((await wire.records(dataset_id)).records) == 2

    async def test_the_same_bytes_uploaded_at_once_are_stored_once(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()

        reports = await asyncio.gather(*(wire.upload(dataset_id, csv(1)) for _ in range(6)))

        outcomes = sorted(line.outcome for report in reports for line in report)
        assert outcomes == [WARNED, *[DUPLICATE] * 5]
        assert len((await wire.records(dataset_id)).records) == 1

    async def test_another_dataset_has_its_own_record_of_the_same_bytes(self, wire: Wire) -> None:
        first = await wire.one(await wire.dataset("a"), csv(1))
        second = await wire.one(await wire.dataset("b"), csv(1))

        assert first.record_id != second.record_id
        assert await wire.keys("originals/") == [f"originals/cardiology/{first.sha256}"]

    async def test_a_header_brings_its_companions(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        header, signals = wfdb_of(ecg(1.2))

        lines = await wire.upload(dataset_id, ("ecg.dat", signals), csv(1), ("ecg.hea", header))

        by_name = {line.file_name: line for line in lines}
        assert by_name["ecg.hea"].outcome == STORED
        assert by_name["ecg.dat"].outcome == COMPANION
        record = by_name["ecg.hea"].record
        with zipfile.ZipFile(io.BytesIO(await wire.original(record))) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == {"ecg.hea": header, "ecg.dat": signals}
        again = await wire.upload(dataset_id, ("ecg.hea", header), ("ecg.dat", signals))
        assert sorted(line.outcome for line in again) == [DUPLICATE, COMPANION]

    async def test_a_header_alone_is_refused_by_name_of_what_it_needs(self, wire: Wire) -> None:
        header, _ = wfdb_of(twelve_leads())

        (line,) = await wire.upload(await wire.dataset(), ("ecg.hea", header))

        assert (line.outcome, "ecg.dat" in line.error_detail) == (REFUSED, True)

    async def test_a_record_of_segments_is_one_however_its_files_come(self, wire: Wire) -> None:
        raw = np.round(twelve_leads() * 1000).astype(np.int16)
        files = {**part("b", raw[:, 200:], gain="1000/mV"), **part("a", raw[:, :200], gain="1000/mV")}
        master = header_of("rec/2 12 500 600 10:00:00 01/02/2003", ["a 200", "b 400"])

        lines = await wire.upload(await wire.dataset(), *files.items(), ("rec.hea", master))

        (record,) = (line.record for line in lines if line.file_name == "rec.hea")
        assert sorted(line.outcome for line in lines if line.file_name != "rec.hea") == [COMPANION] * 4
        signal = await wire.signals.read(ref_from_pb(record.signal))
        np.testing.assert_allclose(signal, twelve_leads(), atol=1e-6)
        assert record.acquisition.acquired_at == "2003-02-01T10:00:00"

    async def test_every_format_goes_all_the_way(self, wire: Wire) -> None:
        leads = twelve_leads()
        header, signals = wfdb_of(leads)
        raw = np.round(leads * 1000).astype(np.int16)
        files = [("a.csv", csv_of(leads)), ("a.npy", npy_of(leads)), ("a.dcm", dicom_of(dicom_group(raw)))]

        lines = await wire.upload(await wire.dataset(), *files, ("ecg.hea", header), ("ecg.dat", signals))

        assert {line.record.format for line in lines if line.record.record_id} == {"csv", "npy", "dicom", "wfdb"}
        for line in lines:
            if line.record.record_id:
                stored = await wire.signals.read(ref_from_pb(line.record.signal))
                np.testing.assert_allclose(stored, leads, atol=1e-6)

    async def test_an_upload_without_files_reports_nothing(self, wire: Wire) -> None:
        assert await wire.upload(await wire.dataset()) == []

    async def test_a_dataset_of_others_is_not_there(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()

        with pytest.raises(NotFound):
            await wire.upload(dataset_id, csv(1), caller=BEN)

    @pytest.mark.parametrize(
        "declaration",
        [pb.Declaration(sampling_rate_hz=0), pb.Declaration(gain_adu_per_mv=-1), pb.Declaration(lead_layout="x")],
    )
    async def test_an_impossible_declaration_is_refused(self, wire: Wire, declaration: pb.Declaration) -> None:
        with pytest.raises(InvalidRequest):
            await wire.upload(await wire.dataset(), csv(1), declaration=declaration)

    async def test_an_unknown_format_refuses_the_file(self, wire: Wire) -> None:
        (line,) = await wire.upload(await wire.dataset(), csv(1), declaration=pb.Declaration(format="word"))

        assert (line.outcome, line.error_code) == (REFUSED, "INVALID_REQUEST")

    async def test_messages_out_of_order_are_refused(self, wire: Wire) -> None:
        async def requests() -> AsyncIterator[pb.UploadRecordsRequest]:
            yield pb.UploadRecordsRequest(start=pb.FileStart(file_name="a"))

        with pytest.raises(InvalidRequest, match="begins with its options"):
            [line async for line in wire.client.duplex(wire.stub.UploadRecords, requests(), caller=ANNA)]

    async def test_stored_records_are_told_of(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        async with wire.bus.subscribe(subjects.recordings_stored("cardiology")) as news:
            record = await wire.one(dataset_id, csv(1))
            async with asyncio.timeout(10):
                message = await anext(news)

        event = events_pb2.RecordingsStored.FromString(message.data)
        assert (event.dataset_id, list(event.record_ids)) == (dataset_id, [record.record_id])

    async def test_the_version_grows_with_the_records(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        before = await wire.version(dataset_id)

        await wire.one(dataset_id, csv(1))

        assert await wire.version(dataset_id) > before

    async def test_the_stream_reports_while_files_are_still_coming(self, wire: Wire) -> None:
        dataset_id, told = await wire.dataset(), asyncio.Event()

        async def requests() -> AsyncIterator[pb.UploadRecordsRequest]:
            async for request in upload_requests(dataset_id, [csv(1)], AT_500_HZ):
                yield request
            await told.wait()
            for request in file_requests(*csv(2)):
                yield request

        names = []
        async with asyncio.timeout(30):
            async for line in wire.client.duplex(wire.stub.UploadRecords, requests(), caller=ANNA):
                names.append(line.file_name)
                told.set()

        assert names == ["1.csv", "2.csv"]

    async def test_a_cancelled_upload_keeps_whole_files_and_nothing_of_the_others(self, wire: Wire) -> None:
        dataset_id, never = await wire.dataset(), asyncio.Event()

        async def requests() -> AsyncIterator[pb.UploadRecordsRequest]:
            async for request in upload_requests(dataset_id, [csv(1)], AT_500_HZ):
                yield request
            for request in list(file_requests(*csv(2)))[:-1]:
                yield request
            await never.wait()

        call = wire.client.duplex(wire.stub.UploadRecords, requests(), caller=ANNA)
        async with asyncio.timeout(30), aclosing(call):  # type: ignore[type-var]  # it is a generator
            line = await anext(call)

        listed = await wire.records(dataset_id)
        assert [record.record_id for record in listed.records] == [line.record.record_id]
        assert len(await wire.keys("originals/")) == 1
        assert len(await wire.keys("signals/")) == 1


class FullStore(FolderStore):
    """A folder on a disk that is full for some keys."""

    full_for = "nothing/"

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = False) -> ObjectInfo:
        if key.startswith(self.full_for):
            raise StorageFull("The disk that holds the objects is full; free some space and try again.")
        return await super().put(key, data, if_absent=if_absent)


@pytest.mark.parametrize("full_for", ["originals/", "signals/"])
async def test_a_full_disk_refuses_the_file_and_leaves_nothing(tmp_path: Path, full_for: str) -> None:
    store = FullStore(tmp_path / "objects")
    wire = await opened(settings_of(f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite", tmp_path), tmp_path, store)
    dataset_id = await wire.dataset()
    store.full_for = full_for

    (line,) = await wire.upload(dataset_id, csv(1))
    listed = await wire.records(dataset_id)
    await closed(wire)

    assert (line.outcome, line.error_code) == (REFUSED, "STORAGE_FULL")
    assert list(listed.records) == []
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []
