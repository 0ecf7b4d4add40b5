"""What happens around every call a service handles: identity, deadline, trace, errors, logs, metrics."""

from __future__ import annotations  # the generic types of grpc exist in its type stubs only

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import grpc
import structlog

from services.shared.errors import DeadlineExceeded, ErrorCode, Internal, PlatformError, Unauthenticated, Unavailable
from services.shared.identity import Tokens, set_current_caller
from services.shared.observability import metrics, tracing
from services.shared.observability.logs import get_logger
from services.shared.rpc.errors import INTERNAL_TEXT, MAX_DETAIL_CHARS, STATUS_OF, trailers

OPEN_SERVICES: Final = ("/grpc.health.v1.Health/",)
"""Answered without a token: orchestrators probe them."""
MAX_UNARY_SECONDS: Final = 300.0
"""A unary call without a deadline gets this one."""

_log = get_logger(__name__)
if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[Any, Any]


class EdgeInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method so that servicers hold nothing but convert, call, convert."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._admits = False

    def admit(self) -> None:
        """Take calls from now on: whoever comes earlier finds a service without tables, or without a store."""
        self._admits = True

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Return the method's handler inside a scope."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(OPEN_SERVICES):
            return handler
        metadata = {key: value for key, value in handler_call_details.invocation_metadata if isinstance(value, str)}
        return self._wrap(handler, method, metadata)

    def _wrap(self, handler: Any, method: str, metadata: dict[str, str]) -> grpc.RpcMethodHandler[Any, Any]:
        inner = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

        async def answer(request: Any, context: _Context) -> Any:
            async with self._scope(method, metadata, context), _deadline(context):
                return await inner(request, context)

        async def stream(request: Any, context: _Context) -> None:
            # Written, not yielded: grpc leaves a generator lying where its client has gone away.
            async with self._scope(method, metadata, context), aclosing(inner(request, context)) as messages:
                async for message in messages:
                    await _write(context, message)

        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        behavior: Any = stream if handler.response_streaming else answer
        return make(behavior, handler.request_deserializer, handler.response_serializer)

    @asynccontextmanager
    async def _scope(self, method: str, metadata: dict[str, str], context: _Context) -> AsyncIterator[None]:
        started = time.perf_counter()
        outcome = "OK"
        parent = tracing.carried_by(metadata)
        try:
            with tracing.tracer().start_as_current_span(method.lstrip("/"), context=parent):
                self._receive(metadata)
                yield
        except PlatformError as error:
            outcome = error.code.value
            await self._refuse(method, error, context)
        except asyncio.CancelledError:
            outcome = ErrorCode.CANCELLED.value
            raise
        except grpc.aio.AbortError:
            outcome = ErrorCode.INTERNAL.value
            raise
        except Exception as error:  # noqa: BLE001 the edge: what is not ours becomes INTERNAL, and is logged
            outcome = ErrorCode.INTERNAL.value
            await self._confess(method, error, context)
        finally:
            metrics.RPC_REQUESTS.labels(method, outcome).inc()
            metrics.RPC_SECONDS.labels(method).observe(time.perf_counter() - started)

    def _receive(self, metadata: dict[str, str]) -> None:
        if not self._admits:
            raise Unavailable("The service is about to start. Try again in a moment.")
        scheme, _, token = metadata.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise Unauthenticated("The call carries no internal token.")
        caller = self._tokens.verify(token)
        set_current_caller(caller)
        structlog.contextvars.bind_contextvars(tenant=caller.tenant)

    async def _refuse(self, method: str, error: PlatformError, context: _Context) -> None:
        if isinstance(error, Internal):
            await self._confess(method, error, context)
        _log.info("call_refused", method=method, code=error.code.value)
        await context.abort(STATUS_OF[error.code], error.detail[:MAX_DETAIL_CHARS], trailers(error.code))

    async def _confess(self, method: str, error: Exception, context: _Context) -> None:
        error_id = uuid.uuid4().hex
        _log.error("call_failed", method=method, error_id=error_id, exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, INTERNAL_TEXT + error_id, trailers(ErrorCode.INTERNAL, error_id))


async def _write(context: _Context, message: Any) -> None:
    try:
        await context.write(message)
    except (grpc.aio.InternalError, grpc.aio.UsageError):
        raise asyncio.CancelledError from None  # nobody is there to read it


@asynccontextmanager
async def _deadline(context: _Context) -> AsyncIterator[None]:
    remaining = context.time_remaining()
    try:
        async with asyncio.timeout(min(remaining or MAX_UNARY_SECONDS, MAX_UNARY_SECONDS)):
            yield
    except TimeoutError:
        raise DeadlineExceeded("The call took longer than it was given. Try again, or ask for less at once.") from None
