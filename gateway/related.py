"""multipart/related (RFC 2387) as DICOMweb uses it: a stream of DICOM files, each named by its instance."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

from gateway.forms import FilePart, body
from gateway.multipart import Chunk, FileStart, Reader, read
from gateway.settings import LimitSettings
from services.shared.errors import InvalidRequest

DICOM: Final = "application/dicom"
MEDIA_TYPE: Final = "multipart/related"
_FIELD: Final = "files"
_META_AT: Final = 132
_META_BYTES: Final = 2048
_SOP_UID: Final = b"\x02\x00\x03\x00UI"
"""Media Storage SOP Instance UID; the meta information is explicit and little-endian in every file (PS3.10 7.1)."""


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a Content-Type names; refuses what holds no DICOM files."""
    kind, options = parse_options_header(content_type)
    if kind != MEDIA_TYPE.encode() or options.get(b"type", DICOM.encode()).lower() != DICOM.encode():
        raise HTTPException(415, f'Expected DICOM files: Content-Type {MEDIA_TYPE}; type="{DICOM}"; boundary=….')
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise InvalidRequest(f"The Content-Type {MEDIA_TYPE} names no boundary.")
    return boundary


async def instances(request: Request, settings: LimitSettings) -> AsyncGenerator[FilePart]:
    """Yield the files of a request as they arrive; raises InvalidRequest where it is malformed or ends early."""
    boundary = boundary_of(request.headers.get("content-type", ""))
    async for part in _named(read(_Instances(settings.max_field_bytes), boundary, body(request, settings))):
        yield part


async def _named(parts: AsyncIterator[object]) -> AsyncGenerator[FilePart]:
    """Name each file once its first bytes are there: labels are put to records by the names of their files."""
    start: FileStart | None = None
    async for part in parts:
        if isinstance(part, FileStart):
            start = part
            continue
        if start is not None:
            uid = _sop_uid(part.data) if isinstance(part, Chunk) else ""
            yield FileStart(_FIELD, f"{uid}.dcm" if uid else start.file_name)
            start = None
        yield part  # type: ignore[misc]  # this reader knows no fields


def _sop_uid(data: bytes) -> str:
    """Return the instance that a file's meta information names; empty where it is not there, or is none."""
    head = data[_META_AT : _META_AT + _META_BYTES]
    place = head.find(_SOP_UID)
    if place < 0:
        return ""
    start = place + len(_SOP_UID) + 2
    length = int.from_bytes(head[start - 2 : start], "little")
    text = head[start : start + length].strip(b" \0").decode("latin-1")
    return text if 0 < len(text) <= 64 and set(text) <= set("0123456789.") else ""  # noqa: PLR2004 the longest UID


class _Instances(Reader):
    """Takes every part for a file; what it holds is found out where it is read."""

    def __init__(self, max_field_bytes: int) -> None:
        super().__init__(max_field_bytes)
        self._count = 0

    def _part_begin(self) -> None:
        super()._part_begin()
        self._count += 1
        self._name, self._file_name = _FIELD, f"instance-{self._count}.dcm"

    def _header_end(self) -> None:
        name, value = self._header
        self._header = (bytearray(), bytearray())
        if name.lower() == b"content-transfer-encoding":
            self._check_encoding(value.decode("latin-1").strip().lower())
