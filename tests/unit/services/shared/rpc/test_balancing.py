"""How calls are spread over replicas that come, leave and are not there yet."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from einthoven.exchange.v1 import exchange_pb2 as pb
from einthoven.exchange.v1 import exchange_pb2_grpc as pb_grpc
from services.shared.errors import Unavailable
from services.shared.identity import Caller, Tokens
from services.shared.rpc.client import RpcClient
from services.shared.rpc.server import RpcServer
from services.shared.settings import IdentitySettings, RpcSettings
from tests.servers import free_port

SERVICE = "einthoven.exchange.v1.ExchangeService"
TOKENS = Tokens(IdentitySettings(secret="s" * 32), issuer="test")
ANNA = Caller("cardiology", "anna")


class Replica(pb_grpc.ExchangeServiceServicer):
    """Answers with its own name; a call for "slow" takes until it is let go."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.entered, self.let_go = asyncio.Event(), asyncio.Event()
        settings = RpcSettings(port=port, drain_seconds=20, leave_seconds=0.1)
        self.server = RpcServer(settings, TOKENS)
        self.server.add(pb_grpc.add_ExchangeServiceServicer_to_server, self, SERVICE)

    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:
        if request.ref.name == "slow":
            self.entered.set()
            await self.let_go.wait()
        return pb.GetModelResponse(model=pb.Model(origin=self.name))


@asynccontextmanager
async def replicas(count: int, *, ready: bool = True) -> AsyncIterator[list[Replica]]:
    async with AsyncExitStack() as stack:
        running = [Replica(str(number)) for number in range(count)]  # type: ignore[abstract]  # in its type stub only
        for replica in running:
            await replica.server.start()
            stack.push_async_callback(replica.server.stop)
            if ready:
                await replica.server.set_ready(ready=True)
        yield running


@asynccontextmanager
async def client_of(running: list[Replica]) -> AsyncIterator[RpcClient]:
    client = RpcClient("ipv4:" + ",".join(each.server.address for each in running), SERVICE, tokens=TOKENS)
    try:
        yield client
    finally:
        await client.close()


async def ask(client: RpcClient, name: str = "any", timeout_seconds: float = 5) -> str:
    request = pb.GetModelRequest()
    request.ref.name = name
    method = pb_grpc.ExchangeServiceStub(client.channel).GetModel
    answer = await client.unary(method, request, caller=ANNA, timeout_seconds=timeout_seconds)
    return str(answer.model.origin)


async def all_found(client: RpcClient, names: set[str]) -> None:
    async with asyncio.timeout(5):
        while {await ask(client) for _ in range(2 * len(names))} != names:
            pass


async def test_calls_are_spread_evenly() -> None:
    async with replicas(3) as running, client_of(running) as client:
        await all_found(client, {"0", "1", "2"})

        asked = Counter([await ask(client) for _ in range(30)])

    assert asked == {"0": 10, "1": 10, "2": 10}


async def test_a_replica_that_was_never_ready_gets_no_calls() -> None:
    async with replicas(2, ready=False) as running, client_of(running) as client:
        await running[0].server.set_ready(ready=True)

        asked = {await ask(client) for _ in range(10)}

    assert asked == {"0"}


async def test_a_call_waits_while_the_only_replica_is_replaced() -> None:
    port = free_port()
    replica = Replica("new", port)  # type: ignore[abstract]  # in its type stub only
    client = RpcClient(f"127.0.0.1:{port}", SERVICE, tokens=TOKENS)
    with pytest.raises(Unavailable):
        await client.ping()

    asked = asyncio.create_task(ask(client))
    await asyncio.sleep(0)
    await replica.server.start()
    await replica.server.set_ready(ready=True)

    assert await asked == "new"
    await client.close()
    await replica.server.stop()


async def test_a_service_that_was_never_ready_refuses_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.shared.rpc.client.FIND_SECONDS", 0.1)
    async with replicas(1, ready=False) as running, client_of(running) as client:
        with pytest.raises(Unavailable):
            await ask(client)


async def test_a_replica_whose_dependency_is_away_speaks_for_itself() -> None:
    async with replicas(1) as running, client_of(running) as client:
        await running[0].server.set_ready(ready=False)

        assert await ask(client) == "0"


async def test_a_replica_that_leaves_costs_no_call_and_stops_when_its_last_has_ended() -> None:
    async with replicas(2) as running, client_of(running) as client:
        await all_found(client, {"0", "1"})
        held = [asyncio.create_task(ask(client, "slow", 20)) for _ in range(2)]
        await asyncio.gather(*(replica.entered.wait() for replica in running))

        async def go_on() -> None:
            while True:
                await ask(client)

        load = [asyncio.create_task(go_on()) for _ in range(8)]
        await running[0].server.leave()
        stopping = asyncio.create_task(running[0].server.stop())
        asked = {await ask(client) for _ in range(100)}
        last_call_ends = time.monotonic()
        for replica in running:
            replica.let_go.set()
        await stopping
        took = time.monotonic() - last_call_ends
        failed = [task for task in load if task.done()]
        for task in load:
            task.cancel()
        served = await asyncio.gather(*held)

    assert not failed
    assert asked == {"1"}
    assert sorted(served) == ["0", "1"]
    assert took < 5
