"""The composition root of inference."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from einthoven.inference.v1 import inference_pb2_grpc
from services.inference.cache import ModelCache
from services.inference.clients import exchange, ingest
from services.inference.pipeline import Pipeline
from services.inference.runtime.onnx import OnnxLoader
from services.inference.service import Inference
from services.inference.servicer import InferenceServicer
from services.inference.settings import InferenceSettings
from services.shared.deployable import Deployable
from services.shared.identity import Tokens
from services.shared.rpc.client import RpcClient
from services.shared.rpc.server import RpcServer
from services.shared.signals import SignalStore
from services.shared.storage import ObjectStore
from services.shared.storage.opening import open_store

SERVICE: Final = "einthoven.inference.v1.InferenceService"


async def build(
    settings: InferenceSettings,
    *,
    store: ObjectStore | None = None,
    bus: object = None,  # noqa: ARG001 every composition root takes the same; this one uses neither bus nor database
    database: object = None,  # noqa: ARG001 likewise
) -> Deployable:
    """Wire inference; what is passed in is not closed by it."""
    tokens = Tokens(settings.identity, issuer="inference")
    server = RpcServer(settings.rpc, tokens)
    deployable = Deployable("inference", server)
    if store is None:
        store = open_store(settings.storage)
        deployable.on_close(store.close)
    models = RpcClient(settings.exchange_address, exchange.SERVICE, tokens=tokens, idempotent=("GetModel",))
    records = RpcClient(settings.ingest_address, ingest.SERVICE, tokens=tokens, idempotent=("ResolveRecords",))
    for client in (models, records):
        deployable.on_close(client.close)
    deployable.check("store", store.ping)
    inference = _inference(settings, store, models=models, records=records, deployable=deployable)
    server.add(inference_pb2_grpc.add_InferenceServiceServicer_to_server, InferenceServicer(inference), SERVICE)
    return deployable


def _inference(
    settings: InferenceSettings, store: ObjectStore, *, models: RpcClient, records: RpcClient, deployable: Deployable
) -> Inference:
    loader = OnnxLoader(settings.runtime)
    running = ThreadPoolExecutor(loader.runs_at_once, thread_name_prefix="run")
    preparing = ThreadPoolExecutor(settings.prepare_threads, thread_name_prefix="prepare")

    async def end_threads() -> None:
        running.shutdown(wait=False, cancel_futures=True)
        preparing.shutdown(wait=False, cancel_futures=True)

    deployable.on_close(end_threads)
    cache = ModelCache(store, loader, running, cache=settings.cache, batch=settings.batch)
    return Inference(
        exchange.ExchangeClient(models, believed_seconds=settings.cache.resolution_seconds),
        ingest.IngestClient(records),
        cache,
        Pipeline(SignalStore(store), preparing),
        max_inline_signals=settings.max_inline_signals,
    )
