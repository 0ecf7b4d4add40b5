"""The HTTP server: uvicorn inside the loop that is given, its signals left to whoever runs the process."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gateway.lifetime import Lifetime
from services.shared.errors import Unavailable

_BACKLOG: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 75
_QUIET: Final = ("uvicorn.error", "uvicorn.access", "python_multipart.multipart")
"""What these say we say ourselves, as events; the last one repeats what callers sent."""


class HttpServer:
    """Serves one application on one address until it is stopped."""

    def __init__(
        self,
        app: ASGIApp,
        lifetime: Lifetime,
        *,
        host: str,
        port: int,
        drain_seconds: float,
        leave_seconds: float = 0.0,
    ) -> None:
        self._lifetime = lifetime
        self._leave_seconds = leave_seconds
        self._host = host
        self._port = port
        self._server = _Server(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=max(1, round(drain_seconds)),
            )
        )
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where clients reach it: host and port."""
        return f"{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen; raises Unavailable where the port is taken."""
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.up.wait()

    async def set_ready(self, *, ready: bool) -> None:
        """Say whether calls are welcome; the first time that they are opens the door."""
        self._lifetime.ready = ready
        self._lifetime.opened |= ready

    async def leave(self) -> None:
        """Have clients make their next connection elsewhere, and serve for some time those who have not heard it."""
        self._lifetime.ready = False
        self._lifetime.leaving = True
        await asyncio.sleep(self._leave_seconds)

    async def stop(self) -> None:
        """Take no new calls, let those in flight finish within the drain time, then stop."""
        self._lifetime.ready = False
        self._lifetime.leaving = True
        self._lifetime.ending.set()
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listener = socket.create_server((self._host, self._port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise Unavailable(f"Port {self._port} on {self._host} cannot be listened on: {error.strerror}.") from None
        # Asyncio leaves a socket that it did not make to Nagle's algorithm, which holds an answer back for 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener


class _Server(uvicorn.Server):
    """Leaves SIGTERM and SIGINT alone: in one process there may be six deployables."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets=sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield
