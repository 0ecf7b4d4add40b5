import pytest

from services.ingest.uploading.companions import PASSING, Companions
from services.ingest.uploading.folders import Folders, uploaded
from tests.unit.services.ingest.ecgs import csv_of, twelve_leads, wfdb_of

HEADER, SIGNALS = wfdb_of(twelve_leads(300))


def test_a_header_takes_the_signals_of_its_own_folder() -> None:
    folders = Folders(1 << 20)
    files = [("a/ecg.hea", HEADER), ("b/ecg.dat", b"2"), ("a/ecg.dat", SIGNALS), ("b/ecg.hea", HEADER)]

    found = [out for name, data in files for out in folders.take(uploaded(name, data))] + [*folders.rest()]

    assert [(file.full_name, dict(file.companions)) for file in found] == [
        ("a/ecg.hea", {"ecg.dat": SIGNALS}),
        ("b/ecg.hea", {"ecg.dat": b"2"}),
    ]


def test_records_of_many_folders_wait_for_few_others() -> None:
    folders = Folders(1 << 20)
    files = [
        (f"{n}/ecg.{kind}", data) for n in range(PASSING + 2) for kind, data in (("hea", HEADER), ("dat", SIGNALS))
    ]

    found = [out for name, data in files for out in folders.take(uploaded(name, data))]

    assert [file.full_name for file in found] == ["0/ecg.hea", "1/ecg.hea"]
    assert len([*folders.rest()]) == PASSING


def test_the_work_for_a_file_does_not_grow_with_the_number_of_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Counted(Companions):
        def __getattribute__(self, name: str) -> object:
            asked.append(name)
            return super().__getattribute__(name)

    monkeypatch.setattr("services.ingest.uploading.folders.Companions", Counted)

    def asked_for(count: int) -> int:
        folders = Folders(1 << 30)
        asked.clear()
        for n in range(count):
            assert list(folders.take(uploaded(f"{n}/a.dat", b"\1\2"))) == []
        assert len([*folders.rest()]) == count
        return len(asked)

    assert asked_for(400) <= 2 * asked_for(200)


def test_a_file_keeps_its_folder_whether_it_waited_or_not() -> None:
    folders, data = Folders(1 << 20), csv_of(twelve_leads(50))

    (alone,) = folders.take(uploaded("x.zip/a/b.csv", data))
    waited = [*folders.take(uploaded("top.dat", SIGNALS)), *folders.rest()]

    assert (alone.name, alone.folder, alone.full_name) == ("b.csv", "x.zip/a", "x.zip/a/b.csv")
    assert [file.full_name for file in waited] == ["top.dat"]


def test_all_folders_together_hold_no_more_than_is_allowed() -> None:
    folders = Folders(2500)

    ready = [out for n in range(5) for out in folders.take(uploaded(f"{n}/{n}.dat", bytes([7]) * 1000))]

    assert [file.full_name for file in ready] == ["0/0.dat", "1/1.dat", "2/2.dat"]
    assert [file.full_name for file in folders.rest()] == ["3/3.dat", "4/4.dat"]
