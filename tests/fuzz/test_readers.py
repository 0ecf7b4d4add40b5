"""Some hundreds of damaged files for every reader; `make fuzz` has thousands of each."""

import pytest

from services.ingest import formats
from services.ingest.formats.base import UploadedFile
from tests.fuzz.campaign import Tally, campaign
from tests.fuzz.cases import case
from tests.fuzz.samples import WHOLE, small

COUNT = 200
SEED = 20


@pytest.fixture(scope="module")
def tallies() -> dict[str, Tally]:
    return {tally.reader: tally for tally in campaign(formats.names(), SEED, COUNT, processes=2)}


def test_every_reader_is_fuzzed() -> None:
    assert set(WHOLE) == set(formats.names())


@pytest.mark.parametrize("name", formats.names())
def test_the_files_that_are_damaged_are_whole_before(name: str) -> None:
    known = next(known for known in formats.FORMATS if name == known.NAME)
    for sample in small(name):
        assert known.read(sample.file, sample.declaration).samples > 0


@pytest.mark.parametrize("name", formats.names())
def test_a_reader_reads_or_refuses_and_nothing_else(tallies: dict[str, Tally], name: str) -> None:
    tally = tallies[name]

    assert [str(fault) for fault in tally.faults] == []
    assert tally.read + tally.refused == tally.cases == COUNT
    assert tally.read > COUNT // 20, "what is damaged beyond recognition proves little"


@pytest.mark.parametrize("name", formats.names())
def test_a_case_is_the_same_each_time(name: str) -> None:
    assert [_parts(case(name, 1, number).file) for number in (50, 51)] == [
        _parts(case(name, 1, number).file) for number in (50, 51)
    ]


def _parts(file: UploadedFile) -> tuple[bytes, dict[str, bytes]]:
    return file.data, dict(file.companions)
