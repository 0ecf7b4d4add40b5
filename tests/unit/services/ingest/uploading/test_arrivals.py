from collections.abc import AsyncIterator

import pytest

from services.ingest.steps import End, Start, Step
from services.ingest.uploading.arrivals import Arrival, arrivals, plain_name
from services.shared.errors import Cancelled, InvalidRequest, TooLarge


async def taken(*steps: Step, max_file_bytes: int = 10) -> list[Arrival]:
    async def sent() -> AsyncIterator[Step]:
        for step in steps:
            yield step

    return [arrival async for arrival in arrivals(sent(), max_file_bytes=max_file_bytes)]


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


@pytest.mark.parametrize(
    ("given", "name"), [("a/b/c.csv", "c.csv"), ("C:\\ecg\\c.csv", "c.csv"), ("../../c.csv", "c.csv")]
)
def test_folders_are_no_part_of_a_name(given: str, name: str) -> None:
    assert plain_name(given) == name


@pytest.mark.parametrize("given", ["", "/", "a\x00b", "a\nb", "x" * 256])
def test_names_that_make_no_sense_are_refused(given: str) -> None:
    with pytest.raises(InvalidRequest):
        plain_name(given)
