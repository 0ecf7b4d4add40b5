"""Archives of every kind: what is in them comes out, what is wrong with one member costs no other."""

import contextlib
import gzip
import io
import tarfile
import tracemalloc
import zipfile
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.unpacking.bounds import Bounds
from services.ingest.unpacking.members import Member, is_arrays, members
from services.shared.errors import PlatformError, TooLarge, UnreadableFile
from tests.unit.services.ingest.archives import link, overlapping_zip, tar_of, zip_bomb, zip_of

BOUNDS = Bounds(max_members=100, max_member_bytes=1 << 20, max_total_bytes=1 << 30, max_ratio=200)
FILES = {"a.csv": b"1,2\n", "one/rec.hea": b"rec 12 500", "one/rec.dat": bytes(5000), "two/é.xml": b"<x/>"}
KINDS = ("tar", "gzip", "bzip2", "xz")


def taken(data: bytes, name: str = "x", bounds: Bounds = BOUNDS) -> list[Member]:
    return list(members(io.BytesIO(data), name, bounds, len(data)))


def refusals(data: bytes, bounds: Bounds = BOUNDS) -> dict[str, str]:
    return {member.name: member.refusal.detail for member in taken(data, bounds=bounds) if member.refusal}


def flat(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"x/{name}": data for name, data in files.items()}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_comes_out_as_it_went_in(compression: int) -> None:
    assert {member.name: member.data for member in taken(zip_of(FILES, compression))} == flat(FILES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tar_comes_out_as_it_went_in(kind: str) -> None:
    assert {member.name: member.data for member in taken(tar_of(FILES, kind=kind))} == flat(FILES)


def test_the_files_of_a_record_come_together_from_a_zip_headers_first() -> None:
    names = ["a.hea", "b.hea", "c/a.hea", "a.dat", "b.dat", "c/a.dat"]

    found = [member.name for member in taken(zip_of(dict.fromkeys(names, b"1")))]

    assert found == ["x/a.hea", "x/a.dat", "x/b.hea", "x/b.dat", "x/c/a.hea", "x/c/a.dat"]


@pytest.mark.parametrize(
    "name", ["../out.csv", "a/../../out.csv", "/etc/passwd", "C:\\ecg.csv", "..\\out.csv", "a\n.csv"]
)
@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_a_name_that_leads_elsewhere_is_refused_and_the_others_are_taken(name: str, pack: object) -> None:
    found = taken(pack({name: b"1", "good.csv": b"2"}))  # type: ignore[operator]

    assert sorted(member.refusal is None for member in found) == [False, True]
    assert all(member.name.isprintable() for member in found)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_a_tar_are_refused(kind: bytes) -> None:
    data = tar_of({"a.csv": b"1"}, link("b.csv", "/etc/passwd", kind))

    assert "link, a device" in refusals(data)["x/b.csv"]


def test_a_link_of_a_zip_is_refused() -> None:
    buffer, info = io.BytesIO(), zipfile.ZipInfo("link.csv")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")

    assert "link or a device" in refusals(buffer.getvalue())["x/link.csv"]


def test_what_operating_systems_leave_is_told_and_not_read() -> None:
    names = ["__MACOSX/._a.csv", ".DS_Store", "one/Thumbs.db", "one/desktop.ini", "one/._b.csv"]

    assert all(member.is_junk and not member.data for member in taken(zip_of(dict.fromkeys(names, b"1"))))


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(zip_of({"a.csv": b"123"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1

    assert "encrypted" in refusals(bytes(data))["x/a.csv"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_cannot_be_bounded_is_refused(method: int) -> None:
    assert "deflate" in refusals(zip_of({"a.csv": b"1"}, method))["x/a.csv"]


def test_a_second_member_of_one_name_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", "2")

    first, second = taken(buffer.getvalue())

    assert (first.data, second.data, second.refusal is not None) == (b"1", b"", True)


def test_a_damaged_member_costs_no_other() -> None:
    data = bytearray(zip_of({"a.csv": b"the first", "b.csv": b"the second"}, zipfile.ZIP_STORED))
    data[data.index(b"the first")] ^= 1

    assert list(refusals(bytes(data))) == ["x/a.csv"]


@pytest.mark.parametrize("inner", [zip_of({"b.csv": b"1"}), tar_of({"b.csv": b"1"}), gzip.compress(b"1")])
def test_an_archive_within_an_archive_is_refused(inner: bytes) -> None:
    assert "within an archive" in refusals(zip_of({"inner": inner}))["x/inner"]


def test_what_is_no_ecg_is_told_what_it_is() -> None:
    index = bytes(128) + b"DICM" + b"\x02\x00\x02\x00UI\x14\x001.2.840.10008.1.3.10"
    files = {"DICOMDIR": index, "a.xlsx": zip_of({"[Content_Types].xml": b"1"}), "a.rar": b"Rar!\x1a\x07\x00"}

    told = refusals(zip_of(files))

    assert "index of a DICOM medium" in told["x/DICOMDIR"]
    assert "CSV" in told["x/a.xlsx"]
    assert "RAR" in told["x/a.rar"]
    with pytest.raises(UnreadableFile, match="workbook"):
        taken(files["a.xlsx"])


def test_arrays_are_no_archive_unless_they_are_called_one() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, ecg=np.zeros(3))
    npz = buffer.getvalue()
    mixed = zip_of({"a.npy": b"1", "note.txt": b"2"})

    assert [is_arrays(io.BytesIO(npz), name) for name in ("a.npz", "a", "a.zip")] == [True, True, False]
    assert [is_arrays(io.BytesIO(mixed), name) for name in ("a.npz", "a")] == [True, False]
    (member,) = taken(zip_of({"a.npz": npz}))
    assert member.data == npz


def test_a_member_that_is_too_large_is_refused_without_being_read() -> None:
    found = refusals(zip_of({"a.csv": b"1"} | {"large.csv": bytes(2 << 20)}))

    assert list(found) == ["x/large.csv"]
    assert list(refusals(tar_of({"a.csv": b"1", "large.csv": bytes(2 << 20)}, kind="gzip"))) == ["x/large.csv"]


@pytest.mark.parametrize("data", [overlapping_zip(100, 1), gzip.compress(tar_of({"a": bytes(100 << 20)}))])
def test_a_bomb_ends_in_little_memory(data: bytes) -> None:
    tracemalloc.start()
    with contextlib.suppress(TooLarge):
        for member in members(io.BytesIO(data), "x", BOUNDS, len(data)):
            assert len(member.data) <= 1 << 20
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 << 20


def test_a_bomb_is_named_as_one() -> None:
    bounds = Bounds(max_members=100, max_member_bytes=1 << 30, max_total_bytes=1 << 30, max_ratio=200)

    with pytest.raises(TooLarge, match="grows to more than 64 MiB"):
        taken(zip_bomb(80), bounds=bounds)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_more_files_than_allowed_are_refused(pack: object) -> None:
    with pytest.raises(TooLarge, match="more than 100 files"):
        taken(pack({f"{number}.csv": b"1" for number in range(101)}))  # type: ignore[operator]


def test_a_directory_that_lies_about_its_size_is_not_read() -> None:
    data = bytearray(zip_of({"a.csv": b"1"}))
    end = data.rindex(b"PK\x05\x06")
    data = data[:end] + bytes(3 << 20) + data[end:]
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = (2 << 20).to_bytes(4, "little")

    with pytest.raises(TooLarge, match="directory"):
        taken(bytes(data))


@pytest.mark.parametrize("kind", KINDS)
def test_a_tar_that_is_cut_off_is_told_after_what_is_whole(kind: str) -> None:
    data = tar_of({"a.csv": b"1", "b.csv": np.random.default_rng(0).bytes(9000)}, kind="tar")[:6000]
    found = members(io.BytesIO(data), "x", BOUNDS, len(data))

    assert next(found).data == b"1"
    assert "truncated" in str(next(found).refusal)
    with pytest.raises(UnreadableFile, match=r"cut off|damaged"):
        next(found)


def test_a_damaged_header_in_a_tar_is_told() -> None:
    data = bytearray(tar_of({"a.csv": b"1", "b.csv": b"2"}))
    data[data.index(b"b.csv")] = 0xFF
    found = members(io.BytesIO(bytes(data)), "x", BOUNDS, len(data))

    assert next(found).data == b"1"
    with pytest.raises(UnreadableFile, match="damaged"):
        next(found)


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK\x05\x06" + bytes(18), gzip.compress(b"1,2\n"), b"\xfd7zXZ\x00"])
def test_what_only_looks_like_an_archive_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        taken(data)


@given(st.data(), st.sampled_from([zip_of(FILES), *(tar_of(FILES, kind=kind) for kind in KINDS)]))
def test_noise_in_an_archive_ends_in_members_and_sentences(data: st.DataObject, sound: bytes) -> None:
    places = data.draw(st.lists(st.tuples(st.integers(0, len(sound) - 1), st.integers(0, 255)), max_size=8))
    noisy = bytearray(sound)
    for place, value in places:
        noisy[place] = value
    end = data.draw(st.integers(1, len(noisy)))

    with contextlib.suppress(PlatformError):
        for member in members(io.BytesIO(bytes(noisy[:end])), "x", BOUNDS, end):
            assert member.name.isprintable()
