"""A gRPC client as every deployable uses it: token, trace, deadline, retries of idempotent calls, errors rebuilt."""

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
        try:
            return await keep_status(method(requests, metadata=self._metadata(caller), timeout=timeout_seconds))
        except grpc.aio.AioRpcError as error:
            raise from_wire(error) from None

    async def server_stream(
        self, method: Any, request: Any, *, caller: Caller, timeout_seconds: float = STREAM_TIMEOUT_SECONDS
    ) -> AsyncIterator[Any]:
        """Send one message, yield a stream; leaving the iteration cancels the call."""
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

    def _metadata(self, caller: Caller) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._tokens.issue(caller)}"), *tracing.to_carry().items())
