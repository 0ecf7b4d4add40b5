from itertools import permutations

import numpy as np
import pytest

from services.ingest.formats.base import UploadedFile
from services.ingest.uploading.companions import PASSING, Companions
from tests.unit.services.ingest.ecgs import csv_of, twelve_leads, wfdb_of
from tests.unit.services.ingest.wfdb_files import header, part

HEADER, SIGNALS = wfdb_of(twelve_leads(300))
HEA, DAT = UploadedFile("ecg.hea", HEADER), UploadedFile("ecg.dat", SIGNALS)
CSV = UploadedFile("a.csv", csv_of(twelve_leads(50)))
RAW = np.arange(200).reshape(2, 100)
MASTER = UploadedFile("rec.hea", header("rec/3 2 500 250", ["a 100", "~ 50", "b 100"]))
SEGMENTS = [UploadedFile(name, data) for name, data in {**part("a", RAW), **part("b", RAW + 1)}.items()]


def through(*files: UploadedFile, max_held_bytes: int = 1 << 20) -> tuple[list[UploadedFile], list[UploadedFile]]:
    companions = Companions(max_held_bytes)
    ready = [out for file in files for out in companions.take(file)]
    return ready, list(companions.rest())


def all_of(*files: UploadedFile, max_held_bytes: int = 1 << 20) -> dict[str, set[str]]:
    """Return what came out: by the name of each file, the names of its companions; every byte once."""
    ready, rest = through(*files, max_held_bytes=max_held_bytes)
    assert sum(file.size_bytes for file in (*ready, *rest)) == sum(file.size_bytes for file in files)
    return {file.name: set(file.companions) for file in (*ready, *rest)}


@pytest.mark.parametrize("order", [(HEA, DAT), (DAT, HEA)])
def test_a_header_and_its_signals_come_together_in_any_order(order: tuple[UploadedFile, ...]) -> None:
    assert all_of(*order) == {"ecg.hea": {"ecg.dat"}}


def test_a_file_of_its_own_never_waits() -> None:
    assert through(HEA, CSV)[0] == [CSV]


def test_a_record_that_is_whole_waits_for_few_others() -> None:
    records = [UploadedFile(name, data) for n in range(PASSING + 3) for name, data in part(f"e{n}x", RAW).items()]

    ready, rest = through(*records)

    assert [file.name for file in ready] == ["e0x.hea", "e1x.hea", "e2x.hea"]
    assert len(rest) == PASSING


def test_at_the_end_a_header_is_read_with_what_is_there() -> None:
    ready, rest = through(HEA)

    assert (ready, [file.name for file in rest]) == ([], ["ecg.hea"])


def test_at_the_end_signals_without_a_header_are_read_alone() -> None:
    assert through(DAT) == ([], [DAT])


def test_two_headers_may_name_the_same_signals() -> None:
    ready, rest = through(HEA, UploadedFile("other.hea", HEADER), DAT)

    assert [file.name for file in (*ready, *rest)] == ["ecg.hea", "other.hea"]
    assert all(file.companions == {"ecg.dat": SIGNALS} for file in (*ready, *rest))


@pytest.mark.parametrize("order", list(permutations([MASTER, *SEGMENTS])))
def test_segments_come_with_the_header_that_names_them_in_any_order(order: tuple[UploadedFile, ...]) -> None:
    assert all_of(*order) == {"rec.hea": {"a.hea", "a.dat", "b.hea", "b.dat"}}


def test_a_record_of_segments_goes_as_soon_as_it_is_whole() -> None:
    ready, rest = through(*SEGMENTS, MASTER)

    assert ([file.name for file in ready], rest) == (["rec.hea"], [])


def test_many_segments_that_are_called_so_wait_for_the_header_that_comes_last() -> None:
    names = ["x_layout", *(f"x_{n:04}" for n in range(3 * PASSING))]
    files = [UploadedFile(file, data) for name in names for file, data in part(name, RAW).items()]
    master = UploadedFile("s1.hea", header(f"s1/{len(names)} 2 500", [f"{name} 100" for name in names]))

    assert [*all_of(*files, master)] == ["s1.hea"]


def test_segments_whose_header_never_comes_are_records() -> None:
    assert all_of(*SEGMENTS) == {"a.hea": {"a.dat"}, "b.hea": {"b.dat"}}


def test_a_record_of_segments_that_lacks_some_comes_with_the_others_at_the_end() -> None:
    assert all_of(MASTER, *SEGMENTS[1:]) == {"rec.hea": {"b.hea", "b.dat"}, "a.dat": set()}


def test_records_that_name_each_other_come_out_all_the_same() -> None:
    one, two = (UploadedFile(f"{a}.hea", header(f"{a}/1 2 500 9", [f"{b} 9"])) for a, b in ("xy", "yx"))

    assert all_of(one, two) == {"x.hea": set(), "y.hea": set()}


def test_files_of_one_name_from_several_folders_are_all_read() -> None:
    other = part("ecg", RAW)
    files = (HEA, DAT, *(UploadedFile(name, data) for name, data in other.items()))

    ready, rest = through(*files)

    assert [dict(file.companions) for file in (*ready, *rest)] == [{"ecg.dat": SIGNALS}, {"ecg.dat": other["ecg.dat"]}]


@pytest.mark.parametrize("twice", [HEA, DAT, MASTER, SEGMENTS[0]])
def test_what_comes_twice_is_not_dropped(twice: UploadedFile) -> None:
    ready, rest = through(twice, twice)

    assert [file.name for file in (*ready, *rest)] == [twice.name] * 2


def test_no_more_is_held_than_is_allowed() -> None:
    many = [UploadedFile(f"{n}.dat", np.full(1000, 7, "u1").tobytes()) for n in range(5)]

    ready, rest = through(*many, max_held_bytes=2500)

    assert [file.name for file in ready] == ["0.dat", "1.dat", "2.dat"]
    assert [file.name for file in rest] == ["3.dat", "4.dat"]


@pytest.mark.parametrize("order", list(permutations([MASTER, *SEGMENTS])))
@pytest.mark.parametrize("max_held_bytes", [0, 100, 600])
def test_whatever_is_allowed_every_byte_comes_out(order: tuple[UploadedFile, ...], max_held_bytes: int) -> None:
    assert all_of(*order, max_held_bytes=max_held_bytes)


class CountedName(str):
    """A file's name that counts how often it is looked up."""

    __slots__ = ()
    looked_up = 0

    def __hash__(self) -> int:
        """Count, and hash as text does."""
        CountedName.looked_up += 1
        return super().__hash__()


@pytest.mark.parametrize("sequence", ["pairs", "headers first", "signals first"])
def test_the_work_for_a_file_does_not_grow_with_the_number_of_files(sequence: str) -> None:
    def look_ups(records: int) -> int:
        parts = [part(f"e{n}x", RAW) for n in range(records)]
        files = [UploadedFile(CountedName(name), data) for each in parts for name, data in each.items()]
        if sequence != "pairs":
            files.sort(key=lambda file: file.name.endswith(".hea") == (sequence == "signals first"))
        CountedName.looked_up = 0
        ready, rest = through(*files, max_held_bytes=1 << 30)
        assert len(ready) + len(rest) == records
        return CountedName.looked_up

    assert look_ups(400) <= 2 * look_ups(200) + 20


def test_samples_that_begin_like_another_format_wait_for_their_header() -> None:
    looks_like_dicom = UploadedFile("ecg.dat", bytes(128) + b"DICM" + bytes(100))

    ready, rest = through(looks_like_dicom, HEA)

    assert [(file.name, dict(file.companions)) for file in (*ready, *rest)] == [
        ("ecg.hea", {"ecg.dat": looks_like_dicom.data})
    ]
