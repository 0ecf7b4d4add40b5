"""Signals in shards."""

import io
from pathlib import Path

import numpy as np
import pytest

from services.shared.errors import Internal
from services.shared.signals import HEADER_BYTES, SignalRef, SignalStore, shard_bytes
from services.shared.storage.filesystem import FolderStore

LEADS = ("I", "II")


def signals(count: int, samples: int = 50) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.normal(size=(2, samples)).astype(np.float32) for _ in range(count)]


def ref(index: int, key: str = "signals/t/d/a.npy", samples: int = 50) -> SignalRef:
    return SignalRef(key, index, LEADS, samples, 100.0)


def test_a_shard_is_a_plain_npy_file() -> None:
    rows = signals(3)

    array = np.load(io.BytesIO(shard_bytes(rows)), allow_pickle=False)

    np.testing.assert_array_equal(array, np.stack(rows))


@pytest.mark.parametrize("shape", [(1, 1), (12, 5000), (12, 86_400_000)])
def test_the_header_has_one_length_for_every_shape(shape: tuple[int, int]) -> None:
    signal = np.broadcast_to(np.float32(0), shape)[:, :1] if shape[1] > 10_000 else np.zeros(shape, np.float32)

    assert len(shard_bytes([signal])) == HEADER_BYTES + signal.size * 4


def test_signals_of_two_shapes_do_not_share_a_shard() -> None:
    with pytest.raises(Internal, match="in a shard of"):
        shard_bytes([np.zeros((2, 5), np.float32), np.zeros((2, 6), np.float32)])


async def test_a_row_comes_back_exactly(tmp_path: Path) -> None:
    store = SignalStore(FolderStore(tmp_path))
    rows = signals(5)
    await store.write_shard("signals/t/d/a.npy", rows)

    signal = await store.read(ref(3))

    np.testing.assert_array_equal(signal, rows[3])


async def test_many_rows_come_in_the_order_asked_for(tmp_path: Path) -> None:
    store = SignalStore(FolderStore(tmp_path))
    first, second = signals(4), signals(3, samples=80)
    await store.write_shard("signals/t/d/a.npy", first)
    await store.write_shard("signals/t/d/b.npy", second)
    refs = [ref(2), ref(3), ref(0), ref(1, "signals/t/d/b.npy", 80), ref(2, "signals/t/d/b.npy", 80), ref(1)]

    read = [signal async for signal in store.read_many(refs, concurrency=2)]

    wanted = [first[2], first[3], first[0], second[1], second[2], first[1]]
    assert all(np.array_equal(got, want) for got, want in zip(read, wanted, strict=True))
