"""Metrics of a process."""

import urllib.request

from services.shared.observability.metrics import RPC_REQUESTS, MetricsServer, exposition


def test_the_metrics_port_serves_what_was_counted() -> None:
    RPC_REQUESTS.labels("/a/B", "OK").inc()
    server = MetricsServer("127.0.0.1", 0)

    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as response:
        text = response.read().decode()
    server.close()

    assert 'einthoven_rpc_requests_total{code="OK",method="/a/B"}' in text
    assert "einthoven_rpc_requests_total" in exposition()[0].decode()
