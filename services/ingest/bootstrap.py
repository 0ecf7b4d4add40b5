"""The composition root of ingest: the only file that names concrete adapters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from einthoven.ingest.v1 import ingest_pb2_grpc
from services.ingest.announcing import BusNews
from services.ingest.catalog.datasets import Datasets
from services.ingest.catalog.erasures import Erasures
from services.ingest.catalog.instances import Instances
from services.ingest.catalog.labels import replace_labels
from services.ingest.catalog.ledger import Ledger
from services.ingest.catalog.parts import Parts
from services.ingest.catalog.records import Records
from services.ingest.catalog.statistics import statistics
from services.ingest.catalog.writing import open_writing
from services.ingest.decoding_pool import DecodingPool
from services.ingest.erasing.eraser import Eraser
from services.ingest.erasing.sweep import Sweep
from services.ingest.instances.retrieval import Retrieval
from services.ingest.originals.keeping import WAYS
from services.ingest.originals.resealing import Resealing
from services.ingest.originals.sealing import Sealer
from services.ingest.originals.vault import Vault
from services.ingest.removal import Removal
from services.ingest.service import Ingest, Rooms
from services.ingest.servicer import IngestServicer
from services.ingest.settings import IngestSettings
from services.ingest.uploading.shelf import Shelf
from services.ingest.uploading.uploads import Uploads
from services.shared.database import Database, open_database
from services.shared.deployable import Deployable
from services.shared.identity import Tokens
from services.shared.messaging import Bus
from services.shared.observability.logs import get_logger
from services.shared.resources import Given, Resources, open_resources
from services.shared.rpc.server import RpcServer
from services.shared.signals import SignalStore
from services.shared.storage import ObjectStore
from services.shared.storage.opening import open_store

NAME = "ingest"
SERVICE = "einthoven.ingest.v1.IngestService"
MIGRATIONS = Path(__file__).parent / "migrations"

_log = get_logger(__name__)


async def build(
    settings: IngestSettings,
    *,
    store: ObjectStore | None = None,
    bus: Bus | None = None,
    database: Database | None = None,
) -> Deployable:
    """Return ingest, ready to start; resources that are passed in are left open."""
    server = RpcServer(settings.rpc, Tokens(settings.identity, issuer=NAME))
    deployable = Deployable(NAME, server)
    resources = open_resources(deployable, settings, MIGRATIONS, Given(store, bus, database))
    ingest = _compose(settings, deployable, resources)
    server.add(ingest_pb2_grpc.add_IngestServiceServicer_to_server, IngestServicer(ingest), SERVICE)
    return deployable


@asynccontextmanager
async def open_resealing(settings: IngestSettings) -> AsyncIterator[Resealing]:
    """Open what resealing originals takes, and close it again."""
    store, database = open_store(settings.storage), open_database(settings.database)
    writing = open_writing(database)
    try:
        yield Resealing(store, Erasures(database, writing), Sealer(settings.originals_secrets))
    finally:
        await writing.close()
        await database.close()
        await store.close()


def _compose(settings: IngestSettings, deployable: Deployable, resources: Resources) -> Ingest:
    store, database = resources.store, resources.database
    news, writing = BusNews(resources.bus), open_writing(database)
    rows, ledger = Erasures(database, writing), Ledger(writing)
    eraser, pool = Eraser(store, rows), DecodingPool(settings.limits.decode_threads, WAYS[settings.originals])
    sweep = Sweep(rows, eraser, every_seconds=settings.sweep_seconds, orphan_seconds=settings.orphan_seconds)
    secret = settings.pseudonym_secret or settings.identity.secret
    vault, signals = _vault(settings, store), SignalStore(store)
    records, instances = Records(database), Instances(database)
    uploads = Uploads(
        Shelf(store, vault, ledger, news),
        pool,
        eraser,
        limits=settings.limits,
        pseudonym_secret=secret.get_secret_value().encode(),
    )
    deployable.background(sweep.run)
    deployable.on_close(writing.close)
    deployable.on_close(ledger.close)
    deployable.on_close(pool.close)
    deployable.on_close(uploads.close)
    return Ingest(
        Rooms(
            datasets=Datasets(database),
            records=records,
            instances=instances,
            retrieval=Retrieval(instances, records, vault, signals),
            replace_labels=partial(replace_labels, database),
            count=partial(statistics, database),
            missing=Parts(database).missing,
            signals=signals,
            uploads=uploads,
            removal=Removal(rows, eraser, news),
            max_labels_bytes=settings.limits.max_labels_bytes,
        )
    )


def _vault(settings: IngestSettings, store: ObjectStore) -> Vault:
    if settings.originals == "as_received":
        _log.warning("originals_unprotected", why="EINTHOVEN_INGEST_ORIGINALS is as_received: files keep names and ids")
    return Vault(store, Sealer(settings.originals_secrets), seals=settings.originals == "encrypted")
