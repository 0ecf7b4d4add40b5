"""A gRPC client as every deployable uses it: token, trace, deadline, retries of idempotent calls, errors rebuilt."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.shared.errors import Unavailable
from services.shared.identity import Caller, Tokens
from services.shared.observability import tracing
from services.shared.rpc.channel import open_channel
from services.shared.rpc.errors import from_wire

DEFAULT_TIMEOUT_SECONDS: Final = 30.0
STREAM_TIMEOUT_SECONDS: Final = 3600.0
FIND_SECONDS: Final = 10.0
"""How long a call waits while no replica is there: longer than it takes to replace the only one."""
_LOOK_SECONDS: Final = 0.01
_FINDING: Final = frozenset(
    {
        grpc.ChannelConnectivity.IDLE,
        grpc.ChannelConnectivity.CONNECTING,
        grpc.ChannelConnectivity.TRANSIENT_FAILURE,
    }
)


class _StatusOfThePeer:
    """A call's core that does not let a failed write replace the status that the other side sent."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def set_internal_error(self, _: str) -> None:
        """Leave the status to the one that is on its way."""


def keep_status(call: Any) -> Any:
    """Return a call that fails with what the service said, also where it said so while a stream was being sent.

    grpc.aio answers INTERNAL instead, and loses the service's status: a write that is pending when the call ends fails,
    and it takes that failure for the call's.
    """
    call._cython_call = _StatusOfThePeer(call._cython_call)  # noqa: SLF001 there is no public way
    return call


class RpcClient:
    """Calls one service, over every replica that its address names.

    Only the methods named idempotent are retried. Every method raises the PlatformError that the service raised.
    """

    def __init__(self, address: str, service: str, *, tokens: Tokens, idempotent: Sequence[str] = ()) -> None:
        self._tokens = tokens
        self.channel = open_channel(address, service, idempotent)
        self._health: Any = health_pb2_grpc.HealthStub(self.channel)  # its type stubs name no methods
        self._service = service

    async def unary(
        self, method: Any, request: Any, *, caller: Caller, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> Any:
        """Send one message, return one."""
        await self._some_replica()
        try:
            return await method(request, metadata=self._metadata(caller), timeout=timeout_seconds)
        except grpc.aio.AioRpcError as error:
            raise from_wire(error) from None

    async def client_stream(
        self,
        method: Any,
        requests: AsyncIterator[Any],
        *,
        caller: Caller,
        timeout_seconds: float = STREAM_TIMEOUT_SECONDS,
    ) -> Any:
        """Send a stream, return one message."""
        await self._some_replica()
        try:
            return await keep_status(method(requests, metadata=self._metadata(caller), timeout=timeout_seconds))
        except grpc.aio.AioRpcError as error:
            raise from_wire(error) from None

    async def server_stream(
        self, method: Any, request: Any, *, caller: Caller, timeout_seconds: float = STREAM_TIMEOUT_SECONDS
    ) -> AsyncIterator[Any]:
        """Send one message, yield a stream; leaving the iteration cancels the call."""
        await self._some_replica()
        call = keep_status(method(request, metadata=self._metadata(caller), timeout=timeout_seconds))
        try:
            async for message in call:
                yield message
        except grpc.aio.AioRpcError as error:
            raise from_wire(error) from None
        finally:
            call.cancel()

    async def duplex(
        self,
        method: Any,
        requests: AsyncIterator[Any],
        *,
        caller: Caller,
        timeout_seconds: float = STREAM_TIMEOUT_SECONDS,
    ) -> AsyncIterator[Any]:
        """Send a stream, yield a stream; leaving the iteration cancels the call."""
        async for message in self.server_stream(method, requests, caller=caller, timeout_seconds=timeout_seconds):
            yield message

    async def ping(self) -> None:
        """Return if the service is ready; raise Unavailable if not."""
        request = health_pb2.HealthCheckRequest(service=self._service)
        try:
            answer = await self._health.Check(request, timeout=2.0)
        except grpc.aio.AioRpcError as error:
            raise Unavailable(f"{self._service} does not answer ({error.code().name}).") from None
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise Unavailable(f"{self._service} is not ready.")

    async def close(self) -> None:
        """Close every connection."""
        await self.channel.close()

    async def _some_replica(self) -> None:
        """Wait until a replica takes calls; where none does for long, the call itself fails at once.

        Nothing has been sent yet, so a service that is just being replaced loses no call, whether it may be repeated or
        not.
        """
        deadline = time.monotonic() + FIND_SECONDS
        while self.channel.get_state(try_to_connect=True) in _FINDING and time.monotonic() < deadline:  # noqa: ASYNC110 see below
            # What gRPC offers to wait for a change cannot be given up.
            await asyncio.sleep(_LOOK_SECONDS)

    def _metadata(self, caller: Caller) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._tokens.issue(caller)}"), *tracing.to_carry().items())
