"""Structured logs: events with fields, on standard error, as JSON lines or as text."""

import logging
import sys

import structlog
from opentelemetry import trace
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from services.shared.settings import TelemetrySettings

Logger = structlog.stdlib.BoundLogger


def get_logger(name: str) -> Logger:
    """Return a logger of events, e.g. `log.info("recording_stored", record_id=...)`."""
    logger: Logger = structlog.get_logger(name)
    return logger


def configure(settings: TelemetrySettings, *, deployable: str) -> None:
    """Send events at or above the level to standard error, each with the deployable's name and its trace."""
    structlog.contextvars.bind_contextvars(deployable=deployable)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace,
            *_renderers(settings.log_format),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _renderers(log_format: str) -> list[Processor]:
    """Return what writes an event; tracebacks show no values of variables, which may be a patient's."""
    if log_format == "text":
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [tracebacks, structlog.processors.JSONRenderer()]


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event
