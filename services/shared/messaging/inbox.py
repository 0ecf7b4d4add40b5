"""What one subscriber has received and not yet read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from services.shared.messaging import Message
from services.shared.observability.logs import get_logger

_MAX_UNREAD: Final = 10_000
_log = get_logger(__name__)


class Inbox(AsyncIterator[Message]):
    """An iterator over messages that loses the newest ones where its reader is too slow, and ends with the bus."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self._unread: asyncio.Queue[Message | None] = asyncio.Queue()

    def offer(self, message: Message) -> None:
        """Add one message, or drop it where too many are unread."""
        if self._unread.qsize() < _MAX_UNREAD:
            self._unread.put_nowait(message)
        else:
            _log.warning("message_lost_by_slow_subscriber", subject=self.subject)

    def end(self) -> None:
        """Let the reader see the end after what is unread."""
        self._unread.put_nowait(None)

    async def __anext__(self) -> Message:
        message = await self._unread.get()
        if message is None:
            self.end()
            raise StopAsyncIteration
        return message
