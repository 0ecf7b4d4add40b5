"""The guard at the door: everything but a short list of public paths needs a caller, and every caller has a pace."""

from typing import Final

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.auth import Authenticator
from gateway.lifetime import Lifetime
from gateway.limits import RateLimiter
from services.shared.errors import Unauthenticated, Unavailable

PUBLIC: Final = frozenset(
    {
        "/",
        "/docs",
        "/docs/style.css",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/readyz/gateway",
        "/v2/health/live",
        "/v2/health/ready",
    }
)
"""What is answered to anybody: nothing of it tells of a patient, a department or a model."""
PAGE_FOLDER: Final = "/assets/"


class Access:
    """Finds out who calls before anything of the call is read."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        authenticator: Authenticator,
        limiter: RateLimiter,
        lifetime: Lifetime,
        public: frozenset[str] = PUBLIC,
    ) -> None:
        self._app = app
        self._lifetime = lifetime
        self._authenticator = authenticator
        self._limiter = limiter
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on with its caller in the request's state; raises PlatformError where it may not go on."""
        if scope["type"] == "http" and not self._is_public(scope["path"]):
            await self._identify(scope)
        await self._app(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        return path in self._public or path.startswith(PAGE_FOLDER)

    async def _identify(self, scope: Scope) -> None:
        if not self._lifetime.opened:
            raise Unavailable("The gateway is about to start. Try again in a moment.")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            caller = await self._authenticator.authenticate(headers)
        except Unauthenticated:
            self._limiter.take(f"stranger {(scope.get('client') or ('',))[0]}")
            raise
        self._limiter.take(f"{caller.tenant} {caller.subject}")
        scope.setdefault("state", {})["caller"] = caller
        structlog.contextvars.bind_contextvars(tenant=caller.tenant)
