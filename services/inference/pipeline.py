"""From records to predictions in order: read, prepare, batch, run; a few ahead, so that memory stays bounded."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import aclosing
from functools import partial
from typing import Final, TypeVar

from services.inference.cache import ReadyModel
from services.inference.predictions import InlineEcg, Prediction, StoredModel, StoredRecord
from services.inference.scoring import scores
from services.shared.ecg import Recording, Signal
from services.shared.errors import PlatformError, TooLarge
from services.shared.preprocessing import Prepared, prepare
from services.shared.signals import SignalRef, SignalStore

MAX_CHUNK_RECORDS: Final = 64
MAX_CHUNK_BYTES: Final = 16 << 20
"""Signals are read this much at a time, one chunk ahead."""
MAX_SIGNAL_BYTES: Final = 256 << 20
CHUNKS_AHEAD: Final = 2
MIN_AHEAD: Final = 8
"""ECGs prepared or waiting at once; with large batches twice a batch."""

Item = TypeVar("Item")
Result = TypeVar("Result")
_Read = tuple[StoredRecord, Signal | PlatformError]


class Pipeline:
    """Takes ECGs through one model."""

    def __init__(self, signals: SignalStore, preparing: Executor) -> None:
        self._signals = signals
        self._preparing = preparing

    async def records(
        self, model: StoredModel, ready: ReadyModel, records: AsyncGenerator[StoredRecord, None]
    ) -> AsyncGenerator[Prediction, None]:
        """Predict stored records in their order; one that fails is a prediction with its error."""

        async def predict(read: _Read) -> Prediction:
            record, signal = read
            if isinstance(signal, PlatformError):
                return Prediction(record.record_id, record.file_name, error=signal)
            ref, named = record.ref, (record.record_id, record.file_name)
            ecg = partial(Recording, signal, ref.leads, ref.rate_hz, record.remarks)
            return await self._predict(model, ready, ecg, named=named)

        async with (
            aclosing(self._read(records)) as read,
            aclosing(in_order(read, predict, ahead=_ahead(ready))) as rows,
        ):
            async for row in rows:
                yield row

    async def inline(
        self, model: StoredModel, ready: ReadyModel, ecgs: AsyncGenerator[InlineEcg, None]
    ) -> AsyncGenerator[Prediction, None]:
        """Predict ECGs that came with the call."""

        async def predict(ecg: InlineEcg) -> Prediction:
            return await self._predict(model, ready, partial(Recording, ecg.signal, ecg.leads, ecg.rate_hz))

        async with aclosing(in_order(ecgs, predict, ahead=_ahead(ready))) as rows:
            async for row in rows:
                yield row

    async def _predict(
        self, model: StoredModel, ready: ReadyModel, ecg: Callable[[], Recording], *, named: tuple[str, str] = ("", "")
    ) -> Prediction:
        contract = model.manifest

        def prepared() -> Prepared:
            return prepare(ecg(), contract.input)

        try:
            fed = await asyncio.get_running_loop().run_in_executor(self._preparing, prepared)
            outputs = await ready.batcher.submit(fed.signal[None])
            found = scores(outputs[contract.output.tensor][0], contract.output)
        except PlatformError as error:
            return Prediction(*named, error=error)
        return Prediction(*named, found, fed.remarks)

    async def _read(self, records: AsyncGenerator[StoredRecord, None]) -> AsyncGenerator[_Read, None]:
        async with aclosing(in_order(_chunks(records), self._read_chunk, ahead=CHUNKS_AHEAD)) as chunks:
            async for chunk in chunks:
                for read in chunk:
                    yield read

    async def _read_chunk(self, records: list[StoredRecord]) -> list[_Read]:
        if any(record.ref.row_bytes > MAX_SIGNAL_BYTES for record in records):
            return [(record, await self._read_one(record.ref)) for record in records]
        try:
            signals = [signal async for signal in self._signals.read_many([record.ref for record in records])]
        except PlatformError:
            return [(record, await self._read_one(record.ref)) for record in records]
        return list(zip(records, signals, strict=True))

    async def _read_one(self, ref: SignalRef) -> Signal | PlatformError:
        if ref.row_bytes > MAX_SIGNAL_BYTES:
            return TooLarge(f"The signal has {ref.row_bytes} bytes; at most {MAX_SIGNAL_BYTES} are read at once.")
        try:
            return await self._signals.read(ref)
        except PlatformError as error:
            return error


async def in_order(
    items: AsyncGenerator[Item, None], work: Callable[[Item], Awaitable[Result]], *, ahead: int
) -> AsyncGenerator[Result, None]:
    """Yield work(item) in the order of the items, at most `ahead` of them under way; leaving cancels those."""
    pending: deque[asyncio.Task[Result]] = deque()
    try:
        async with aclosing(items):
            async for item in items:
                pending.append(asyncio.ensure_future(work(item)))
                while pending and (len(pending) >= ahead or pending[0].done()):
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _chunks(records: AsyncGenerator[StoredRecord, None]) -> AsyncGenerator[list[StoredRecord], None]:
    chunk: list[StoredRecord] = []
    size = 0
    async with aclosing(records):
        async for record in records:
            if chunk and (len(chunk) >= MAX_CHUNK_RECORDS or size + record.ref.row_bytes > MAX_CHUNK_BYTES):
                yield chunk
                chunk, size = [], 0
            chunk.append(record)
            size += record.ref.row_bytes
    if chunk:
        yield chunk


def _ahead(ready: ReadyModel) -> int:
    return max(MIN_AHEAD, 2 * ready.batcher.size)
