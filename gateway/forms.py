"""Forms as the platform takes them: the fields first, then the files, read as a stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, TypeVar

from fastapi import Request
from pydantic import ValidationError

from gateway import limits, multipart
from gateway.errors import invalid
from gateway.multipart import Chunk, Field, FileEnd, FileStart, Part
from gateway.schemas import RequestSchema
from gateway.schemas.uploads import NoFields
from gateway.settings import LimitSettings
from services.shared.errors import InvalidRequest, TooLarge

FILE_FIELDS: Final = ("files", "file")

FilePart = FileStart | Chunk | FileEnd
Fields = TypeVar("Fields", bound=RequestSchema)


async def body(request: Request, settings: LimitSettings) -> AsyncGenerator[bytes]:
    """Yield a request's body as it arrives, without the limit for JSON; a silent client is given up."""
    limits.lift(request)
    async with aclosing(request.stream()) as stream:
        while True:
            try:
                async with asyncio.timeout(settings.idle_seconds):
                    data = await anext(stream, None)
            except TimeoutError:
                raise InvalidRequest(
                    f"The upload sent nothing for {settings.idle_seconds:g} s and was given up."
                ) from None
            if data is None:
                return
            yield data


class Form:
    """A form that has been read up to its first file."""

    def __init__(self, fields: dict[str, str], first: FileStart, rest: AsyncIterator[Part]) -> None:
        self.fields = fields
        self._first = first
        self._rest = rest

    @classmethod
    async def open(cls, request: Request, settings: LimitSettings) -> "Form":
        """Read a form's fields; raises InvalidRequest where it is no form, malformed, or has no file."""
        content_type = request.headers.get("content-type", "")
        multipart.boundary_of(content_type)
        parts = multipart.parse(content_type, body(request, settings), max_field_bytes=settings.max_field_bytes)
        fields: dict[str, str] = {}
        async for part in parts:
            if isinstance(part, FileStart):
                return cls(fields, _checked(part), parts)
            if isinstance(part, Field):
                if part.name in fields:
                    raise InvalidRequest(f"The form field {part.name!r} is given twice.")
                fields[part.name] = part.value
        raise InvalidRequest("The form holds no file: add it as a part named 'files'.")

    def read(self, kind: type[Fields]) -> Fields:
        """Return the fields as their schema; empty ones count as absent, as browsers send them."""
        try:
            return kind.model_validate({name: value for name, value in self.fields.items() if value.strip()})
        except ValidationError as error:
            raise invalid(error.errors(include_input=False, include_url=False)) from None

    @property
    def file_name(self) -> str:
        """The first file's name."""
        return self._first.file_name

    async def files(self) -> AsyncIterator[FilePart]:
        """Yield the files as they arrive."""
        yield self._first
        async for part in self._rest:
            if isinstance(part, Field):
                raise InvalidRequest(f"Send the form field {part.name!r} before the files: it holds for all of them.")
            yield _checked(part) if isinstance(part, FileStart) else part

    async def single_file(self, max_bytes: int) -> AsyncIterator[bytes]:
        """Yield the bytes of the form's only file; raises TooLarge, or InvalidRequest where there are more files."""
        starts = 0
        async for part in bounded(self.files(), max_bytes):
            starts += isinstance(part, FileStart)
            if starts > 1:
                raise InvalidRequest("This form takes one file only.")
            if isinstance(part, Chunk):
                yield part.data


async def bounded(parts: AsyncIterator[FilePart], max_bytes: int) -> AsyncIterator[FilePart]:
    """Pass files on; raises TooLarge where one is larger."""
    size = 0
    async for part in parts:
        size = size + len(part.data) if isinstance(part, Chunk) else 0
        if size > max_bytes:
            raise TooLarge(f"The file is larger than {max_bytes} bytes.")
        yield part


async def single_body(request: Request, settings: LimitSettings, max_bytes: int) -> AsyncIterator[bytes]:
    """Yield the bytes of one file, sent as the body itself or in a form."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        form = await Form.open(request, settings)
        form.read(NoFields)
        async for data in form.single_file(max_bytes):
            yield data
        return
    size = 0
    async for data in body(request, settings):
        size += len(data)
        if size > max_bytes:
            raise TooLarge(f"The file is larger than {max_bytes} bytes.")
        if data:
            yield data


def _checked(start: FileStart) -> FileStart:
    if start.field not in FILE_FIELDS:
        raise InvalidRequest(f"The form has a file in the part {start.field!r}: files go into parts named 'files'.")
    return start
