"""multipart/form-data (RFC 7578) as a stream of parts: nothing touches a disk, and memory does not grow with a file.

python-multipart finds the boundaries; here its callbacks become an iterator that pulls from the request only as fast as
its consumer goes.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.shared.errors import InvalidRequest, PlatformError, TooLarge
from services.shared.uploads import relative_name

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

JOIN_BYTES: Final = 512 << 10
"""Chunks are joined to about this size: a message on the wire costs the same whatever it holds."""
MAX_CHUNK_BYTES: Final = 1 << 20
MAX_HEADERS: Final = 8
MAX_HEADER_BYTES: Final = 4 << 10
_PLAIN_ENCODINGS: Final = frozenset({"binary", "8bit", "7bit"})


@dataclass(frozen=True, slots=True)
class Field:
    """A whole form field."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FileStart:
    """A file begins."""

    field: str
    file_name: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """The file's next bytes, at most 1 MiB."""

    data: bytes


@dataclass(frozen=True, slots=True)
class FileEnd:
    """The file is complete."""


Part = Field | FileStart | Chunk | FileEnd


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a Content-Type names; raises InvalidRequest where it is no form or names none."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data":
        raise InvalidRequest("Expected a form with files: Content-Type multipart/form-data.")
    if not boundary:
        raise InvalidRequest("The Content-Type multipart/form-data names no boundary; let the HTTP library set it.")
    return boundary


async def parse(content_type: str, body: AsyncIterator[bytes], *, max_field_bytes: int) -> AsyncIterator[Part]:
    """Yield the parts of a form as they arrive; raises InvalidRequest where it is malformed or ends early."""
    async for part in read(Reader(max_field_bytes), boundary_of(content_type), body):
        yield part


async def read(reader: "Reader", boundary: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[Part]:
    """Yield what a reader makes of the parts of a body, as they arrive."""
    parser = _parser(boundary, reader.callbacks())
    async for data in body:
        if not data:
            continue
        fault = _write(parser, data)
        for part in reader.take():
            yield part
        if fault is not None:
            raise fault
    if not reader.complete:
        raise InvalidRequest("The form ends before its last boundary: the upload was cut off. Send it again.")


def _parser(boundary: bytes, callbacks: "MultipartCallbacks") -> MultipartParser:
    try:
        return MultipartParser(boundary, callbacks, max_header_count=MAX_HEADERS, max_header_size=MAX_HEADER_BYTES)
    except FormParserError:
        raise InvalidRequest("The form's boundary is longer than 256 characters.") from None


def _write(parser: MultipartParser, data: bytes) -> PlatformError | None:
    """Parse some bytes; a fault comes back instead of being raised, so that the parts before it are not lost."""
    try:
        parser.write(data)
    except FormParserError:
        return InvalidRequest("The form is malformed: its parts do not follow multipart/form-data.")
    except PlatformError as error:
        return error
    return None


class Reader:
    """Collects what the parser reports between two reads of the body; this one knows the parts of forms."""

    def __init__(self, max_field_bytes: int) -> None:
        self.complete = False
        self._max_field_bytes = max_field_bytes
        self._ready: list[Part] = []
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._name = ""
        self._file_name: str | None = None

    def callbacks(self) -> "MultipartCallbacks":
        """Return what the parser is to call."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def take(self) -> list[Part]:
        """Return what is ready, once."""
        ready, self._ready = self._ready, []
        return ready

    def _part_begin(self) -> None:
        self._name, self._file_name = "", None
        self._header = (bytearray(), bytearray())

    def _header_end(self) -> None:
        name, value = self._header
        self._header = (bytearray(), bytearray())
        if name.lower() == b"content-disposition":
            kind, options = parse_options_header(value.decode("latin-1"))
            if kind != b"form-data" or not options.get(b"name"):
                raise InvalidRequest("A part of the form has no name in its Content-Disposition.")
            self._name = _text(options[b"name"])
            self._file_name = relative_name(_text(options[b"filename"])) if b"filename" in options else None
        elif name.lower() == b"content-transfer-encoding":
            self._check_encoding(value.decode("latin-1").strip().lower())

    def _check_encoding(self, encoding: str) -> None:
        if encoding not in _PLAIN_ENCODINGS:
            raise InvalidRequest("Content-Transfer-Encoding is not used in forms; send the file's bytes as they are.")

    def _headers_finished(self) -> None:
        if not self._name:
            raise InvalidRequest("A part of the form has no Content-Disposition.")
        if self._file_name is not None:
            self._ready.append(FileStart(self._name, self._file_name))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._pending.append(data[start:end])
        self._pending_bytes += end - start
        if self._file_name is None:
            if self._pending_bytes > self._max_field_bytes:
                raise TooLarge(f"The form field {self._name!r} is larger than {self._max_field_bytes} bytes.")
        elif self._pending_bytes >= JOIN_BYTES:
            self._flush()

    def _flush(self) -> None:
        data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        self._pending, self._pending_bytes = [], 0
        for start in range(0, len(data), MAX_CHUNK_BYTES):
            self._ready.append(Chunk(data if len(data) <= MAX_CHUNK_BYTES else data[start : start + MAX_CHUNK_BYTES]))

    def _part_end(self) -> None:
        if self._file_name is not None:
            self._flush()
            self._ready.append(FileEnd())
            return
        value = b"".join(self._pending)
        self._pending, self._pending_bytes = [], 0
        self._ready.append(Field(self._name, _text(value)))

    def _end(self) -> None:
        self.complete = True


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The form's names and fields must be UTF-8.") from None
