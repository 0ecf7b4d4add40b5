"""The model store and inference as processes of their own would see them: embedded adapters, real gRPC on loopback."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from einthoven.common.v1 import common_pb2
from einthoven.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from services.exchange import bootstrap as exchange
from services.exchange.settings import ExchangeSettings
from services.shared.deployable import Deployable
from services.shared.identity import Caller, Tokens
from services.shared.messaging.local import LocalBus
from services.shared.rpc.client import RpcClient
from services.shared.settings import IdentitySettings
from services.shared.storage.filesystem import FolderStore

CARDIOLOGY = Caller("cardiology", "ada")
SURGERY = Caller("surgery", "bob")
IDENTITY = IdentitySettings.model_validate({"secret": "s" * 32})
CHUNK_BYTES = 1 << 18


def parts(folder: Path) -> dict[str, Any]:
    """Return the settings that every service shares."""
    return {
        "storage": {"kind": "folder", "folder": folder / "objects"},
        "identity": IDENTITY,
        "rpc": {"drain_seconds": 1},
    }


def client_of(deployable: Deployable, service: str) -> RpcClient:
    """Return a client of a running service."""
    return RpcClient(deployable.address, service, tokens=Tokens(IDENTITY, issuer="tests"))


@asynccontextmanager
async def started(deployable: Deployable) -> AsyncIterator[Deployable]:
    """Run a service while the context is open."""
    await deployable.start()
    try:
        yield deployable
    finally:
        await deployable.stop()


@asynccontextmanager
async def model_store(folder: Path) -> AsyncIterator["ModelStoreClient"]:
    """Run the model store on a folder and return a client of it."""
    store, bus = FolderStore(folder / "objects"), LocalBus()
    settings = ExchangeSettings.model_validate(
        parts(folder) | {"database": {"url": f"sqlite+aiosqlite:///{folder}/exchange.sqlite"}}
    )
    async with started(await exchange.build(settings, store=store, bus=bus)) as running:
        client = client_of(running, exchange.SERVICE)
        yield ModelStoreClient(running.address, client, store, bus)
        await client.close()
    await bus.close()
    await store.close()


class ModelStoreClient:
    """Calls the model store as the gateway does."""

    def __init__(self, address: str, client: RpcClient, store: FolderStore, bus: LocalBus) -> None:
        self.address = address
        self.client = client
        self.store = store
        self.bus = bus
        self.stub = exchange_pb2_grpc.ExchangeServiceStub(client.channel)

    async def import_model(self, name: str, document: bytes, *, caller: Caller = CARDIOLOGY, version: str = "") -> Any:
        """Stream a file in."""

        async def requests() -> AsyncIterator[exchange_pb2.ImportModelRequest]:
            yield exchange_pb2.ImportModelRequest(options=exchange_pb2.ImportOptions(name=name, version=version))
            for start in range(0, len(document), CHUNK_BYTES):
                chunk = common_pb2.FileChunk(data=document[start : start + CHUNK_BYTES])
                yield exchange_pb2.ImportModelRequest(chunk=chunk)
            yield exchange_pb2.ImportModelRequest(end=exchange_pb2.FileEnd())

        return await self.client.client_stream(self.stub.ImportModel, requests(), caller=caller)

    async def get(self, name: str, version: str = "", *, caller: Caller = CARDIOLOGY) -> Any:
        """Return one version."""
        request = exchange_pb2.GetModelRequest(ref=common_pb2.ModelRef(name=name, version=version))
        return (await self.client.unary(self.stub.GetModel, request, caller=caller)).model

    async def publish(self, name: str, *, caller: Caller = CARDIOLOGY) -> Any:
        """Publish the newest version."""
        request = exchange_pb2.PublishModelRequest(ref=common_pb2.ModelRef(name=name))
        return (await self.client.unary(self.stub.PublishModel, request, caller=caller)).model

    async def fetch(self, name: str, file_name: str) -> tuple[Any, bytes]:
        """Stream a file out; returns its head and its bytes."""
        request = exchange_pb2.FetchFileRequest(ref=common_pb2.ModelRef(name=name), file_name=file_name)
        head, data = None, b""
        async for response in self.client.server_stream(self.stub.FetchFile, request, caller=CARDIOLOGY):
            if response.file.WhichOneof("part") == "head":
                head = response.file.head
            else:
                data += response.file.chunk.data
        return head, data


def sha256(data: bytes) -> str:
    """Return a digest as the store writes it."""
    return hashlib.sha256(data).hexdigest()
