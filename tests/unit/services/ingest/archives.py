"""Archives for the tests of ingest: sound ones, and those that somebody made to do harm."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping

_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def zip_of(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def tar_of(files: Mapping[str, bytes], *more: tarfile.TarInfo, kind: str = "tar") -> bytes:
    """Return a tar, with members besides its files that have no content of their own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return _PACKERS[kind](buffer.getvalue())


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """Return a link, or any other member of a tar that is no file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_bomb(mebibytes: int, name: str = "bomb.csv") -> bytes:
    """Return a zip of one member of zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        for _ in range(mebibytes):
            member.write(bytes(1 << 20))
    return buffer.getvalue()


def overlapping_zip(members: int, mebibytes: int) -> bytes:
    """Return a zip whose directory names the same compressed bytes many times over."""
    data = bytearray(zip_bomb(mebibytes, "aaaaaaaa"))
    end = data.rindex(b"PK\x05\x06")
    start = data.rindex(b"PK\x01\x02")
    entry = bytes(data[start:end])
    many = b"".join(entry.replace(b"aaaaaaaa", f"{number:08}".encode()) for number in range(members))
    tail = bytearray(data[end:])
    tail[8:12] = members.to_bytes(2, "little") * 2
    tail[12:16] = len(many).to_bytes(4, "little")
    return bytes(data[:start] + many + tail)
