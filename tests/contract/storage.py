"""What every object store does, whatever it is made of."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from services.shared.errors import AlreadyExists, InvalidRequest, NotFound
from services.shared.storage import MAX_KEY_BYTES, ObjectInfo, ObjectStore

LONG = 20 << 20


async def stream_of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def long_stream(size: int) -> AsyncIterator[bytes]:
    """Yield `size` bytes in uneven chunks, each byte depending on its place."""
    sent = 0
    while sent < size:
        length = min(700_001, size - sent)
        yield pattern(sent, length)
        sent += length


def pattern(start: int, length: int) -> bytes:
    period = bytes(range(251))
    offset = start % 251
    return (period * (length // 251 + 2))[offset : offset + length]


async def broken_stream(size: int) -> AsyncIterator[bytes]:
    async for chunk in long_stream(size):
        yield chunk
    raise OSError("the caller's disk is gone")


async def keys_of(store: ObjectStore, prefix: str) -> list[str]:
    return [info.key async for info in store.list(prefix)]


class ObjectStoreContract:
    """Every adapter's test class inherits these and gives the fixture `store`."""

    @pytest.fixture
    def folder(self) -> str:
        return f"contract/{uuid.uuid4().hex}"

    async def test_bytes_come_back_as_they_went(self, store: ObjectStore, folder: str) -> None:
        info = await store.put(f"{folder}/ecg.npy", b"\x00\xff\r\n" * 100)

        assert info == ObjectInfo(f"{folder}/ecg.npy", 400)
        assert await store.get(f"{folder}/ecg.npy") == b"\x00\xff\r\n" * 100
        assert await store.stat(f"{folder}/ecg.npy") == info

    async def test_an_object_may_be_empty(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/empty", b"")

        assert await store.get(f"{folder}/empty") == b""
        assert await store.get_range(f"{folder}/empty", 0, 0) == b""
        assert [chunk async for chunk in store.stream(f"{folder}/empty")] == []

    async def test_a_later_put_replaces_the_object(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/a", b"first")
        await store.put(f"{folder}/a", b"second, longer")

        assert await store.get(f"{folder}/a") == b"second, longer"

    @pytest.mark.parametrize("size", [0, 5, 700_002, LONG])
    async def test_a_stream_of_unknown_length_is_stored_whole(self, store: ObjectStore, folder: str, size: int) -> None:
        info = await store.put(f"{folder}/a", long_stream(size))

        assert info.size_bytes == size
        assert (await store.stat(f"{folder}/a")).size_bytes == size
        assert b"".join([chunk async for chunk in store.stream(f"{folder}/a")]) == pattern(0, size)

    @pytest.mark.parametrize("size", [5, LONG])
    async def test_a_stream_that_fails_leaves_nothing(self, store: ObjectStore, folder: str, size: int) -> None:
        with pytest.raises(OSError, match="the caller's disk is gone"):
            await store.put(f"{folder}/a", broken_stream(size))

        assert await keys_of(store, folder) == []

    @pytest.mark.parametrize("size", [5, LONG])
    async def test_a_stream_that_fails_leaves_what_was_there(self, store: ObjectStore, folder: str, size: int) -> None:
        await store.put(f"{folder}/a", b"before")

        with pytest.raises(OSError, match="the caller's disk is gone"):
            await store.put(f"{folder}/a", broken_stream(size))

        assert await store.get(f"{folder}/a") == b"before"

    async def test_a_cancelled_put_leaves_nothing(self, store: ObjectStore, folder: str) -> None:
        sent = asyncio.Event()

        async def stalling() -> AsyncIterator[bytes]:
            async for chunk in long_stream(LONG):
                yield chunk
            sent.set()
            await asyncio.Event().wait()

        putting = asyncio.create_task(store.put(f"{folder}/a", stalling()))
        await sent.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting

        assert await keys_of(store, folder) == []

    async def test_one_store_feeds_many_long_puts_of_itself(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/0", long_stream(9 << 20))

        copies = [store.put(f"{folder}/{number}", store.stream(f"{folder}/0")) for number in range(1, 13)]
        async with asyncio.timeout(60):
            infos = await asyncio.gather(*copies)

        assert {info.size_bytes for info in infos} == {9 << 20}

    @pytest.mark.parametrize(("start", "length"), [(0, 3), (3, 7), (0, 10), (9, 1), (10, 0), (4, 0)])
    async def test_a_range_is_exact(self, store: ObjectStore, folder: str, start: int, length: int) -> None:
        await store.put(f"{folder}/a", b"0123456789")

        assert await store.get_range(f"{folder}/a", start, length) == b"0123456789"[start : start + length]

    @pytest.mark.parametrize(("start", "length"), [(0, 11), (9, 2), (10, 1), (400, 5), (11, 0), (-1, 2), (3, -1)])
    async def test_a_range_beyond_the_end_is_refused(
        self, store: ObjectStore, folder: str, start: int, length: int
    ) -> None:
        await store.put(f"{folder}/a", b"0123456789")

        with pytest.raises(InvalidRequest):
            await store.get_range(f"{folder}/a", start, length)

    async def test_chunks_are_no_longer_than_asked(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/a", pattern(0, 1_000_000))

        chunks = [chunk async for chunk in store.stream(f"{folder}/a", chunk_bytes=65_536)]

        assert max(map(len, chunks)) <= 65_536
        assert b"".join(chunks) == pattern(0, 1_000_000)

    async def test_a_reader_may_leave_early(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/a", pattern(0, 3_000_000))

        reading = store.stream(f"{folder}/a", chunk_bytes=1000)
        first = await anext(reading)
        assert isinstance(reading, AsyncGenerator)
        await reading.aclose()

        assert first == pattern(0, 1000)
        assert len(await store.get(f"{folder}/a")) == 3_000_000

    async def test_an_absent_object_is_not_found(self, store: ObjectStore, folder: str) -> None:
        with pytest.raises(NotFound):
            await store.get(f"{folder}/none")
        with pytest.raises(NotFound):
            await store.get_range(f"{folder}/none", 0, 1)
        with pytest.raises(NotFound):
            await store.stat(f"{folder}/none")
        with pytest.raises(NotFound):
            await anext(store.stream(f"{folder}/none"))

    async def test_deleting_is_repeatable(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/deep/a", b"x")

        await store.delete(f"{folder}/deep/a")
        await store.delete(f"{folder}/deep/a")

        assert await keys_of(store, folder) == []

    async def test_keys_are_listed_in_their_order(self, store: ObjectStore, folder: str) -> None:
        names = ["a-b", "a.b", "a/b", "a/b.c", "aa/z", "a0", "A", "b/c/d", "b/c-d", "z"]
        for name in names:
            await store.put(f"{folder}/{name}", name.encode())

        assert await keys_of(store, f"{folder}/") == sorted(f"{folder}/{name}" for name in names)
        assert await keys_of(store, f"{folder}/a") == sorted(f"{folder}/{name}" for name in names if name[0] == "a")
        assert await keys_of(store, f"{folder}/a/") == [f"{folder}/a/b", f"{folder}/a/b.c"]
        assert await keys_of(store, f"{folder}/nothing") == []
        assert await keys_of(store, f"{folder}/z/nothing/") == []

    async def test_a_listing_knows_sizes(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/a", b"12345")

        assert [info async for info in store.list(folder)] == [ObjectInfo(f"{folder}/a", 5)]

    async def test_a_listing_is_not_cut_short(self, store: ObjectStore, folder: str) -> None:
        names = [f"{folder}/{number:04d}" for number in range(1100)]
        for start in range(0, len(names), 50):
            await asyncio.gather(*(store.put(name, b"") for name in names[start : start + 50]))

        assert await keys_of(store, folder) == names

    @pytest.mark.parametrize(
        "key",
        [*"/ä\n\\", "", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "a b", "a\x00", "a" * (MAX_KEY_BYTES + 1)],
    )
    async def test_a_key_that_could_leave_the_store_is_refused(self, store: ObjectStore, key: str) -> None:
        with pytest.raises(InvalidRequest):
            await store.put(key, b"x")
        with pytest.raises(InvalidRequest):
            await store.get(key)
        with pytest.raises(InvalidRequest):
            await store.delete(key)
        with pytest.raises(InvalidRequest):
            await anext(store.stream(key))

    @pytest.mark.parametrize("prefix", ["/", "../", "a/../", "a//", ".tmp"])
    async def test_a_prefix_that_could_leave_the_store_is_refused(self, store: ObjectStore, prefix: str) -> None:
        with pytest.raises(InvalidRequest):
            await keys_of(store, prefix)

    async def test_a_taken_key_is_not_overwritten_when_asked(self, store: ObjectStore, folder: str) -> None:
        await store.put(f"{folder}/a", b"first", if_absent=True)

        with pytest.raises(AlreadyExists):
            await store.put(f"{folder}/a", b"second", if_absent=True)
        with pytest.raises(AlreadyExists):
            await store.put(f"{folder}/a", long_stream(9 << 20), if_absent=True)

        assert await store.get(f"{folder}/a") == b"first"

    async def test_a_long_stream_may_be_written_if_absent(self, store: ObjectStore, folder: str) -> None:
        info = await store.put(f"{folder}/a", long_stream(LONG), if_absent=True)

        assert info.size_bytes == LONG

    async def test_of_many_writers_if_absent_one_wins(self, store: ObjectStore, folder: str) -> None:
        writes = [store.put(f"{folder}/a", bytes([number]) * 1000, if_absent=True) for number in range(12)]
        results = await asyncio.gather(*writes, return_exceptions=True)

        winners = [number for number, result in enumerate(results) if isinstance(result, ObjectInfo)]
        assert len(winners) == 1
        assert all(isinstance(result, ObjectInfo | AlreadyExists) for result in results)
        assert await store.get(f"{folder}/a") == bytes(winners) * 1000

    async def test_concurrent_writers_leave_one_whole_object(self, store: ObjectStore, folder: str) -> None:
        await asyncio.gather(*(store.put(f"{folder}/a", bytes([number]) * 300_000) for number in range(12)))

        data = await store.get(f"{folder}/a")
        assert len(data) == 300_000
        assert len(set(data)) == 1

    async def test_a_store_that_works_answers(self, store: ObjectStore) -> None:
        await store.ping()
