"""A gRPC server as every service runs it: health, reflection, interceptors, graceful drain."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.shared.errors import Unavailable
from services.shared.identity import Tokens
from services.shared.rpc.channel import KEEPALIVE_MS, MIN_PING_MS, TAKES_CALLS
from services.shared.rpc.interceptors import EdgeInterceptor
from services.shared.settings import RpcSettings

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_STREAM_GRACE_MS = 3_600_000
"""A connection that is old enough ends after the calls on it: an upload may last longer than a connection."""


class RpcServer:
    """Serves the servicers that were added, until it is stopped."""

    def __init__(self, settings: RpcSettings, tokens: Tokens) -> None:
        self._settings = settings
        age_ms = int(settings.max_connection_age_seconds * 1000)
        self._edge = EdgeInterceptor(tokens)
        self._server = grpc.aio.server(
            interceptors=[self._edge],
            options=[
                ("grpc.max_receive_message_length", settings.max_message_bytes),
                ("grpc.max_send_message_length", settings.max_message_bytes),
                ("grpc.max_connection_age_ms", age_ms),
                ("grpc.max_connection_age_grace_ms", _STREAM_GRACE_MS),
                ("grpc.keepalive_time_ms", KEEPALIVE_MS),
                ("grpc.keepalive_timeout_ms", KEEPALIVE_MS),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", MIN_PING_MS),
                ("grpc.so_reuseport", 0),
            ],
        )
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._services: list[str] = []
        self._port = 0

    def add(self, register: Callable[[Any, grpc.aio.Server], None], servicer: object, service: str) -> None:
        """Serve a servicer under its full service name; before start."""
        register(servicer, self._server)
        self._services.append(service)

    @property
    def address(self) -> str:
        """Where clients reach it: host and port."""
        return f"{self._settings.host}:{self._port}"

    async def start(self) -> None:
        """Listen; raises Unavailable where the port is taken. Not ready yet."""
        reflection.enable_server_reflection([*self._services, reflection.SERVICE_NAME], self._server)
        await self.set_ready(ready=False)
        await self._health.set(TAKES_CALLS, _NOT_SERVING)
        try:
            self._port = self._server.add_insecure_port(f"{self._settings.host}:{self._settings.port}")
        except RuntimeError:
            raise Unavailable(f"Port {self._settings.port} on {self._settings.host} cannot be listened on.") from None
        await self._server.start()

    async def set_ready(self, *, ready: bool) -> None:
        """Say to health checks whether calls are welcome; the first time that they are opens the door."""
        for service in ("", *self._services):
            await self._health.set(service, _SERVING if ready else _NOT_SERVING)
        if ready:
            self._edge.admit()
            await self._health.set(TAKES_CALLS, _SERVING)

    async def leave(self) -> None:
        """Have clients take other replicas, and serve for some time those who have not heard it yet."""
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(self._settings.leave_seconds)

    async def stop(self) -> None:
        """Refuse new calls, let those in flight finish within the drain time, then stop."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._settings.drain_seconds)
