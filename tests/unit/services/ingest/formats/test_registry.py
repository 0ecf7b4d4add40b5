import pytest

from services.ingest import formats
from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import UploadedFile
from services.shared.errors import InvalidRequest, UnreadableFile
from tests.unit.services.ingest.ecgs import csv_of, npy_of, read, sniffed, twelve_leads


def test_every_format_has_the_same_three_names() -> None:
    for known in formats.FORMATS:
        assert isinstance(known.NAME, str)
        assert callable(known.sniff)
        assert callable(known.read)
    assert len(set(formats.names())) == len(formats.FORMATS)


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 300, b"%PDF-1.7 something", b"<html></html>", bytes(range(256)) * 9, b"1"]
)
def test_what_is_not_an_ecg_is_refused_with_what_was_expected(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=f"expected one of {', '.join(sorted(formats.names()))}"):
        read(data)


def test_every_sniff_survives_every_beginning() -> None:
    whole = [
        npy_of(twelve_leads()),
        csv_of(twelve_leads()),
        b"MATLAB 5.0 MAT-file".ljust(128),
        b"PK\x03\x04",
        b"\x08\x00\x05\x00",
        b"<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE RestingECG [ <!-- x --> ]><RestingECG/>",
        "<?xml version='1.0' encoding='UTF-16'?><!-- x --><restingecgdata xmlns='y'>".encode("utf-16"),
    ]
    for data in whole:
        for length in range(0, 200, 7):
            for known in formats.FORMATS:
                known.sniff(UploadedFile("x", data[:length]))


def test_a_declared_format_overrules_sniffing() -> None:
    with pytest.raises(UnreadableFile, match="no rows of numbers"):
        read(npy_of(twelve_leads())[:64], Declaration(rate_hz=500, format_name="csv"))
    assert sniffed(npy_of(twelve_leads())).format_name == "npy"


def test_a_format_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no format"):
        read(b"1,2", Declaration(format_name="word"))
