"""One transaction for everything that waits: a commit costs a sync of the disk, however much is in it."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from services.ingest.catalog.writing import Writing
from services.shared.errors import PlatformError

Work = TypeVar("Work")
Work_contra = TypeVar("Work_contra", contravariant=True)

MAX_PER_ROUND: Final = 128


class Perform(Protocol[Work_contra]):
    """Does some work in a transaction."""

    def __call__(self, connection: Connection, works: Sequence[Work_contra], *, is_alone: bool) -> Sequence[Any]:
        """Return one result per work, in order."""
        ...


class GroupCommit(Generic[Work]):
    """Performs the work of concurrent callers in as few transactions as their arrival allows.

    `perform` returns one result per work, in order; a PlatformError among them goes to its caller alone. Where a
    constraint objects to the whole, each work is tried again alone, and is told so.
    """

    def __init__(self, writing: Writing, perform: Perform[Work]) -> None:
        self._writing = writing
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
            if not await self._round(batch, is_alone=False):
                for single in batch:
                    await self._round([single], is_alone=True)

    async def _round(self, batch: Sequence[tuple[Work, asyncio.Future[Any]]], *, is_alone: bool) -> bool:
        try:
            works = [work for work, _ in batch]
            results = await self._writing.run(partial(self._perform, works=works, is_alone=is_alone))
        except IntegrityError as error:
            if not is_alone:
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
