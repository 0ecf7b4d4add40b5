"""A collector of traces that keeps what the processes of a platform send it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


@dataclass(frozen=True)
class Span:
    """One span as it was sent."""

    deployable: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: frozenset[str]


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans by OTLP over gRPC."""

    def __init__(self) -> None:
        self.endpoint = ""
        self._spans: list[Span] = []
        self._lock = threading.Lock()

    def Export(
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: Any
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        """Keep what a process sends."""
        with self._lock:
            self._spans += [span for resource in request.resource_spans for span in _spans(resource)]
        return trace_service_pb2.ExportTraceServiceResponse()

    def of_trace(self, trace_id: str) -> list[Span]:
        """Return the spans of one trace that have come so far."""
        with self._lock:
            return [span for span in self._spans if span.trace_id == trace_id]


def _spans(resource: Any) -> Iterator[Span]:
    named = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
    for scope in resource.scope_spans:
        for span in scope.spans:
            yield Span(
                deployable=named["service.name"].removeprefix("einthoven-"),
                name=span.name,
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                attributes=frozenset(pair.key for pair in span.attributes),
            )


@pytest.fixture(scope="session")
def traces() -> Iterator[Collector]:
    """The collector to which the distributed platform sends its spans."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2, thread_name_prefix="collector"))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    collector.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield collector
    server.stop(grace=None).wait()
