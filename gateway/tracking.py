"""Around every request: its id, its trace, its log line, its metrics, and an answer whatever goes wrong."""

import re
import time
import uuid
from typing import Final

import structlog
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import respond
from services.shared.errors import PlatformError
from services.shared.observability import tracing
from services.shared.observability.logs import get_logger
from services.shared.observability.metrics import PREFIX

CLIENT_GONE: Final = 499
"""What the log and the metrics say of a call whose client went away; nobody receives it."""
REQUESTS: Final = Counter(f"{PREFIX}_http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS: Final = Histogram(
    f"{PREFIX}_http_seconds",
    "Time until a request was answered whole.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_TRACE_HEADERS: Final = (b"traceparent", b"tracestate")

_log = get_logger(__name__)


class Tracking:
    """The outermost of the gateway's own layers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on under an id; answer what nobody else has answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        sender = _Sender(send, _request_id(headers.get(b"x-request-id", b"")))
        scope.setdefault("state", {})["request_id"] = sender.request_id
        carried = {name.decode(): headers[name].decode("latin-1") for name in _TRACE_HEADERS if name in headers}
        with (
            structlog.contextvars.bound_contextvars(request_id=sender.request_id),
            tracing.tracer().start_as_current_span(
                scope["method"], context=tracing.carried_by(carried), kind=SpanKind.SERVER
            ) as span,
        ):
            try:
                await self._answer(scope, receive, sender)
            finally:
                route = route_of(scope)
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.response.status_code", sender.status)
                _tell(scope["method"], route, sender.status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        try:
            await self._app(scope, receive, sender)
        except ClientDisconnect:
            sender.status = CLIENT_GONE
        except Exception as error:
            if sender.started:
                sender.status = 500
                _log.warning("answer_broken_off", route=route_of(scope), exc_info=not isinstance(error, PlatformError))
                raise
            await respond(error, scope["path"])(scope, receive, sender)


class _Sender:
    """Sends, adds the request id, and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status = CLIENT_GONE
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode())]
        await self._send(message)


def route_of(scope: Scope) -> str:
    """Return the template of the path that was called: metrics and audit name no ids."""
    return str(getattr(scope.get("route"), "path", None) or "unmatched")


def _request_id(given: bytes) -> str:
    return given.decode() if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _tell(method: str, route: str, status: int, seconds: float) -> None:
    method = method if method in _METHODS else "other"
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method, route).observe(seconds)
    _log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4))
