"""Files that services stream out."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from einthoven.common.v1 import common_pb2
from services.shared.errors import Internal


@dataclass(frozen=True, slots=True)
class FileHead:
    """What a streamed file is; `size_bytes` is 0 and `sha256` empty where they are not known beforehand."""

    file_name: str
    media_type: str
    sha256: str
    size_bytes: int


class FilePart(Protocol):
    """One message of such a stream."""

    @property
    def file(self) -> common_pb2.FileDownload:
        """The head, or the next bytes."""
        ...


async def opened(messages: AsyncGenerator[FilePart]) -> tuple[FileHead, AsyncGenerator[bytes]]:
    """Return a file's head and its bytes; raises what the service raises before the head."""
    first = await anext(messages, None)
    if first is None or not first.file.HasField("head"):
        raise Internal("A service streamed a file without its head.")
    head = first.file.head
    told = FileHead(head.file_name, head.media_type or "application/octet-stream", head.sha256, head.size_bytes)
    return told, _chunks(messages)


async def _chunks(messages: AsyncGenerator[FilePart]) -> AsyncGenerator[bytes]:
    try:
        async for message in messages:
            yield message.file.chunk.data
    finally:
        await messages.aclose()
