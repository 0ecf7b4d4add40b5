"""How a channel spreads its calls over the replicas of a service, and how it finds and loses them.

The address of a headless service (`dns:///name:port`) names every replica that is ready. gRPC asks for it again when it
loses a connection, and servers end connections every so often, so that new replicas are found soon. Between those
moments a replica says itself whether it takes calls, by the health service of gRPC.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import grpc

TAKES_CALLS: Final = "einthoven.takes-calls"
"""What the health of a replica is asked by: serving from when it is first ready until it leaves.

Not its readiness, which it also loses where something it stands on is away: that is all replicas' lot, and what they
say themselves tells more than their absence.
"""
MAX_MESSAGE_BYTES: Final = 64 << 20
MAX_RECONNECT_MS: Final = 1000
"""A service that is back is found again within this time."""
_CONNECT_MS: Final = 1000
"""How long a connection may take to come about; a busy machine needs its time."""
KEEPALIVE_MS: Final = 5000
"""How often a silent peer is asked for a sign of life, and how long it may take to give it."""
MIN_PING_MS: Final = KEEPALIVE_MS // 2
_MIN_RESOLUTION_MS: Final = 1000
_RETRY_BUFFER_BYTES: Final = 2 << 20
"""What a call sends is kept up to here, so that it can be sent again; a larger one is not repeated."""

_RETRY: Final = {
    "maxAttempts": 5,
    "initialBackoff": "0.2s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
"""Waits of 0.2, 0.4, 0.8 and 1.6 s: longer together than it takes to find a service again that has restarted."""


def open_channel(address: str, service: str, idempotent: Sequence[str]) -> grpc.aio.Channel:
    """Return a channel over every replica at an address, on which the methods named are repeated where one is lost."""
    options: list[tuple[str, Any]] = [
        ("grpc.service_config", json.dumps(_service_config(service, idempotent))),
        ("grpc.enable_retries", 1),
        ("grpc.per_rpc_retry_buffer_size", _RETRY_BUFFER_BYTES),
        ("grpc.enable_http_proxy", 0),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", _CONNECT_MS),
        ("grpc.max_reconnect_backoff_ms", MAX_RECONNECT_MS),
        ("grpc.dns_min_time_between_resolutions_ms", _MIN_RESOLUTION_MS),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    return grpc.aio.insecure_channel(address, options=options)


def _service_config(service: str, idempotent: Sequence[str]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": TAKES_CALLS},
    }
    if idempotent:
        names = [{"service": service, "method": method} for method in idempotent]
        config["methodConfig"] = [{"name": names, "retryPolicy": _RETRY}]
    return config
