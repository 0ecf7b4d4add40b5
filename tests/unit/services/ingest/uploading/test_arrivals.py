import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator

import pytest

from services.ingest.steps import End, Start, Step
from services.ingest.uploading.arrivals import Arrival, arrivals
from services.ingest.uploading.spool import MEMORY_BYTES, Spools
from services.shared.errors import Cancelled, InvalidRequest, TooLarge
from tests.unit.services.ingest.archives import zip_of


async def taken(*steps: Step, max_file_bytes: int = 10) -> list[Arrival]:
    async def sent() -> AsyncIterator[Step]:
        for step in steps:
            yield step

    spools = Spools(2 * MEMORY_BYTES, 1)
    return [_read(arrival) async for arrival in arrivals(sent(), max_file_bytes=max_file_bytes, spools=spools)]


def _read(arrival: Arrival) -> Arrival:
    """Keep the bytes of an archive, whose spool is closed after this."""
    return arrival if arrival.archive is None else dataclasses.replace(arrival, data=arrival.archive.read())


async def test_files_are_put_together_from_chunks() -> None:
    found = await taken(Start("a"), b"12", b"34", End(), Start("b"), End())

    assert [(arrival.file_name, arrival.data) for arrival in found] == [("a", b"1234"), ("b", b"")]


async def test_a_file_that_breaks_off_is_forgotten() -> None:
    assert await taken(Start("a"), b"12") == []


async def test_a_file_that_gives_way_to_the_next_was_cancelled() -> None:
    broken, whole = await taken(Start("a"), b"1", Start("b"), b"2", End())

    assert isinstance(broken.refusal, Cancelled)
    assert whole.data == b"2"


async def test_a_file_that_is_too_large_costs_no_other() -> None:
    large, small = await taken(Start("a"), b"12345678", b"90ab", b"c", End(), Start("b"), b"1", End())

    assert isinstance(large.refusal, TooLarge)
    assert small.data == b"1"


async def test_a_file_without_a_sensible_name_costs_no_other() -> None:
    nameless, named = await taken(Start("folder/"[:0]), b"1", End(), Start("b"), b"1", End())

    assert isinstance(nameless.refusal, InvalidRequest)
    assert named.refusal is None


@pytest.mark.parametrize("steps", [(b"12",), (End(),), (Start("a"), End(), b"1")])
async def test_steps_out_of_order_are_refused(steps: tuple[Step, ...]) -> None:
    with pytest.raises(InvalidRequest, match="before the start"):
        await taken(*steps)


async def test_an_archive_is_not_held_to_the_limit_of_a_file() -> None:
    archive = zip_of({"a.csv": b"1" * 100})

    (found,) = await taken(Start("a.zip"), archive[:3], archive[3:], End())

    assert found.archive is not None
    assert (found.data, found.size_bytes) == (archive, len(archive))
    assert found.archive.sha256 == hashlib.sha256(archive).hexdigest()


async def test_arrays_are_held_to_the_limit_of_a_file() -> None:
    arrays = zip_of({"a.npy": b"1" * 100})

    large, small = await taken(Start("a.npz"), arrays, End(), Start("b.csv"), b"1", End())
    (taken_whole,) = await taken(Start("a.npz"), arrays, End(), max_file_bytes=1000)

    assert isinstance(large.refusal, TooLarge)
    assert (small.data, taken_whole.data, taken_whole.archive) == (b"1", arrays, None)


async def test_archives_that_are_too_large_or_break_off_give_their_place_to_the_next() -> None:
    large = [b"PK\x03\x04" + bytes(MEMORY_BYTES), bytes(MEMORY_BYTES)]

    async with asyncio.timeout(10):
        found = await taken(Start("a"), *large, End(), Start("b"), *large[:1], Start("c"), *large[:1], End())

    assert [type(arrival.refusal) for arrival in found] == [TooLarge, Cancelled, type(None)]
