"""The composition root of signal analysis: the only file that names concrete adapters."""

from pathlib import Path
from typing import Any

from einthoven.signal_analysis.v1 import measuring_pb2_grpc, signal_analysis_pb2_grpc
from services.shared.caching import ShortMemory
from services.shared.database import Database
from services.shared.deployable import Deployable
from services.shared.identity import Tokens
from services.shared.messaging import Bus
from services.shared.resources import Given, Resources, open_resources
from services.shared.rpc.client import RpcClient
from services.shared.rpc.server import RpcServer
from services.shared.signals import SignalStore
from services.shared.storage import ObjectStore
from services.signal_analysis.annotating import Annotator, Engine
from services.signal_analysis.batch import convert
from services.signal_analysis.batch.announcing import BusBell
from services.signal_analysis.batch.census import census_of
from services.signal_analysis.batch.ledger import SqlJobs
from services.signal_analysis.batch.pool import Pool
from services.signal_analysis.batch.progress import Pace
from services.signal_analysis.batch.run import Run
from services.signal_analysis.batch.service import MeasuringJobs
from services.signal_analysis.batch.servicer import MeasuringServicer
from services.signal_analysis.batch.shelf import Shelf
from services.signal_analysis.batch.worker import Worker
from services.signal_analysis.clients import datasets
from services.signal_analysis.clients.ingest import IDEMPOTENT, INGEST, IngestRecords
from services.signal_analysis.compute import Compute
from services.signal_analysis.consumer import SignalAnalysisConsumer
from services.signal_analysis.measuring import ENGINE_VERSION, annotate_recording, measure_recording
from services.signal_analysis.paper import printing
from services.signal_analysis.service import SignalAnalysis
from services.signal_analysis.servicer import SignalAnalysisServicer
from services.signal_analysis.settings import SignalAnalysisSettings

NAME = "signal_analysis"
SERVICE = "einthoven.signal_analysis.v1.SignalAnalysisService"
MEASURING = "einthoven.signal_analysis.v1.MeasuringService"
MIGRATIONS = Path(__file__).parent / "migrations"


async def build(
    settings: SignalAnalysisSettings,
    *,
    store: ObjectStore | None = None,
    bus: Bus | None = None,
    database: Database | None = None,
) -> Deployable:
    """Return signal analysis, ready to start; resources that are passed in are left open."""
    tokens = Tokens(settings.identity, issuer=NAME)
    server = RpcServer(settings.rpc, tokens)
    deployable = Deployable(NAME, server)
    resources = open_resources(deployable, settings, MIGRATIONS, Given(store, bus, database))
    idempotent = (*IDEMPOTENT, *datasets.IDEMPOTENT)
    ingest = RpcClient(settings.ingest_address, INGEST, tokens=tokens, idempotent=idempotent)
    deployable.on_close(ingest.close)
    compute = Compute()
    deployable.on_close(compute.close)
    deployable.background(compute.warm)
    deployable.background(lambda: compute.run(printing.load))
    kept = ShortMemory[Any](max_bytes=settings.view_cache_bytes, seconds=settings.view_cache_seconds)
    deployable.background(kept.sweeping)
    analysis = SignalAnalysis(IngestRecords(ingest), SignalStore(resources.store), compute, kept)
    add = signal_analysis_pb2_grpc.add_SignalAnalysisServiceServicer_to_server
    server.add(add, SignalAnalysisServicer(analysis), SERVICE)
    servicer = _measuring(settings, deployable, resources, datasets.IngestDatasets(ingest), compute)
    server.add(measuring_pb2_grpc.add_MeasuringServiceServicer_to_server, servicer, MEASURING)
    return deployable


def _measuring(
    settings: SignalAnalysisSettings,
    deployable: Deployable,
    resources: Resources,
    known: datasets.IngestDatasets,
    compute: Compute,
) -> MeasuringServicer:
    jobs, shelf, lease_seconds = SqlJobs(resources.database), Shelf(resources.store), settings.measuring_lease_seconds
    signals = SignalStore(resources.store)
    pool = Pool(measure_recording, settings.measuring_processes)
    deployable.on_close(pool.close)
    deployable.background(pool.warm)
    run = Run(jobs, known, signals, shelf, pool, pace=Pace(lease_seconds, settings.measuring_turn_seconds))
    worker = Worker(jobs, known, shelf, run.do, engine=ENGINE_VERSION, lease_seconds=lease_seconds)
    bell = BusBell(resources.bus, convert.requested_event)
    consumer = SignalAnalysisConsumer(resources.bus, bell, worker)
    deployable.background(consumer.hear_bell)
    deployable.background(consumer.hear_erasures)
    deployable.background(lambda: worker.work_for_ever(bell, settings.measuring_sweep_seconds))
    deployable.background(census_of(resources.database).take_for_ever)
    engine = Engine(ENGINE_VERSION, measure_recording, annotate_recording)
    annotator = Annotator(known, signals, compute, engine)
    return MeasuringServicer(MeasuringJobs(jobs, known, shelf, bell, ENGINE_VERSION), annotator)
