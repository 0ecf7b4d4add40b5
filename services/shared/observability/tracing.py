"""OpenTelemetry traces: one trace from the gateway through every service to the training worker (W3C trace context)."""

from collections.abc import Mapping

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from services.shared.settings import TelemetrySettings


def configure(settings: TelemetrySettings, *, deployable: str) -> TracerProvider | None:
    """Send spans to the configured endpoint; without one, trace context is still passed on and nothing is kept."""
    if settings.otlp_endpoint is None:
        return None
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"einthoven-{deployable}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    trace.set_tracer_provider(provider)
    return provider


def tracer() -> trace.Tracer:
    """Return the tracer of the platform."""
    return trace.get_tracer("einthoven")


def carried_by(carrier: Mapping[str, str]) -> Context:
    """Return the trace context that a call, a message or a job brought along."""
    return propagate.extract(dict(carrier))


def to_carry() -> dict[str, str]:
    """Return the current trace context for a call, a message or a job to take along."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier
