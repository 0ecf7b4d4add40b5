"""Signals in the object store: shards, each an .npy array (records, leads, samples) of float32 millivolt.

A record is a row of a shard. The header of such a file always has the same length, so that a row is one ranged read.
"""

import asyncio
import io
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib import format as npy

from services.shared.ecg import Recording, Signal
from services.shared.errors import Internal
from services.shared.storage import ObjectStore

HEADER_BYTES: Final = 128
MAX_SPAN_BYTES: Final = 8 << 20
"""Neighbouring rows are read together up to this size."""


@dataclass(frozen=True, slots=True)
class SignalRef:
    """Where a stored signal lies: one row of a shard."""

    shard_key: str
    index: int
    leads: tuple[str, ...]
    samples: int
    rate_hz: float

    @property
    def row_bytes(self) -> int:
        """The size of the row."""
        return len(self.leads) * self.samples * 4


@dataclass(frozen=True, slots=True)
class _Span:
    """Neighbouring rows of one shard."""

    first: SignalRef
    rows: int


class SignalStore:
    """Writes and reads shards."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def write_shard(self, key: str, signals: Sequence[Signal]) -> None:
        """Write signals of one shape (leads, samples) as one shard; row i is signals[i]."""
        await self._store.put(key, await asyncio.to_thread(shard_bytes, signals))

    async def read(self, ref: SignalRef) -> Signal:
        """Read one signal (leads, samples)."""
        signal: Signal = (await self._read_span(_Span(ref, 1)))[0]
        return signal

    async def read_many(self, refs: Sequence[SignalRef], *, concurrency: int = 8) -> AsyncIterator[Signal]:
        """Read signals in the order of the references, a few reads ahead of the reader."""
        pending: deque[asyncio.Task[Signal]] = deque()
        spans = iter(_spans(refs))
        try:
            while True:
                while len(pending) < concurrency and (span := next(spans, None)) is not None:
                    pending.append(asyncio.create_task(self._read_span(span)))
                if not pending:
                    return
                for signal in await pending.popleft():
                    yield signal
        finally:
            for task in pending:
                task.cancel()

    async def _read_span(self, span: _Span) -> Signal:
        ref = span.first
        start = HEADER_BYTES + ref.index * ref.row_bytes
        data = await self._store.get_range(ref.shard_key, start, span.rows * ref.row_bytes)
        return np.frombuffer(data, dtype="<f4").reshape(span.rows, len(ref.leads), ref.samples)


def recording(signal: Signal, ref: SignalRef) -> Recording:
    """Return a stored signal as a recording."""
    return Recording(signal=signal, leads=ref.leads, rate_hz=ref.rate_hz)


def shard_bytes(signals: Sequence[Signal]) -> bytes:
    """Return signals of one shape as an .npy file whose header has the fixed length."""
    shape = (len(signals), *signals[0].shape)
    buffer = io.BytesIO()
    npy.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": shape})
    if buffer.tell() != HEADER_BYTES:
        raise Internal(f"An .npy header of {buffer.tell()} bytes for shape {shape}.")
    for signal in signals:
        if signal.shape != shape[1:]:
            raise Internal(f"A signal of shape {signal.shape} in a shard of {shape}.")
        buffer.write(np.ascontiguousarray(signal, dtype="<f4").data)
    return buffer.getvalue()


def _spans(refs: Sequence[SignalRef]) -> list[_Span]:
    spans: list[_Span] = []
    for ref in refs:
        last = spans[-1] if spans else None
        if last is not None and _continues(last, ref) and (last.rows + 1) * ref.row_bytes <= MAX_SPAN_BYTES:
            spans[-1] = _Span(last.first, last.rows + 1)
        else:
            spans.append(_Span(ref, 1))
    return spans


def _continues(span: _Span, ref: SignalRef) -> bool:
    first = span.first
    same_shape = (ref.shard_key, len(ref.leads), ref.samples) == (first.shard_key, len(first.leads), first.samples)
    return same_shape and ref.index == first.index + span.rows
