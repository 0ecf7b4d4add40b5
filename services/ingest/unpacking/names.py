"""The names of an archive's members: which are taken, which are refused, and which are known to be no ECG."""

import re
from typing import Final

from services.shared.errors import InvalidRequest, UnreadableFile
from services.shared.uploads import MAX_NAME_CHARACTERS

_ROOT: Final = re.compile(r"/|[A-Za-z]:")
_JUNK_FOLDERS: Final = frozenset({"__macosx", ".git", ".svn", "$recycle.bin", "system volume information"})
_JUNK: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".directory", ".gitignore"})
_RESOURCE_FORK: Final = "._"
_OFFICE: Final = b"[Content_Types].xml"
_OTHER_ARCHIVES: Final = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR"}
_DICOMDIR: Final = b"1.2.840.10008.1.3.10"
_DICOM_PREFIX: Final = slice(128, 132)
_META_BYTES: Final = 1024


def told(archive: str, member: str) -> str:
    """Return how a member is called in the report: the archive, a slash, and its own name."""
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in f"{archive}/{member}")
    return text if len(text) <= MAX_NAME_CHARACTERS else f"…{text[1 - MAX_NAME_CHARACTERS :]}"


def plain(given: str) -> str:
    """Return a member's name with slashes between its folders and nothing that means nothing."""
    try:
        given.encode()
    except UnicodeEncodeError:  # tar keeps what is not UTF-8 as it is; most often it is Latin-1
        given = given.encode("utf-8", "surrogateescape").decode("latin-1")
    parts = given.replace("\\", "/").split("/")
    return ("/" if not parts[0] and len(parts) > 1 else "") + "/".join(part for part in parts if part not in {"", "."})


def check(archive: str, member: str) -> None:
    """Raise InvalidRequest for a name that leads out of the archive, or that cannot be kept."""
    if _ROOT.match(member):
        raise InvalidRequest("The archive names this file by an absolute path; pack it with relative names.")
    if ".." in member.split("/"):
        raise InvalidRequest("The archive names this file by a path that leads out of it; pack it again.")
    name = f"{archive}/{member}"
    if not member or len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise InvalidRequest(
            f"The file's name, archive and folders included, has 1 to {MAX_NAME_CHARACTERS} characters, all printable."
        )


def is_junk(member: str) -> bool:
    """Say whether a file is one that operating systems leave beside others."""
    *folders, name = member.lower().split("/")
    return name in _JUNK or name.startswith(_RESOURCE_FORK) or not _JUNK_FOLDERS.isdisjoint(folders)


def check_content(data: bytes) -> None:
    """Raise UnreadableFile for what others take for an ECG, with the reason why it is none."""
    for magic, kind in _OTHER_ARCHIVES.items():
        if data.startswith(magic):
            raise UnreadableFile(f"{kind} archives are not unpacked; pack the files as a zip or a tar.")
    if data[_DICOM_PREFIX] == b"DICM" and _DICOMDIR in data[:_META_BYTES]:
        raise UnreadableFile("The DICOMDIR is the index of a DICOM medium; its ECGs are the files beside it.")
    check_no_office(data)


def check_no_office(head: bytes) -> None:
    """Raise UnreadableFile for a workbook or a document, which are zips too."""
    if head.startswith(b"PK") and _OFFICE in head[:_META_BYTES]:
        raise UnreadableFile("The file is an Office workbook or document; save the ECG as CSV.")
