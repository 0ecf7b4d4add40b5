from collections.abc import Iterable
from pathlib import Path

import pytest

from cli.errors import CommandFailed
from cli.files import BATCH_BYTES, BATCH_FILES, CountedFile, Group, batches, gather


def _make(folder: Path, *names: str) -> list[Path]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return [folder / name for name in names]


def _names(groups: Iterable[Group]) -> list[list[str]]:
    return [[file.name for file in group] for group in groups]


def test_a_header_goes_before_its_companions(tmp_path: Path) -> None:
    _make(tmp_path, "a.dat", "a.hea", "a.xyz", "b.csv")

    assert _names(gather([tmp_path])) == [["a.hea", "a.dat", "a.xyz"], ["b.csv"]]


def test_a_header_brings_whatever_files_it_names(tmp_path: Path) -> None:
    _make(tmp_path, "a_1.dat", "a_1.hea", "b.csv", "other/a_2.dat", "a_2.dat")
    (tmp_path / "a.hea").write_text("a/2 12 500\n# a comment\na_1 1000\na_2 1000\n")
    (tmp_path / "a_2.hea").write_text("a_2 12 500\na_2.dat 16\n")

    groups = _names(gather([tmp_path]))

    assert sorted(map(sorted, groups)) == [
        ["a.hea", "a_1.dat", "a_1.hea", "a_2.dat", "a_2.hea"],
        ["b.csv"],
        ["other/a_2.dat"],
    ]


def test_folders_are_walked_and_hidden_files_left(tmp_path: Path) -> None:
    _make(tmp_path, "one/a.csv", "one/.b.csv", ".git/c.csv")

    assert _names(gather([tmp_path])) == [["one/a.csv"]]


def test_a_file_named_by_itself_goes_without_folders(tmp_path: Path) -> None:
    (file,) = _make(tmp_path, "one/a.csv")

    assert _names(gather([file])) == [["a.csv"]]


def test_a_file_named_twice_is_sent_once(tmp_path: Path) -> None:
    (file,) = _make(tmp_path, "a.csv")

    assert _names(gather([file, tmp_path])) == [["a.csv"]]


def test_the_labels_are_no_ecg(tmp_path: Path) -> None:
    _make(tmp_path, "a.csv", "labels.csv")

    assert _names(gather([tmp_path], leave_out=[tmp_path / "labels.csv", None])) == [["a.csv"]]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no file to store"):
        gather([tmp_path])


def test_a_request_holds_no_name_twice(tmp_path: Path) -> None:
    groups = gather(_make(tmp_path, "one/a.csv", "two/a.csv"))

    assert list(batches(groups)) == [[groups[0]], [groups[1]]]


def test_a_group_stays_in_one_request(tmp_path: Path) -> None:
    _make(tmp_path, *(f"{number:03}.csv" for number in range(BATCH_FILES - 1)), "z.hea", "z.dat")

    cut = list(batches(gather([tmp_path])))

    assert [sum(map(len, batch)) for batch in cut] == [BATCH_FILES - 1, 2]


def test_large_files_go_in_requests_of_their_own(tmp_path: Path) -> None:
    files = _make(tmp_path, "a.csv", "b.csv")
    with files[0].open("r+b") as sparse:
        sparse.truncate(BATCH_BYTES)
    groups = gather(files)

    assert list(batches(groups)) == [[groups[0]], [groups[1]]]


def test_reading_counts_bytes(tmp_path: Path) -> None:
    (path,) = _make(tmp_path, "a.csv")
    counted: list[int] = []

    with CountedFile(path, counted.append) as source:
        source.read(10)
        source.read(10)

    assert counted == [1, 0]
