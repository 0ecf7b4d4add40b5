"""Originals under the site's key."""

import re

import pytest

from services.ingest.originals.sealing import MAGIC, Sealer, is_sealed
from services.shared.errors import Internal, Unavailable

OLD, NEW = b"o" * 32, b"n" * 32
SHA = "ab" * 32


def test_what_is_sealed_opens_again() -> None:
    sealer = Sealer([NEW])

    sealed = sealer.seal("cardiology", SHA, b"Doe^John")

    assert is_sealed(sealed)
    assert b"Doe" not in sealed
    assert sealer.open("cardiology", SHA, sealed) == b"Doe^John"


def test_the_same_bytes_seal_differently_each_time() -> None:
    sealer = Sealer([NEW])

    assert sealer.seal("cardiology", SHA, b"ecg") != sealer.seal("cardiology", SHA, b"ecg")


def test_an_old_secret_still_opens_and_no_longer_seals() -> None:
    before = Sealer([OLD]).seal("cardiology", SHA, b"ecg")

    rotated = Sealer([NEW, OLD])

    assert rotated.open("cardiology", SHA, before) == b"ecg"
    assert Sealer([NEW]).open("cardiology", SHA, rotated.seal("cardiology", SHA, b"ecg")) == b"ecg"


def test_without_the_secret_nothing_opens() -> None:
    sealed = Sealer([OLD]).seal("cardiology", SHA, b"ecg")

    with pytest.raises(Unavailable, match="a key that is not configured"):
        Sealer([NEW]).open("cardiology", SHA, sealed)


def test_a_later_version_is_not_opened() -> None:
    sealed = bytearray(Sealer([NEW]).seal("cardiology", SHA, b"ecg"))
    sealed[len(MAGIC)] = 2

    with pytest.raises(Unavailable):
        Sealer([NEW]).open("cardiology", SHA, bytes(sealed))


@pytest.mark.parametrize(("tenant", "sha256"), [("surgery", SHA), ("cardiology", "cd" * 32)])
def test_an_object_opens_only_where_it_was_put(tenant: str, sha256: str) -> None:
    sealed = Sealer([NEW]).seal("cardiology", SHA, b"ecg")

    with pytest.raises(Internal, match=re.escape("not what was written")):
        Sealer([NEW]).open(tenant, sha256, sealed)


@pytest.mark.parametrize("end", [-1, len(MAGIC) + 9, len(MAGIC) + 12])
def test_a_truncated_object_does_not_open(end: int) -> None:
    sealed = Sealer([NEW]).seal("cardiology", SHA, b"ecg")

    with pytest.raises(Internal):
        Sealer([NEW]).open("cardiology", SHA, sealed[:end])


def test_every_altered_byte_is_noticed() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("cardiology", SHA, b"ecg")

    for index in range(len(MAGIC), len(sealed)):
        altered = bytearray(sealed)
        altered[index] ^= 1
        with pytest.raises((Internal, Unavailable)):
            sealer.open("cardiology", SHA, bytes(altered))
