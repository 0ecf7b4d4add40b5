"""Where the process stands between its start and its end, for whoever serves calls in it."""

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CLOSE: Final = (b"connection", b"close")


class Lifetime:
    """Whether new calls are welcome, and whether long ones should come to an end."""

    def __init__(self) -> None:
        self.ready = False
        self.opened = False
        """Whether it was ever ready: before, there may be no tables to look a key up in."""
        self.leaving = False
        """Set when the process is asked to end: it serves on for a while, but clients should connect elsewhere."""
        self.ending = asyncio.Event()
        """Set when it begins to stop: streams without an end of their own end now, and clients come again."""


class Farewell:
    """Has clients of a gateway that is leaving make a new connection for their next call.

    A connection that is kept would be closed under their hands later, and the call on it lost.
    """

    def __init__(self, app: ASGIApp, *, lifetime: Lifetime) -> None:
        self._app = app
        self._lifetime = lifetime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and self._lifetime.leaving:
                message["headers"] = [*message.get("headers", ()), _CLOSE]
            await send(message)

        await self._app(scope, receive, told)
