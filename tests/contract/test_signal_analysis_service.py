"""Signal analysis over a real channel, built by its own composition root, beside an ingest that knows one record."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from einthoven.ingest.v1 import ingest_pb2, ingest_pb2_grpc
from einthoven.signal_analysis.v1 import signal_analysis_pb2 as pb
from einthoven.signal_analysis.v1 import signal_analysis_pb2_grpc
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest, NotFound, Unavailable
from services.shared.identity import Caller, Tokens, current_caller
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_to_pb, signal_from_pb, tensor_from_pb
from services.shared.rpc.server import RpcServer
from services.shared.settings import DatabaseSettings, IdentitySettings, RpcSettings, StorageSettings
from services.shared.signals import SignalRef, SignalStore
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis.bootstrap import SERVICE, build
from services.signal_analysis.clients.ingest import INGEST
from services.signal_analysis.settings import SignalAnalysisSettings

IDENTITY = IdentitySettings(secret="s" * 32)
TOKENS = Tokens(IDENTITY, issuer="test")
RPC = RpcSettings(drain_seconds=0)
ANNA, BEN = Caller("cardiology", "anna"), Caller("surgery", "ben")
REF = SignalRef("signals/cardiology/d/s.npy", 1, STANDARD_LEADS, 5000, 500.0)


class OneRecord(ingest_pb2_grpc.IngestServiceServicer):
    """Knows record "r" of cardiology."""

    async def GetRecord(self, request: ingest_pb2.GetRecordRequest, context: Any) -> ingest_pb2.GetRecordResponse:
        if (current_caller().tenant, request.record_id) != ("cardiology", "r"):
            raise NotFound(f"There is no record {request.record_id!r}.")
        return ingest_pb2.GetRecordResponse(record=ingest_pb2.Record(record_id="r", signal=ref_to_pb(REF)))


def twelve_leads() -> Any:
    time = np.arange(5000) / 500
    beat = sum(
        height * np.exp(-((((time + 0.5) % 0.8 - 0.4 - place) / width) ** 2) / 2)
        for height, place, width in ((0.12, -0.16, 0.02), (1.0, 0.0, 0.012), (-0.2, 0.03, 0.012), (0.3, 0.24, 0.04))
    )
    noise = np.random.default_rng(1).normal(scale=0.005, size=(12, 5000))
    return (np.linspace(0.5, 1.5, 12)[:, None] * beat + noise).astype(np.float32)


@pytest.fixture
async def ingest() -> AsyncIterator[RpcServer]:
    server = RpcServer(RPC, TOKENS)
    server.add(ingest_pb2_grpc.add_IngestServiceServicer_to_server, OneRecord(), INGEST)  # type: ignore[abstract]  # one call is all that is asked of it
    await server.start()
    await server.set_ready(ready=True)
    yield server
    await server.stop()


@pytest.fixture
async def client(ingest: RpcServer, tmp_path: Path) -> AsyncIterator[RpcClient]:
    store = FolderStore(tmp_path)
    signal = twelve_leads()
    await SignalStore(store).write_shard(REF.shard_key, [np.zeros_like(signal), signal])
    settings = SignalAnalysisSettings(
        storage=StorageSettings(folder=tmp_path),
        identity=IDENTITY,
        rpc=RPC,
        ingest_address=ingest.address,
        database=DatabaseSettings.model_validate({"url": f"sqlite+aiosqlite:///{tmp_path}/rows.sqlite"}),
    )
    deployable = await build(settings)
    await deployable.start()
    client = RpcClient(deployable.address, SERVICE, tokens=TOKENS)
    yield client
    await client.close()
    await deployable.stop()
    await store.close()


@pytest.fixture
def stub(client: RpcClient) -> Any:
    return signal_analysis_pb2_grpc.SignalAnalysisServiceStub(client.channel)


@pytest.mark.parametrize(
    "kind", [pb.VIEW_KIND_RAW, pb.VIEW_KIND_EVENTS, pb.VIEW_KIND_MEDIAN_BEATS, pb.VIEW_KIND_ALIGNED]
)
async def test_views_carry_a_signal_and_the_heart_rate(
    client: RpcClient, stub: Any, kind: pb.ViewKind.ValueType
) -> None:
    request = pb.GetViewRequest(record_id="r", kind=kind)

    view: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    signal, leads, rate_hz = signal_from_pb(view.signal)
    assert view.kind == kind
    assert (leads, rate_hz) == (STANDARD_LEADS, 500)
    assert np.isfinite(signal).all()
    assert view.heart_rate_bpm == pytest.approx(75, rel=0.01)


async def test_the_raw_view_is_the_stored_signal(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_RAW, start_s=2, duration_s=3)

    view: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    assert (signal_from_pb(view.signal)[0] == twelve_leads()[:, 1000:2500]).all()
    assert view.start_s == 2


async def test_the_qrs_view_carries_beats(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_QRS)

    view: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    beats = tensor_from_pb(view.beats)
    assert beats.shape[:2] == (12, len(view.r_peaks))
    assert tuple(view.leads) == STANDARD_LEADS
    assert not view.HasField("signal")


async def test_the_events_view_names_waves(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_EVENTS)

    view: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    assert {wave.kind for wave in view.waves} == {"P", "QRS", "T"}
    assert {wave.lead for wave in view.waves} == {"", *STANDARD_LEADS}


async def test_the_heart_rate_is_measured(client: RpcClient, stub: Any) -> None:
    request = pb.GetMeasurementsRequest(record_id="r")

    answer: pb.GetMeasurementsResponse = await client.unary(stub.GetMeasurements, request, caller=ANNA)

    first = answer.measurements[0]
    assert (first.name, first.unit) == ("heart_rate", "/min")
    assert first.value == pytest.approx(75, rel=0.01)
    assert {each.lead for each in answer.measurements} == {"", *STANDARD_LEADS}


async def test_the_representative_beat_is_one_beat(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_REPRESENTATIVE_BEATS)

    view: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    assert signal_from_pb(view.signal)[0].shape == (12, 400)
    assert view.beat_peak_index == 150


async def test_filters_are_applied_and_named(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(
        record_id="r", kind=pb.VIEW_KIND_RAW, filters=pb.Filters(low_pass_hz=40, notch_hz=50, baseline_hz=0.5)
    )

    view: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    assert (signal_from_pb(view.signal)[0] != twelve_leads()).any()
    assert view.filter == "0.5\N{EN DASH}40 Hz (not diagnostic), 50 Hz notch"
    assert {"filtered", "not_diagnostic"} <= {remark.code for remark in view.remarks}


async def test_a_view_that_is_known_is_not_sent_again(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_RAW)
    view: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    request.known_etag = view.etag
    again: pb.GetViewResponse = await client.unary(stub.GetView, request, caller=ANNA)

    assert again == pb.GetViewResponse(etag=view.etag, not_modified=True)


@pytest.mark.parametrize(
    ("format_", "beginning"),
    [("png", b"\x89PNG"), ("pdf", b"%PDF-"), ("svg", b"<?xml"), ("csv", b"time_s,I,"), ("npy", b"\x93NUMPY")],
)
async def test_a_view_is_streamed_as_a_file(client: RpcClient, stub: Any, format_: str, beginning: bytes) -> None:
    view = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_RAW)
    request = pb.GetViewFileRequest(view=view, format=format_)

    messages = [each async for each in client.server_stream(stub.GetViewFile, request, caller=ANNA)]

    head = messages[0].file.head
    data = b"".join(message.file.chunk.data for message in messages[1:])
    assert head.file_name == f"r-raw-0s.{format_}"
    assert head.size_bytes == len(data)
    assert data.startswith(beginning)
    assert messages[0].etag

    view.known_etag = messages[0].etag
    request = pb.GetViewFileRequest(view=view, format=format_)
    again = [each async for each in client.server_stream(stub.GetViewFile, request, caller=ANNA)]
    assert again == [pb.GetViewFileResponse(etag=view.known_etag)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "gif"},
        {"format": "png", "layout": "4x3"},
        {"format": "png", "speed_mm_per_s": 30},
        {"format": "png", "gain_mm_per_mv": 1},
    ],
)
async def test_paper_that_does_not_exist_is_refused(client: RpcClient, stub: Any, wrong: dict[str, Any]) -> None:
    request = pb.GetViewFileRequest(view=pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_RAW), **wrong)

    with pytest.raises(InvalidRequest):
        _ = [each async for each in client.server_stream(stub.GetViewFile, request, caller=ANNA)]


async def test_another_departments_view_is_no_file(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewFileRequest(view=pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_RAW), format="png")

    with pytest.raises(NotFound):
        _ = [each async for each in client.server_stream(stub.GetViewFile, request, caller=BEN)]


async def test_a_view_that_does_not_exist_is_refused(client: RpcClient, stub: Any) -> None:
    with pytest.raises(InvalidRequest, match="no view number 0"):
        await client.unary(stub.GetView, pb.GetViewRequest(record_id="r"), caller=ANNA)


async def test_a_window_that_is_too_long_is_refused(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_RAW, duration_s=61)

    with pytest.raises(InvalidRequest, match="60 s"):
        await client.unary(stub.GetView, request, caller=ANNA)


async def test_another_departments_record_is_not_found(client: RpcClient, stub: Any) -> None:
    request = pb.GetViewRequest(record_id="r", kind=pb.VIEW_KIND_RAW)

    with pytest.raises(NotFound):
        await client.unary(stub.GetView, request, caller=BEN)


async def test_the_room_is_ready_while_ingest_answers(client: RpcClient) -> None:
    await client.ping()


async def test_an_ingest_that_is_gone_is_unavailable(client: RpcClient, stub: Any, ingest: RpcServer) -> None:
    await ingest.stop()
    request = pb.GetMeasurementsRequest(record_id="r")

    with pytest.raises(Unavailable):
        await client.unary(stub.GetMeasurements, request, caller=ANNA)
