"""From records to predictions in order: read, prepare, batch, run; a few ahead, so that memory stays bounded."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.inference.batching import ROWS_HANDED_OVER
from services.inference.cache import ReadyModel
from services.inference.predictions import InlineEcg, Prediction, StoredRecord
from services.inference.scoring import scores
from services.shared.ecg import Recording, Signal
from services.shared.errors import PlatformError, TooLarge
from services.shared.model_contract import InputContract, Manifest, OutputContract
from services.shared.preprocessing import Prepared, prepare
from services.shared.quality import Floor, Quality, assess_recording
from services.shared.quality.gate import reaches, too_low
from services.shared.signals import SignalRef, SignalStore

MAX_CHUNK_RECORDS: Final = 64
MAX_CHUNK_BYTES: Final = 16 << 20
"""Signals are read this much at a time, one chunk ahead."""
MAX_SIGNAL_BYTES: Final = 256 << 20
CHUNKS_AHEAD: Final = 2
GROUPS_AHEAD: Final = 4
"""ECGs are prepared and run in groups, this many of them under way."""

Item = TypeVar("Item")
Result = TypeVar("Result")
_Read = tuple[StoredRecord, Signal | PlatformError]
_Answer = NDArray[np.float32] | PlatformError


@dataclass(frozen=True, slots=True)
class Way:
    """What ECGs are taken through."""

    manifest: Manifest
    ready: ReadyModel
    floor: Floor
    """The least grade that the model is asked about."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One ECG that is asked for; `recording` raises what is wrong with it."""

    record_id: str
    file_name: str
    recording: Callable[[], Recording]
    quality: Quality | None = None
    """As judged when it came in; None where it was not."""


@dataclass(frozen=True, slots=True)
class _Fed:
    """One ECG as a model is fed it, or why it is not."""

    prepared: Prepared | PlatformError
    quality: Quality | None


class Pipeline:
    """Takes ECGs through one model."""

    def __init__(self, signals: SignalStore, preparing: Executor) -> None:
        self._signals = signals
        self._preparing = preparing

    async def records(self, way: Way, records: AsyncGenerator[StoredRecord, None]) -> AsyncGenerator[Prediction, None]:
        """Predict stored records in their order; one that fails is a prediction with its error."""
        asked = aclosing(self._asked(records))
        async with asked as ecgs, aclosing(self._predictions(way, ecgs)) as rows:
            async for row in rows:
                yield row

    async def inline(self, way: Way, ecgs: AsyncGenerator[InlineEcg, None]) -> AsyncGenerator[Prediction, None]:
        """Predict ECGs that came with the call."""

        async def asked() -> AsyncGenerator[_Asked, None]:
            async with aclosing(ecgs):
                async for ecg in ecgs:
                    yield _Asked("", "", partial(Recording, ecg.signal, ecg.leads, ecg.rate_hz), ecg.quality)

        async with aclosing(self._predictions(way, asked())) as rows:
            async for row in rows:
                yield row

    async def _predictions(self, way: Way, ecgs: AsyncGenerator[_Asked, None]) -> AsyncGenerator[Prediction, None]:
        async def predict(group: list[_Asked]) -> list[Prediction]:
            return await self._predict(way, group)

        groups = _grouped(ecgs, max(ROWS_HANDED_OVER, way.ready.batcher.size))
        async with aclosing(in_order(groups, predict, ahead=GROUPS_AHEAD)) as predicted:
            async for rows in predicted:
                for row in rows:
                    yield row

    async def _predict(self, way: Way, group: list[_Asked]) -> list[Prediction]:
        contract = way.manifest
        loop = asyncio.get_running_loop()
        fed = await loop.run_in_executor(self._preparing, _all_fed, group, contract.input, way.floor)
        good = [each.prepared.signal for each in fed if isinstance(each.prepared, Prepared)]
        answers = iter(await _answers(way.ready, good, contract.output.tensor))
        return [
            Prediction(ecg.record_id, ecg.file_name, error=each.prepared, quality=each.quality)
            if isinstance(each.prepared, PlatformError)
            else replace(_prediction(ecg, each.prepared, next(answers), contract.output), quality=each.quality)
            for ecg, each in zip(group, fed, strict=True)
        ]

    async def _asked(self, records: AsyncGenerator[StoredRecord, None]) -> AsyncGenerator[_Asked, None]:
        async with aclosing(self._read(records)) as reads:
            async for record, signal in reads:
                recording = partial(_recording, record, signal)
                yield _Asked(record.record_id, record.file_name, recording, record.quality)

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


async def _grouped(items: AsyncGenerator[Item, None], size: int) -> AsyncGenerator[list[Item], None]:
    group: list[Item] = []
    async with aclosing(items):
        async for item in items:
            group.append(item)
            if len(group) == size:
                yield group
                group = []
    if group:
        yield group


def _recording(record: StoredRecord, signal: Signal | PlatformError) -> Recording:
    """Return a stored ECG as a recording; raises what kept it from being read."""
    if isinstance(signal, PlatformError):
        raise signal
    return Recording(signal, record.ref.leads, record.ref.rate_hz, record.remarks)


def _all_fed(group: list[_Asked], contract: InputContract, floor: Floor) -> list[_Fed]:
    return [_fed(ecg, contract, floor) for ecg in group]


def _fed(ecg: _Asked, contract: InputContract, floor: Floor) -> _Fed:
    """Prepare an ECG that reaches the floor, or say why it is not; one that nobody has judged is judged here."""
    quality = ecg.quality
    try:
        recording = ecg.recording()
        quality = quality or assess_recording(recording)
        if not reaches(quality.grade, floor):
            raise too_low(quality, floor)
        return _Fed(prepare(recording, contract), quality)
    except PlatformError as error:
        return _Fed(error, quality)


async def _answers(ready: ReadyModel, rows: Sequence[Signal], tensor: str) -> list[_Answer]:
    """Return the model's answer to each row; rows on which the model fails together are run one by one."""
    if not rows:
        return []
    try:
        return list((await ready.batcher.submit(np.stack(rows)))[tensor])
    except PlatformError as error:
        if len(rows) == 1:
            return [error]
    return [answer for row in rows for answer in await _answers(ready, [row], tensor)]


def _prediction(ecg: _Asked, fed: Prepared, answer: _Answer, contract: OutputContract) -> Prediction:
    try:
        if isinstance(answer, PlatformError):
            raise answer
        return Prediction(ecg.record_id, ecg.file_name, scores(answer, contract), fed.remarks)
    except PlatformError as error:
        return Prediction(ecg.record_id, ecg.file_name, error=error)
