"""Protobuf of einthoven.common to the platform's own types and back; pure."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp
from numpy.typing import NDArray

from einthoven.common.v1 import common_pb2 as pb
from services.shared.ecg import Remark, Signal
from services.shared.errors import InvalidRequest
from services.shared.signals import SignalRef

FILE_CHUNK_BYTES = 1 << 20


def signal_to_pb(signal: Signal, leads: Iterable[str], rate_hz: float) -> pb.Signal:
    """Return a signal (leads, samples) in millivolt for the wire."""
    data = np.ascontiguousarray(signal, dtype="<f4").tobytes()
    return pb.Signal(data=data, leads=leads, samples=signal.shape[1], rate_hz=rate_hz)


def signal_from_pb(message: pb.Signal) -> tuple[Signal, tuple[str, ...], float]:
    """Return (leads, samples), lead names and rate; raises InvalidRequest where the bytes do not fit the shape."""
    leads = tuple(message.leads)
    if len(message.data) != len(leads) * message.samples * 4:
        raise InvalidRequest(
            f"A signal of {len(message.data)} bytes is not {len(leads)} leads x {message.samples} samples of float32."
        )
    return np.frombuffer(message.data, dtype="<f4").reshape(len(leads), message.samples), leads, message.rate_hz


def tensor_to_pb(tensor: NDArray[np.float32]) -> pb.Tensor:
    """Return an array for the wire."""
    return pb.Tensor(data=np.ascontiguousarray(tensor, dtype="<f4").tobytes(), shape=tensor.shape)


def tensor_from_pb(message: pb.Tensor) -> NDArray[np.float32]:
    """Return the array; raises InvalidRequest where the bytes do not fit the shape."""
    shape = tuple(message.shape)
    count = 1
    for length in shape:
        count *= length
    if len(message.data) != count * 4:
        raise InvalidRequest(f"A tensor of {len(message.data)} bytes does not hold {shape} float32 values.")
    return np.frombuffer(message.data, dtype="<f4").reshape(shape)


def ref_to_pb(ref: SignalRef) -> pb.SignalRef:
    """Return a signal's place for the wire."""
    return pb.SignalRef(
        shard_key=ref.shard_key, index=ref.index, leads=ref.leads, samples=ref.samples, rate_hz=ref.rate_hz
    )


def ref_from_pb(message: pb.SignalRef) -> SignalRef:
    """Return a signal's place."""
    return SignalRef(message.shard_key, message.index, tuple(message.leads), message.samples, message.rate_hz)


def remarks_to_pb(remarks: Iterable[Remark]) -> list[pb.Remark]:
    """Return remarks for the wire."""
    return [pb.Remark(code=remark.code, text=remark.text) for remark in remarks]


def remarks_from_pb(messages: Iterable[pb.Remark]) -> tuple[Remark, ...]:
    """Return remarks."""
    return tuple(Remark(message.code, message.text) for message in messages)


def timestamp(moment: datetime) -> Timestamp:
    """Return a moment for the wire; one without a zone is UTC, as SQLite keeps it."""
    stamp = Timestamp()
    stamp.FromDatetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return stamp


def moment(stamp: Timestamp) -> datetime:
    """Return a moment in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


async def download(head: pb.FileHead, chunks: AsyncIterator[bytes] | Iterable[bytes]) -> AsyncIterator[pb.FileDownload]:
    """Yield a file for the wire: its head, then its bytes in chunks of at most 1 MiB."""
    yield pb.FileDownload(head=head)
    async for chunk in _async(chunks):
        for start in range(0, len(chunk), FILE_CHUNK_BYTES):
            yield pb.FileDownload(chunk=pb.FileChunk(data=chunk[start : start + FILE_CHUNK_BYTES]))


async def _async(chunks: AsyncIterator[bytes] | Iterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(chunks, AsyncIterator):
        async for chunk in chunks:
            yield chunk
    else:
        for chunk in chunks:
            yield chunk
