"""One transaction for everything that waits: a commit costs a sync of the disk, however much is in it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.shared.database import Database
from services.shared.errors import PlatformError

Work = TypeVar("Work")

MAX_PER_ROUND: Final = 128


class GroupCommit(Generic[Work]):
    """Performs the work of concurrent callers in as few transactions as their arrival allows.

    `perform` returns one result per work, in order; a PlatformError among them goes to its caller alone. Where the
    transaction fails as a whole, each work is tried by itself.
    """

    def __init__(
        self, database: Database, perform: Callable[[AsyncSession, Sequence[Work]], Awaitable[Sequence[Any]]]
    ) -> None:
        self._database = database
        self._perform = perform
        self._waiting: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._rounds: asyncio.Task[None] | None = None

    async def do(self, work: Work) -> Any:
        """Return the result once it is durable; work that was handed in is done even where the caller goes away."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._run_rounds())
        return await future

    async def close(self) -> None:
        """Finish what was handed in."""
        if self._rounds is not None:
            await self._rounds

    async def _run_rounds(self) -> None:
        while self._waiting:
            count = min(len(self._waiting), MAX_PER_ROUND)
            batch = [self._waiting.popleft() for _ in range(count)]
            if not await self._round(batch, is_last_try=count == 1):
                for single in batch:
                    await self._round([single], is_last_try=True)

    async def _round(self, batch: Sequence[tuple[Work, asyncio.Future[Any]]], *, is_last_try: bool) -> bool:
        try:
            async with self._database.session() as session:
                results = await self._perform(session, [work for work, _ in batch])
        except IntegrityError as error:
            if not is_last_try:
                return False
            results = [error]
        except Exception as error:  # noqa: BLE001 whoever waits is told, whatever it is; the round goes on for the others
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                _settle(future, result)
        return True


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if isinstance(result, PlatformError):
        future.set_exception(type(result)(result.detail))  # a traceback belongs to one caller
    elif isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
