"""The composition root of the trainer."""

from pathlib import Path
from typing import Final

from einthoven.trainer.v1 import trainer_pb2_grpc
from services.shared.database import Database
from services.shared.deployable import Deployable
from services.shared.identity import Tokens
from services.shared.messaging import Bus
from services.shared.resources import Given, Resources, open_resources
from services.shared.rpc.client import RpcClient
from services.shared.rpc.server import RpcServer
from services.shared.storage import ObjectStore
from services.trainer.announcing import BusAnnouncer, BusDoorbell
from services.trainer.census import census_of
from services.trainer.clients import exchange, ingest
from services.trainer.consumer import TrainerConsumer
from services.trainer.dispatching import Dispatcher, sweep_for_ever
from services.trainer.launchers.local import LocalLauncher
from services.trainer.ledger import SqlTrainings
from services.trainer.planning import Planner
from services.trainer.ports import Launcher
from services.trainer.service import Trainer
from services.trainer.servicer import TrainerServicer
from services.trainer.settings import TrainerSettings, worker_environment

SERVICE: Final = "einthoven.trainer.v1.TrainerService"
MIGRATIONS: Final = Path(__file__).parent / "migrations"


async def build(
    settings: TrainerSettings,
    *,
    store: ObjectStore | None = None,
    bus: Bus | None = None,
    database: Database | None = None,
) -> Deployable:
    """Wire the trainer; what is passed in is not closed by it."""
    tokens = Tokens(settings.identity, issuer="trainer")
    server = RpcServer(settings.rpc, tokens)
    deployable = Deployable("trainer", server)
    resources = open_resources(deployable, settings, MIGRATIONS, Given(store, bus, database))
    peers = _peers(settings, deployable, tokens)
    _serve(settings, deployable, server, resources=resources, peers=peers)
    return deployable


def _peers(
    settings: TrainerSettings, deployable: Deployable, tokens: Tokens
) -> tuple[ingest.IngestDatasets, exchange.ExchangeModels]:
    records = RpcClient(settings.ingest_address, ingest.SERVICE, tokens=tokens, idempotent=ingest.IDEMPOTENT)
    models = RpcClient(settings.exchange_address, exchange.SERVICE, tokens=tokens, idempotent=exchange.IDEMPOTENT)
    for client in (records, models):
        deployable.on_close(client.close)
    return ingest.IngestDatasets(records), exchange.ExchangeModels(models)


def _serve(
    settings: TrainerSettings,
    deployable: Deployable,
    server: RpcServer,
    *,
    resources: Resources,
    peers: tuple[ingest.IngestDatasets, exchange.ExchangeModels],
) -> None:
    store, bus, database = resources.store, resources.bus, resources.database
    datasets, models = peers
    trainings, launcher = SqlTrainings(database), _launcher(settings, deployable)
    announcer, doorbell = BusAnnouncer(bus), BusDoorbell(bus)
    dispatcher = Dispatcher(
        trainings,
        launcher,
        models,
        store,
        announcer,
        launch_seconds=settings.launch_seconds,
        workers_at_once=settings.workers_at_once if settings.launcher == "local" else None,
        max_attempts=settings.max_attempts,
    )
    trainer = Trainer(trainings, Planner(store, datasets, models), store, announcer, doorbell)
    server.add(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, TrainerServicer(trainer), SERVICE)
    deployable.background(lambda: sweep_for_ever(dispatcher, settings.sweep_seconds))
    for work in (
        doorbell.listen_for_ever,
        TrainerConsumer(bus, dispatcher).run,
        census_of(database).take_for_ever,
    ):
        deployable.background(work)


def _launcher(settings: TrainerSettings, deployable: Deployable) -> Launcher:
    if settings.launcher == "kubernetes" and settings.kubernetes is not None:
        from services.trainer.launchers.kubernetes import KubernetesLauncher  # noqa: PLC0415 its client takes a second

        cluster = KubernetesLauncher(settings.kubernetes)
        deployable.on_close(cluster.close)
        return cluster
    local = LocalLauncher(worker_environment(settings))
    deployable.background(local.reap_for_ever)
    return local
