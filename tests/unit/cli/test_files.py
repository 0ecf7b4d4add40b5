from pathlib import Path

import pytest

from cli.errors import CommandFailed
from cli.files import BATCH_BYTES, BATCH_FILES, CountedFile, batches, gather


def _make(folder: Path, *names: str) -> list[Path]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return [folder / name for name in names]


def test_a_header_goes_before_its_companions(tmp_path: Path) -> None:
    _make(tmp_path, "a.dat", "a.hea", "a.xyz", "b.csv")

    groups = gather([tmp_path])

    assert [[path.name for path in group] for group in groups] == [["a.hea", "a.dat", "a.xyz"], ["b.csv"]]


def test_folders_are_walked_and_hidden_files_left(tmp_path: Path) -> None:
    _make(tmp_path, "one/a.csv", "one/.b.csv", ".git/c.csv")

    assert gather([tmp_path]) == [[tmp_path / "one/a.csv"]]


def test_a_file_named_twice_is_sent_once(tmp_path: Path) -> None:
    (file,) = _make(tmp_path, "a.csv")

    assert gather([file, tmp_path]) == [[file]]


def test_the_labels_are_no_ecg(tmp_path: Path) -> None:
    _make(tmp_path, "a.csv", "labels.csv")

    assert gather([tmp_path], leave_out=tmp_path / "labels.csv") == [[tmp_path / "a.csv"]]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no file to store"):
        gather([tmp_path])


def test_a_request_holds_no_name_twice(tmp_path: Path) -> None:
    first, second = _make(tmp_path, "one/a.csv", "two/a.csv")

    assert list(batches([[first], [second]])) == [[first], [second]]


def test_a_group_stays_in_one_request(tmp_path: Path) -> None:
    singles = [[path] for path in _make(tmp_path, *(f"{number:03}.csv" for number in range(BATCH_FILES - 1)))]
    pair = _make(tmp_path, "z.hea", "z.dat")

    cut = list(batches([*singles, pair]))

    assert [len(batch) for batch in cut] == [BATCH_FILES - 1, 2]


def test_large_files_go_in_requests_of_their_own(tmp_path: Path) -> None:
    files = _make(tmp_path, "a.csv", "b.csv")
    with files[0].open("r+b") as sparse:
        sparse.truncate(BATCH_BYTES)

    assert list(batches([[file] for file in files])) == [[files[0]], [files[1]]]


def test_reading_counts_bytes(tmp_path: Path) -> None:
    (path,) = _make(tmp_path, "a.csv")
    counted: list[int] = []

    with CountedFile(path, counted.append) as source:
        source.read(10)
        source.read(10)

    assert counted == [1, 0]
