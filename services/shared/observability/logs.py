"""Structured logs: events with fields, on standard error, as JSON lines or as text."""

import logging
import sys

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, WrappedLogger

from services.shared.settings import TelemetrySettings

Logger = structlog.stdlib.BoundLogger


def get_logger(name: str) -> Logger:
    """Return a logger of events, e.g. `log.info("recording_stored", record_id=...)`."""
    logger: Logger = structlog.get_logger(name)
    return logger


def configure(settings: TelemetrySettings, *, deployable: str) -> None:
    """Send events at or above the level to standard error, each with the deployable's name and its trace."""
    structlog.contextvars.bind_contextvars(deployable=deployable)
    renderer = structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace,
            structlog.processors.dict_tracebacks,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event
