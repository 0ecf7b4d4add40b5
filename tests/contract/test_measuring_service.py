"""Measuring datasets over a real channel, built by the room's own composition root, beside one dataset."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from einthoven.common.v1 import common_pb2
from einthoven.events.v1 import events_pb2
from einthoven.ingest.v1 import ingest_pb2, ingest_pb2_grpc
from einthoven.signal_analysis.v1 import measuring_pb2 as pb
from einthoven.signal_analysis.v1 import measuring_pb2_grpc
from services.shared.deployable import Deployable
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import Conflict, InvalidRequest, NotFound
from services.shared.identity import Caller, Tokens, current_caller
from services.shared.messaging import subjects
from services.shared.messaging.local import LocalBus
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_to_pb
from services.shared.rpc.server import RpcServer
from services.shared.settings import DatabaseSettings, IdentitySettings, RpcSettings, StorageSettings
from services.shared.signals import SignalRef, SignalStore
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis.bootstrap import MEASURING, build
from services.signal_analysis.clients.ingest import INGEST
from services.signal_analysis.settings import SignalAnalysisSettings

IDENTITY = IdentitySettings(secret="s" * 32)
TOKENS = Tokens(IDENTITY, issuer="test")
RPC = RpcSettings(drain_seconds=0)
ANNA, BEN = Caller("cardiology", "anna"), Caller("surgery", "ben")
ECGS = 6
SHARD = "signals/cardiology/d/s.npy"


class OneDataset(ingest_pb2_grpc.IngestServiceServicer):
    """Knows dataset "d" of cardiology, whose records come and go."""

    def __init__(self) -> None:
        self.records = [record(number) for number in range(ECGS)]
        self.is_there = True

    async def GetDataset(self, request: Any, context: Any) -> Any:
        self._check(request.dataset_id)
        return ingest_pb2.GetDatasetResponse()

    async def ResolveRecords(self, request: Any, context: Any) -> Any:
        self._check(request.dataset_id)
        yield ingest_pb2.ResolveRecordsResponse(dataset_version=1, records=self.records)

    async def GetRecord(self, request: Any, context: Any) -> Any:
        for each in self.records:
            if current_caller().tenant == "cardiology" and each.record_id == request.record_id:
                return ingest_pb2.GetRecordResponse(record=each)
        raise NotFound(f"There is no record {request.record_id!r}.")

    def _check(self, dataset_id: str) -> None:
        if not self.is_there or (current_caller().tenant, dataset_id) != ("cardiology", "d"):
            raise NotFound(f"There is no dataset {dataset_id!r}.")


def record(number: int) -> ingest_pb2.Record:
    return ingest_pb2.Record(
        record_id=f"r{number}",
        dataset_id="d",
        file_name=f"={number}.csv",
        sha256=hashlib.sha256(bytes([number])).hexdigest(),
        patient="p1",
        signal=ref_to_pb(SignalRef(SHARD, number, STANDARD_LEADS, 5000, 500.0)),
        quality=common_pb2.Quality(grade="good"),
    )


def heartbeats(bpm: float) -> Any:
    time, period = np.arange(5000) / 500, 60 / bpm
    phase = (time + period / 2) % period - period / 2
    waves = ((0.12, -0.16, 0.02), (1.0, 0.0, 0.012), (-0.2, 0.03, 0.012), (0.3, 0.24, 0.04))
    beat = sum(height * np.exp(-(((phase - place) / width) ** 2) / 2) for height, place, width in waves)
    noise = np.random.default_rng(1).normal(scale=0.005, size=(12, 5000))
    return (np.linspace(0.5, 1.5, 12)[:, None] * beat + noise).astype(np.float32)


@dataclass
class Room:
    """Signal analysis and what it stands on."""

    deployable: Deployable
    client: RpcClient
    bus: LocalBus
    store: FolderStore
    ingest: OneDataset
    stub: Any = field(init=False)

    def __post_init__(self) -> None:
        self.stub = measuring_pb2_grpc.MeasuringServiceStub(self.client.channel)

    async def call(self, name: str, caller: Caller = ANNA, /, **fields: Any) -> Any:
        request = getattr(pb, f"{name}Request")(**fields)
        return await self.client.unary(getattr(self.stub, name), request, caller=caller)

    async def started(self) -> pb.MeasurementJob:
        answer: pb.CreateMeasurementJobResponse = await self.call("CreateMeasurementJob", dataset_id="d")
        return answer.job

    async def followed(self, job_id: str) -> list[pb.MeasurementJob]:
        request = pb.WatchMeasurementJobRequest(job_id=job_id)
        events = self.client.server_stream(self.stub.WatchMeasurementJob, request, caller=ANNA)
        return [event.job async for event in events]

    async def measured(self) -> pb.MeasurementJob:
        return (await self.followed((await self.started()).job_id))[-1]

    async def file(self, name: str, caller: Caller = ANNA, /, **fields: Any) -> tuple[common_pb2.FileHead, bytes]:
        request = getattr(pb, f"{name}Request")(**fields)
        parts = [
            part.file async for part in self.client.server_stream(getattr(self.stub, name), request, caller=caller)
        ]
        return parts[0].head, b"".join(part.chunk.data for part in parts[1:])

    async def table(self, job_id: str) -> Any:
        _, data = await self.file("GetMeasurementTable", job_id=job_id, format="parquet")
        return pq.read_table(io.BytesIO(data))

    async def derived(self) -> list[str]:
        return [info.key async for info in self.store.list("derived/")]


@pytest.fixture
async def ingest() -> AsyncIterator[tuple[OneDataset, str]]:
    server, known = RpcServer(RPC, TOKENS), OneDataset()  # type: ignore[abstract]  # a few calls are all that is asked of it
    server.add(ingest_pb2_grpc.add_IngestServiceServicer_to_server, known, INGEST)
    await server.start()
    await server.set_ready(ready=True)
    yield known, server.address
    await server.stop()


@pytest.fixture
async def room(ingest: tuple[OneDataset, str], tmp_path: Path) -> AsyncIterator[Room]:
    store, bus = FolderStore(tmp_path), LocalBus()
    await SignalStore(store).write_shard(SHARD, [heartbeats(50 + 10 * number) for number in range(ECGS)])
    settings = SignalAnalysisSettings(
        storage=StorageSettings(folder=tmp_path),
        identity=IDENTITY,
        rpc=RPC,
        ingest_address=ingest[1],
        database=DatabaseSettings.model_validate({"url": f"sqlite+aiosqlite:///{tmp_path}/rows.sqlite"}),
        measuring_processes=1,
        measuring_sweep_seconds=0.2,
    )
    deployable = await build(settings, store=store, bus=bus)
    await deployable.start()
    client = RpcClient(deployable.address, MEASURING, tokens=TOKENS)
    yield Room(deployable, client, bus, store, ingest[0])
    await client.close()
    await deployable.stop()
    await bus.close()
    await store.close()


async def test_a_dataset_becomes_a_table_with_one_row_per_ecg(room: Room) -> None:
    job = await room.measured()

    table = await room.table(job.job_id)

    assert (job.state, job.records, job.done, job.reused) == (pb.MEASUREMENT_JOB_STATE_SUCCEEDED, ECGS, ECGS, 0)
    assert table["record_id"].to_pylist() == [f"r{number}" for number in range(ECGS)]
    assert set(table["quality"].to_pylist()) == {"good"}
    assert table["heart_rate_per_min"].to_pylist() == pytest.approx([50, 60, 70, 80, 90, 100], rel=0.02)
    assert table.schema.field("heart_rate_per_min").metadata == {b"unit": b"/min"}


async def test_progress_is_told_until_the_end(room: Room) -> None:
    told = await room.followed((await room.started()).job_id)

    assert told[-1].state == pb.MEASUREMENT_JOB_STATE_SUCCEEDED
    assert [job.done for job in told] == sorted(job.done for job in told)


async def test_a_second_job_measures_only_what_is_new(room: Room) -> None:
    gone = room.ingest.records.pop()
    await room.measured()
    room.ingest.records.append(gone)

    job = await room.measured()

    assert (job.records, job.done, job.reused) == (ECGS, ECGS, ECGS - 1)
    assert (await room.table(job.job_id)).num_rows == ECGS


async def test_an_ecg_that_was_erased_is_in_no_table_any_more(room: Room) -> None:
    first = await room.measured()
    room.ingest.records.pop(0)
    for key in await room.derived():
        await room.store.delete(key)  # As ingest does.

    second = await room.measured()

    assert second.reused == 0
    assert "r0" not in (await room.table(second.job_id))["record_id"].to_pylist()
    with pytest.raises(NotFound, match="erased since"):
        await room.table(first.job_id)


async def test_the_csv_opens_in_a_spreadsheet_without_running_anything(room: Room) -> None:
    job = await room.measured()

    head, data = await room.file("GetMeasurementTable", job_id=job.job_id, format="csv")

    lines = data.decode().splitlines()
    assert head.media_type.startswith("text/csv")
    assert lines[0].startswith('"record_id","file_name","patient","quality","engine_version","refusal"')
    assert lines[1].startswith('"r0","\'=0.csv","p1","good"')


async def test_the_distributions_are_drawn(room: Room) -> None:
    job = await room.measured()

    head, data = await room.file("GetMeasurementTable", job_id=job.job_id, format="svg")

    assert head.media_type == "image/svg+xml"
    assert b"Heart rate" in data
    assert b"n = 6, median 75" in data


async def test_another_department_sees_nothing_of_it(room: Room) -> None:
    job = await room.measured()

    assert not (await room.call("ListMeasurementJobs", BEN)).jobs
    for name in ("GetMeasurementJob", "CancelMeasurementJob"):
        with pytest.raises(NotFound):
            await room.call(name, BEN, job_id=job.job_id)
    with pytest.raises(NotFound):
        await room.file("GetMeasurementTable", BEN, job_id=job.job_id, format="csv")
    with pytest.raises(NotFound):
        await room.call("CreateMeasurementJob", BEN, dataset_id="d")


async def test_jobs_and_results_go_with_their_dataset(room: Room) -> None:
    job = await room.measured()
    room.ingest.is_there = False
    erased = events_pb2.RecordingsErased(tenant="cardiology", dataset_id="d").SerializeToString()

    async with asyncio.timeout(20):
        while (await room.call("ListMeasurementJobs")).jobs:
            await room.bus.publish(subjects.recordings_erased("cardiology"), erased)
            await asyncio.sleep(0.05)

    assert await room.derived() == []
    with pytest.raises(NotFound):
        await room.call("GetMeasurementJob", job_id=job.job_id)


async def test_what_has_ended_is_not_cancelled(room: Room) -> None:
    job = await room.measured()

    with pytest.raises(Conflict, match="succeeded already"):
        await room.call("CancelMeasurementJob", job_id=job.job_id)
    with pytest.raises(InvalidRequest, match="parquet, csv, svg"):
        await room.file("GetMeasurementTable", job_id=job.job_id, format="xlsx")


async def test_a_record_is_told_as_fhir(room: Room) -> None:
    head, data = await room.file("ExportMeasurements", record_id="r1", format="fhir")

    bundle = json.loads(data)
    assert head.media_type == "application/fhir+json"
    assert bundle["entry"][0]["resource"]["resourceType"] == "DiagnosticReport"
    with pytest.raises(NotFound):
        await room.file("ExportMeasurements", BEN, record_id="r1", format="fhir")


async def test_a_record_is_annotated(room: Room) -> None:
    answer = (await room.call("AnnotateRecord", record_id="r1")).annotations

    assert {value.name for value in answer.values} >= {"heart_rate"}
    assert sum(wave.kind == "QRS" for wave in answer.waves) >= 8
    assert answer.source.startswith("Einthoven ")
