"""What everyone who passes files on agrees about: how they are named, and which of them are archives."""

import re
from typing import Final

from services.shared.errors import InvalidRequest

MAX_NAME_CHARACTERS: Final = 255
HEAD_BYTES: Final = 512
"""How much of a file tells whether it is an archive."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_MAGIC: Final = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ\x00": "xz",
}
_BZIP2: Final = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")
_TAR: Final = slice(257, 262)


def relative_name(given: str) -> str:
    """Return a file's name with the folders it came with, "/" between them.

    An absolute name, or one that leads upwards, tells of the sender's machine: only its last part is taken.
    """
    parts = [part for part in given.replace("\\", "/").split("/") if part not in {"", "."}]
    is_relative = not given.startswith(("/", "\\")) and not _DRIVE.match(given) and ".." not in parts
    return "/".join(parts if is_relative else parts[-1:])


def checked_name(given: str) -> str:
    """Return the name that a file is kept under; raises InvalidRequest where nothing sensible is left."""
    name = relative_name(given)
    if not name.strip() or name == ".." or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise InvalidRequest(
            f"A file's name, folders included, has 1 to {MAX_NAME_CHARACTERS} characters, all printable."
        )
    return name


def archive_kind(head: bytes) -> str | None:
    """Return "zip", "tar", "gzip", "bzip2" or "xz" for the beginning of an archive, None for any other file.

    Magic bytes: APPNOTE.TXT 4.3, POSIX ustar, RFC 1952, and the formats of bzip2 and xz.
    """
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if _BZIP2.match(head):
        return "bzip2"
    return "tar" if head[_TAR] == b"ustar" else None
