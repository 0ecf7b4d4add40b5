import numpy as np
import pytest

from services.ingest.formats.base import UploadedFile
from services.ingest.uploading.companions import Companions
from tests.unit.services.ingest.ecgs import csv_of, twelve_leads, wfdb_of

HEADER, SIGNALS = wfdb_of(twelve_leads(300))
HEA, DAT = UploadedFile("ecg.hea", HEADER), UploadedFile("ecg.dat", SIGNALS)
CSV = UploadedFile("a.csv", csv_of(twelve_leads(50)))


def through(*files: UploadedFile, max_held_bytes: int = 1 << 20) -> tuple[list[UploadedFile], list[UploadedFile]]:
    companions = Companions(max_held_bytes)
    ready = [out for file in files for out in companions.take(file)]
    return ready, list(companions.rest())


@pytest.mark.parametrize("order", [(HEA, DAT), (DAT, HEA)])
def test_a_header_and_its_signals_come_together_in_any_order(order: tuple[UploadedFile, ...]) -> None:
    ready, rest = through(*order)

    assert [(file.name, dict(file.companions)) for file in ready] == [("ecg.hea", {"ecg.dat": SIGNALS})]
    assert rest == []


def test_a_file_of_its_own_never_waits() -> None:
    assert through(HEA, CSV)[0] == [CSV]


def test_at_the_end_a_header_is_read_with_what_is_there() -> None:
    ready, rest = through(HEA)

    assert (ready, [file.name for file in rest]) == ([], ["ecg.hea"])


def test_at_the_end_signals_without_a_header_are_read_alone() -> None:
    assert through(DAT) == ([], [DAT])


def test_two_headers_may_name_the_same_signals() -> None:
    other = UploadedFile("other.hea", HEADER)

    ready, rest = through(HEA, other, DAT)

    assert [file.name for file in ready] == ["ecg.hea", "other.hea"]
    assert all(file.companions == {"ecg.dat": SIGNALS} for file in ready)
    assert rest == []


def test_no_more_is_held_than_is_allowed() -> None:
    many = [UploadedFile(f"{n}.dat", np.full(1000, 7, "u1").tobytes()) for n in range(5)]

    ready, rest = through(*many, max_held_bytes=2500)

    assert [file.name for file in ready] == ["0.dat", "1.dat", "2.dat"]
    assert [file.name for file in rest] == ["3.dat", "4.dat"]
