"""The gRPC server and client, over a real channel."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from einthoven.exchange.v1 import exchange_pb2 as pb
from einthoven.exchange.v1 import exchange_pb2_grpc as pb_grpc
from services.shared.errors import (
    AlreadyExists,
    DeadlineExceeded,
    ErrorCode,
    Internal,
    InvalidModel,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from services.shared.identity import Caller, Tokens, current_caller
from services.shared.rpc.client import RpcClient
from services.shared.rpc.errors import STATUS_OF
from services.shared.rpc.server import RpcServer
from services.shared.settings import IdentitySettings, RpcSettings

SERVICE = "einthoven.exchange.v1.ExchangeService"
IDENTITY = IdentitySettings(secret="s" * 32)
ANNA = Caller("cardiology", "anna")


class FakeExchange(pb_grpc.ExchangeServiceServicer):
    """Answers by the model's name, so that a test can ask for every kind of outcome."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()

    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:
        match request.ref.name:
            case "absent":
                raise NotFound("There is no model 'absent' — nor was there ever.")
            case "broken":
                raise RuntimeError("a secret path")
            case "slow":
                await asyncio.sleep(30)
            case "large":
                return pb.GetModelResponse(model=pb.Model(manifest_json="x" * (5 << 20)))
        return pb.GetModelResponse(model=pb.Model(origin=current_caller().tenant))

    async def FetchFile(self, request: pb.FetchFileRequest, context: Any) -> AsyncIterator[pb.FetchFileResponse]:
        try:
            for _ in range(3):
                yield pb.FetchFileResponse()
            if request.file_name == "bad":
                raise InvalidModel("The file is damaged.")
            if request.file_name == "endless":
                await asyncio.sleep(30)
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise

    async def ImportModel(self, requests: AsyncIterator[pb.ImportModelRequest], context: Any) -> pb.ImportModelResponse:
        total = 0
        async for part in requests:
            if part.options.name == "taken":
                raise AlreadyExists("The name 'taken' is taken.")
            total += len(part.chunk.data)
        return pb.ImportModelResponse(model=pb.Model(origin=str(total)))


@pytest.fixture
async def servicer() -> FakeExchange:
    return FakeExchange()  # type: ignore[abstract]  # it answers what the tests ask for


@pytest.fixture
async def server(servicer: FakeExchange) -> AsyncIterator[RpcServer]:
    server = await started(servicer)
    yield server
    await server.stop()


@pytest.fixture
async def client(server: RpcServer) -> AsyncIterator[RpcClient]:
    client = RpcClient(server.address, SERVICE, tokens=Tokens(IDENTITY, issuer="test"))
    yield client
    await client.close()


async def started(servicer: FakeExchange, port: int = 0) -> RpcServer:
    server = RpcServer(RpcSettings(port=port, drain_seconds=0), Tokens(IDENTITY, issuer="test"))
    server.add(pb_grpc.add_ExchangeServiceServicer_to_server, servicer, SERVICE)
    await server.start()
    await server.set_ready(ready=True)
    return server


def stub_of(client: RpcClient) -> Any:
    return pb_grpc.ExchangeServiceStub(client.channel)


def model(name: str) -> pb.GetModelRequest:
    request = pb.GetModelRequest()
    request.ref.name = name
    return request


async def test_the_servicer_knows_who_calls(client: RpcClient) -> None:
    answer = await client.unary(stub_of(client).GetModel, model("any"), caller=ANNA)

    assert answer.model.origin == "cardiology"


async def test_an_error_crosses_the_wire_whole(client: RpcClient) -> None:
    with pytest.raises(NotFound, match="nor was there ever"):
        await client.unary(stub_of(client).GetModel, model("absent"), caller=ANNA)


async def test_an_unknown_error_tells_nothing_but_an_id(client: RpcClient) -> None:
    with pytest.raises(Internal, match=r"Quote this id to your operators: [0-9a-f]{32}$"):
        await client.unary(stub_of(client).GetModel, model("broken"), caller=ANNA)


async def test_a_late_answer_is_a_deadline_exceeded(client: RpcClient) -> None:
    with pytest.raises(DeadlineExceeded):
        await client.unary(stub_of(client).GetModel, model("slow"), caller=ANNA, timeout_seconds=0.2)


async def test_a_message_over_four_mebibytes_arrives(client: RpcClient) -> None:
    answer = await client.unary(stub_of(client).GetModel, model("large"), caller=ANNA)

    assert len(answer.model.manifest_json) == 5 << 20


async def test_an_error_after_part_of_a_stream_crosses_the_wire(client: RpcClient) -> None:
    stream = client.server_stream(stub_of(client).FetchFile, pb.FetchFileRequest(file_name="bad"), caller=ANNA)
    received = [await anext(stream) for _ in range(3)]

    with pytest.raises(InvalidModel, match="damaged"):
        await anext(stream)

    assert len(received) == 3


async def test_leaving_a_stream_cancels_the_call(client: RpcClient, servicer: FakeExchange) -> None:
    stream = client.server_stream(stub_of(client).FetchFile, pb.FetchFileRequest(file_name="endless"), caller=ANNA)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]

    await asyncio.wait_for(servicer.cancelled.wait(), 5)


async def test_a_refusal_amid_a_client_stream_arrives_whole(client: RpcClient) -> None:
    async def parts() -> AsyncIterator[pb.ImportModelRequest]:
        yield pb.ImportModelRequest(options=pb.ImportOptions(name="taken"))
        for _ in range(500):
            request = pb.ImportModelRequest()
            request.chunk.data = bytes(100_000)
            yield request

    with pytest.raises(AlreadyExists, match="is taken"):
        await client.client_stream(stub_of(client).ImportModel, parts(), caller=ANNA)


async def test_a_client_stream_arrives(client: RpcClient) -> None:
    async def parts() -> AsyncIterator[pb.ImportModelRequest]:
        for _ in range(5):
            part = pb.ImportModelRequest()
            part.chunk.data = b"x" * (1 << 20)
            yield part

    answer = await client.client_stream(stub_of(client).ImportModel, parts(), caller=ANNA)

    assert answer.model.origin == str(5 << 20)


async def test_a_call_without_a_token_gets_nothing(server: RpcServer) -> None:
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub: Any = pb_grpc.ExchangeServiceStub(channel)

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetModel(model("any"))

    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_of_another_platform_gets_nothing(server: RpcServer) -> None:
    stranger = RpcClient(server.address, SERVICE, tokens=Tokens(IdentitySettings(secret="x" * 32), issuer="test"))

    with pytest.raises(Unauthenticated):
        await stranger.unary(stub_of(stranger).GetModel, model("any"), caller=ANNA)

    await stranger.close()


async def test_a_ready_service_answers_its_health(client: RpcClient, server: RpcServer) -> None:
    await client.ping()
    await server.set_ready(ready=False)

    with pytest.raises(Unavailable, match="not ready"):
        await client.ping()


async def test_a_service_that_is_down_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.shared.rpc.client.FIND_SECONDS", 0.1)
    client = RpcClient("127.0.0.1:1", SERVICE, tokens=Tokens(IDENTITY, issuer="test"))

    with pytest.raises(Unavailable):
        await client.unary(stub_of(client).GetModel, model("any"), caller=ANNA, timeout_seconds=5)

    await client.close()


async def test_a_service_that_restarts_is_found_again_by_a_call_that_may_be_repeated(servicer: FakeExchange) -> None:
    before = await started(servicer)
    port = int(before.address.rpartition(":")[2])
    client = RpcClient(before.address, SERVICE, tokens=Tokens(IDENTITY, issuer="test"), idempotent=("GetModel",))
    await client.unary(stub_of(client).GetModel, model("any"), caller=ANNA)
    await before.stop()

    asked = asyncio.create_task(client.unary(stub_of(client).GetModel, model("any"), caller=ANNA))
    after = await started(servicer, port)
    answer = await asked

    assert answer.model.origin == "cardiology"
    await client.close()
    await after.stop()


def test_every_error_code_has_a_status() -> None:
    assert set(STATUS_OF) == set(ErrorCode)


def test_too_large_is_its_own_status() -> None:
    assert STATUS_OF[TooLarge.code] is grpc.StatusCode.OUT_OF_RANGE
