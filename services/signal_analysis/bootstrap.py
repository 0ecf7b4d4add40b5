"""The composition root of signal analysis: the only file that names concrete adapters."""

from typing import Any

from einthoven.signal_analysis.v1 import signal_analysis_pb2_grpc
from services.shared.caching import ShortMemory
from services.shared.deployable import Deployable
from services.shared.identity import Tokens
from services.shared.rpc.client import RpcClient
from services.shared.rpc.server import RpcServer
from services.shared.signals import SignalStore
from services.shared.storage import ObjectStore
from services.shared.storage.opening import open_store
from services.signal_analysis.clients.ingest import IDEMPOTENT, INGEST, IngestRecords
from services.signal_analysis.compute import Compute
from services.signal_analysis.paper import printing
from services.signal_analysis.service import SignalAnalysis
from services.signal_analysis.servicer import SignalAnalysisServicer
from services.signal_analysis.settings import SignalAnalysisSettings

NAME = "signal_analysis"
SERVICE = "einthoven.signal_analysis.v1.SignalAnalysisService"


async def build(
    settings: SignalAnalysisSettings,
    *,
    store: ObjectStore | None = None,
    bus: object = None,  # noqa: ARG001 every room is built alike; this one publishes nothing
    database: object = None,  # noqa: ARG001 likewise, it owns no rows
) -> Deployable:
    """Return signal analysis, ready to start; resources that are passed in are left open."""
    tokens = Tokens(settings.identity, issuer=NAME)
    server = RpcServer(settings.rpc, tokens)
    deployable = Deployable(NAME, server)
    if store is None:
        store = open_store(settings.storage)
        deployable.on_close(store.close)
    ingest = RpcClient(settings.ingest_address, INGEST, tokens=tokens, idempotent=IDEMPOTENT)
    deployable.on_close(ingest.close)
    compute = Compute()
    deployable.on_close(compute.close)
    deployable.background(compute.warm)
    deployable.background(lambda: compute.run(printing.load))
    deployable.check("store", store.ping)
    kept = ShortMemory[Any](max_bytes=settings.view_cache_bytes, seconds=settings.view_cache_seconds)
    deployable.background(kept.sweeping)
    analysis = SignalAnalysis(IngestRecords(ingest), SignalStore(store), compute, kept)
    add = signal_analysis_pb2_grpc.add_SignalAnalysisServiceServicer_to_server
    server.add(add, SignalAnalysisServicer(analysis), SERVICE)
    return deployable
