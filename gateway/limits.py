"""How much one caller may send: calls by a token bucket, bytes by a count of what arrives."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.settings import LimitSettings
from services.shared.errors import RateLimited

MAX_CALLERS: Final = 10_000
"""Buckets that are kept; the one unused for longest goes first, and would be full by then."""
_LIFTED: Final = "body_limit_lifted"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """A token bucket per caller."""

    def __init__(self, settings: LimitSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = settings.calls_per_second
        self._burst = float(settings.burst)
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one call; raises TooManyCalls with the seconds to wait."""
        now = self._clock()
        bucket = self._buckets.setdefault(caller, _Bucket(self._burst, now))
        self._buckets.move_to_end(caller)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.tokens < 1:
            raise TooManyCalls(self._rate, math.ceil((1 - bucket.tokens) / self._rate))
        bucket.tokens -= 1


class TooManyCalls(RateLimited):
    """The caller's bucket is empty."""

    def __init__(self, rate: float, retry_seconds: int) -> None:
        super().__init__(f"More than {rate:g} calls a second. Try again in {retry_seconds} s.")
        self.retry_seconds = retry_seconds


class BodyLimit:
    """Refuses bodies over the limit for JSON while they arrive; routes that stream files lift it and count."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on with a counting receive."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            if not state.get(_LIFTED) and int(declared) > self._max_bytes:
                raise self._too_large()
            message = await receive()
            seen += len(message.get("body", b""))
            if not state.get(_LIFTED) and seen > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> HTTPException:
        # FastAPI passes on only this kind of exception from within a body that it reads itself.
        return HTTPException(413, f"The body is larger than {self._max_bytes} bytes. Ask for less at once.")


def lift(request: Request) -> None:
    """Take the limit for JSON off a request whose body is streamed and counted by its route."""
    setattr(request.state, _LIFTED, True)
