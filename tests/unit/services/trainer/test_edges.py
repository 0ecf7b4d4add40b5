"""The trainer over the wire and over the bus."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from einthoven.common.v1 import common_pb2
from einthoven.trainer.v1 import trainer_pb2 as pb
from einthoven.trainer.v1 import trainer_pb2_grpc
from services.shared.database import Database
from services.shared.deployable import Deployable
from services.shared.errors import InvalidRequest, NotFound
from services.shared.identity import Tokens
from services.shared.messaging.local import LocalBus
from services.shared.rpc.client import RpcClient
from services.shared.settings import IdentitySettings
from services.shared.storage.filesystem import FolderStore
from services.trainer import architectures, convert
from services.trainer.announcing import BusAnnouncer, BusDoorbell
from services.trainer.bootstrap import SERVICE, build
from services.trainer.consumer import TrainerConsumer
from services.trainer.dispatching import Dispatcher
from services.trainer.ledger import SqlTrainings
from services.trainer.service import PageOfTrainings, Trainer
from services.trainer.settings import TrainerSettings
from services.trainer.trainings import ModelName, Training, TrainingSpec
from services.trainer.worker.lease import Lease
from tests.unit.services.trainer.rooms import CALLER, Announcements, Models, Silence, Started, planner, upload

SECRET = "s" * 32
SPEC = TrainingSpec("sign", "d1", architecture="xception_time", rate_hz=50.0)


@pytest.fixture
async def served(tmp_path: Path, store: FolderStore, database: Database) -> AsyncIterator[Deployable]:
    settings = TrainerSettings.model_validate(
        {
            "storage": {"kind": "folder", "folder": tmp_path / "objects"},
            "database": {"url": f"sqlite+aiosqlite:///{tmp_path}/of-workers.db"},
            "identity": {"secret": SECRET},
            "ingest_address": "127.0.0.1:1",
            "exchange_address": "127.0.0.1:1",
        }
    )
    bus = LocalBus()
    deployable = await build(settings, store=store, bus=bus, database=database)
    await deployable.start()
    yield deployable
    await deployable.stop()
    await bus.close()


@pytest.fixture
async def client(served: Deployable) -> AsyncIterator[RpcClient]:
    identity = IdentitySettings.model_validate({"secret": SECRET})
    opened = RpcClient(served.address, SERVICE, tokens=Tokens(identity, issuer="test"))
    yield opened
    await opened.close()


async def test_the_contract_is_served(client: RpcClient, store: FolderStore, database: Database) -> None:
    stub = trainer_pb2_grpc.TrainerServiceStub(client.channel)
    trainings = SqlTrainings(database)
    snapshot = await upload(store, records=8)
    asked = await Trainer(trainings, planner(store, [snapshot], Models()), store, Announcements(), Silence()).create(
        CALLER, SPEC
    )
    name = asked.training_id
    worker = Lease(database, asked.training_id, "w", seconds=60)
    await worker.claim()
    await worker.end("exported")
    await trainings.succeed(asked.training_id, ModelName("sign", "1"))
    await store.put(asked.key("report.json"), b"{}")

    described = await client.unary(stub.ListArchitectures, pb.ListArchitecturesRequest(), caller=CALLER)
    listed = await client.unary(stub.ListTrainings, pb.ListTrainingsRequest(), caller=CALLER)
    got = await client.unary(stub.GetTraining, pb.GetTrainingRequest(training_id=name), caller=CALLER)
    watching = client.server_stream(stub.WatchTraining, pb.WatchTrainingRequest(training_id=name), caller=CALLER)
    events = [event async for event in watching]
    report = client.server_stream(stub.GetReport, pb.GetReportRequest(training_id=name), caller=CALLER)
    parts = [part.file async for part in report]

    assert [each.name for each in described.architectures] == list(architectures.NAMES)
    assert [each.training_id for each in listed.trainings] == [asked.training_id]
    assert got.training.state == pb.TRAINING_STATE_SUCCEEDED
    assert got.training.model == common_pb2.ModelRef(name="sign", version="1")
    assert [json.loads(each.payload_json)["state"] for each in events] == ["queued", "running", "exported", "succeeded"]
    assert (parts[0].head.media_type, parts[0].head.size_bytes, parts[1].chunk.data) == ("application/json", 2, b"{}")


async def test_what_is_refused_comes_back_as_the_error_it_was(client: RpcClient) -> None:
    stub = trainer_pb2_grpc.TrainerServiceStub(client.channel)
    nonsense = pb.CreateTrainingRequest(spec=pb.TrainingSpec(model_name="Not A Name"))

    with pytest.raises(InvalidRequest, match="cannot be a model's name"):
        await client.unary(stub.CreateTraining, nonsense, caller=CALLER)
    with pytest.raises(NotFound, match="no training"):
        await client.unary(stub.CancelTraining, pb.CancelTrainingRequest(training_id="x"), caller=CALLER)


@pytest.mark.parametrize("base", [{"architecture": "inception_time"}, {"base_model": common_pb2.ModelRef(name="b")}])
def test_a_spec_goes_over_the_wire_and_back(base: dict[str, object]) -> None:
    message = pb.TrainingSpec(
        model_name="m",
        dataset_id="d",
        mode=pb.TRAINING_MODE_ALL_LAYERS,
        task="multilabel",
        test_fraction=0.1,
        seed=7,
        workers=2,
        gpus_per_worker=1,
        min_quality="usable",
        **base,  # type: ignore[arg-type]
    )
    spec = convert.spec_from_pb(message)
    now = datetime.now(UTC)
    training = Training("t", "c", "k", spec, "queued", now, now)

    page = convert.page_to_pb(PageOfTrainings((training,), "7"))

    assert page.trainings[0].spec == message
    assert page.page.next_cursor == "7"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no training mode 9"):
        convert.spec_from_pb(pb.TrainingSpec(mode=9))  # type: ignore[arg-type]  # a newer client's


async def test_the_bell_starts_workers_and_never_more_than_may_work_at_once(
    store: FolderStore, database: Database
) -> None:
    bus, started = LocalBus(), Started()
    snapshot = await upload(store, records=8)
    trainings = SqlTrainings(database)
    trainer = Trainer(trainings, planner(store, [snapshot], Models()), store, BusAnnouncer(bus), Silence())
    dispatcher = Dispatcher(
        trainings,
        started,
        Models(),
        store,
        Announcements(),
        launch_seconds=60,
        workers_at_once=1,
        max_attempts=3,
    )
    consumer = TrainerConsumer(bus, dispatcher)
    async with bus.subscribe("einthoven.>") as messages:
        first = await trainer.create(CALLER, SPEC)
        await trainer.create(CALLER, SPEC)
        message = await anext(messages)

    for _ in range(3):
        await consumer.handle(message)

    assert started.launched == [first.training_id]
    await bus.close()


async def test_the_doorbell_rings_for_those_who_listen() -> None:
    bus = LocalBus()
    doorbell, announcer = BusDoorbell(bus), BusAnnouncer(bus)
    listening = asyncio.create_task(doorbell.listen_for_ever())

    async with doorbell.listening("t1") as ring, doorbell.listening("t2") as other, asyncio.timeout(5):
        await announcer.changed("cardiology", "t1")
        while not await ring.wait(0.05):
            await announcer.changed("cardiology", "t1")

        assert not await other.wait(0.05)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await bus.close()
