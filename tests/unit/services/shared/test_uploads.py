import io
import tarfile

import pytest

from services.shared.errors import InvalidRequest
from services.shared.uploads import archive_kind, checked_name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a/b/c.csv", "a/b/c.csv"),
        ("./a//c.csv", "a/c.csv"),
        ("a\\c.csv", "a/c.csv"),
        ("C:\\ecg\\c.csv", "c.csv"),
        ("/home/anna/c.csv", "c.csv"),
        ("../../c.csv", "c.csv"),
    ],
)
def test_folders_are_part_of_a_name_unless_they_tell_of_the_sender_s_machine(given: str, name: str) -> None:
    assert checked_name(given) == name
    assert checked_name(name) == name


@pytest.mark.parametrize("given", ["", "/", "a/..", "a\x00b", "a\nb", "x" * 256])
def test_names_that_make_no_sense_are_refused(given: str) -> None:
    with pytest.raises(InvalidRequest):
        checked_name(given)


def test_an_archive_is_known_by_how_it_begins() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))

    assert archive_kind(buffer.getvalue()) == "tar"
    assert archive_kind(b"PK\x03\x04") == "zip"
    assert archive_kind(b"BZh91AY&SY") == "bzip2"
    assert [archive_kind(data) for data in (b"", b"BZh", b"I,II\n", bytes(600))] == [None] * 4
