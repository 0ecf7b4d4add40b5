"""Ingest over a real channel, built by its own composition root, on a folder and each database."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.ingest.bootstrap import SERVICE, build
from services.ingest.originals.sealing import Sealer
from services.ingest.originals.vault import Vault
from services.ingest.settings import IngestSettings
from services.shared.deployable import Deployable
from services.shared.identity import Caller, Tokens
from services.shared.messaging.local import LocalBus
from services.shared.rpc.client import RpcClient
from services.shared.signals import SignalStore
from services.shared.storage.filesystem import FolderStore

ANNA, BEN = Caller("cardiology", "anna"), Caller("surgery", "ben")
File = tuple[str, bytes]
AT_500_HZ = pb.Declaration(sampling_rate_hz=500)


@dataclass
class Wire:
    """A running ingest and a client of it."""

    deployable: Deployable
    client: RpcClient
    store: FolderStore
    bus: LocalBus
    stub: Any

    async def ask(self, method: str, request: Any, caller: Caller = ANNA) -> Any:
        """Send one message, return one."""
        return await self.client.unary(getattr(self.stub, method), request, caller=caller)

    async def dataset(self, name: str = "ecgs", caller: Caller = ANNA) -> str:
        """Make a dataset and return its id."""
        answer = await self.ask("CreateDataset", pb.CreateDatasetRequest(name=name), caller)
        return str(answer.dataset.dataset_id)

    async def upload(
        self, dataset_id: str, *files: File, declaration: pb.Declaration = AT_500_HZ, caller: Caller = ANNA
    ) -> list[Any]:
        """Upload files and return the report."""
        requests = upload_requests(dataset_id, files, declaration)
        stream = self.client.duplex(self.stub.UploadRecords, requests, caller=caller)
        return [line async for line in stream]

    async def one(self, dataset_id: str, file: File, caller: Caller = ANNA) -> Any:
        """Upload one file and return its record."""
        (line,) = await self.upload(dataset_id, file, caller=caller)
        assert line.outcome in {pb.FILE_OUTCOME_STORED, pb.FILE_OUTCOME_STORED_WITH_WARNINGS}, line
        return line.record

    async def put_labels(self, dataset_id: str, csv: bytes, caller: Caller = ANNA) -> Any:
        """Replace the labels of a dataset."""

        async def requests() -> AsyncIterator[pb.PutLabelsRequest]:
            yield pb.PutLabelsRequest(dataset_id=dataset_id)
            yield pb.PutLabelsRequest(chunk=common_pb2.FileChunk(data=csv))
            yield pb.PutLabelsRequest(end=pb.FileEnd())

        return await self.client.client_stream(self.stub.PutLabels, requests(), caller=caller)

    async def records(self, dataset_id: str, caller: Caller = ANNA, **page: Any) -> Any:
        """List records."""
        request = pb.ListRecordsRequest(dataset_id=dataset_id, page=common_pb2.PageRequest(**page))
        return await self.ask("ListRecords", request, caller)

    async def version(self, dataset_id: str) -> int:
        """Return a dataset's version."""
        return int((await self.ask("GetDataset", pb.GetDatasetRequest(dataset_id=dataset_id))).dataset.version)

    async def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of objects in the store."""
        return [info.key async for info in self.store.list(prefix)]

    async def original(self, record: Any, tenant: str = "cardiology") -> bytes:
        """Return what is kept of a record's file."""
        return await Vault(self.store, Sealer([b"s" * 32])).get(tenant, record.sha256)

    @property
    def signals(self) -> SignalStore:
        """Read what others would read."""
        return SignalStore(self.store)


class OnTheWire:
    """Gives its subclasses a running ingest."""

    @pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.integration)])
    def database(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        if request.param == "postgres":
            return str(request.getfixturevalue("database_url"))
        return f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite"

    @pytest.fixture
    async def wire(self, database: str, tmp_path: Path) -> AsyncIterator[Wire]:
        wire = await opened(settings_of(database, tmp_path), tmp_path)
        yield wire
        await closed(wire)


def settings_of(database: str, folder: Path, **changes: Any) -> IngestSettings:
    """Return settings as the environment would give them."""
    return IngestSettings.model_validate(
        {
            "storage": {"folder": folder / "objects"},
            "database": {"url": database},
            "identity": {"secret": "s" * 32},
            "rpc": {"drain_seconds": 0},
            "limits": {"max_file_bytes": 1 << 20},
            **changes,
        }
    )


async def opened(settings: IngestSettings, folder: Path, store: FolderStore | None = None) -> Wire:
    """Return a started ingest."""
    store, bus = store or FolderStore(folder / "objects"), LocalBus(())
    deployable = await build(settings, store=store, bus=bus)
    await deployable.start()
    client = RpcClient(deployable.address, SERVICE, tokens=Tokens(settings.identity, issuer="test"))
    return Wire(deployable, client, store, bus, ingest_pb2_grpc.IngestServiceStub(client.channel))


async def closed(wire: Wire) -> None:
    """Stop it."""
    await wire.client.close()
    await wire.deployable.stop()
    await wire.bus.close()
    await wire.store.close()


async def upload_requests(
    dataset_id: str, files: Iterable[File], declaration: pb.Declaration
) -> AsyncIterator[pb.UploadRecordsRequest]:
    """Yield the messages of an upload."""
    options = pb.UploadOptions(dataset_id=dataset_id, declaration=declaration)
    yield pb.UploadRecordsRequest(options=options)
    for name, data in files:
        for request in file_requests(name, data):
            yield request


def file_requests(name: str, data: bytes, *, chunk_bytes: int = 1 << 14) -> Iterable[pb.UploadRecordsRequest]:
    """Yield the messages of one file."""
    yield pb.UploadRecordsRequest(start=pb.FileStart(file_name=name))
    for start in range(0, len(data), chunk_bytes):
        yield pb.UploadRecordsRequest(chunk=common_pb2.FileChunk(data=data[start : start + chunk_bytes]))
    yield pb.UploadRecordsRequest(end=pb.FileEnd())
