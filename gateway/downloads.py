"""Files on their way out: streamed, named, and shown by no browser as a page of ours."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final
from urllib.parse import quote

from fastapi.responses import Response, StreamingResponse

from gateway.convert.files import FileHead, FilePart, opened
from gateway.release import release
from gateway.viewing import Ready
from services.shared.errors import Internal

_SHOWN: Final = ("application/json", "text/html")
_SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A report is written by a worker, perhaps about a stranger's model: it may look nice and do nothing."""


async def respond(messages: AsyncGenerator[FilePart], *, attachment: bool = True) -> StreamingResponse:
    """Return a file that a service streams; a failure before its head is still a status of its own."""
    head, chunks = await opened(messages)
    kind = "attachment" if attachment or head.media_type not in _SHOWN else "inline"
    headers = {"Content-Disposition": f"{kind}; filename*=UTF-8''{quote(head.file_name or 'download', safe='')}"}
    if head.size_bytes:
        headers["Content-Length"] = str(head.size_bytes)
    if head.sha256:
        digest = base64.b64encode(bytes.fromhex(head.sha256)).decode()
        headers |= {"ETag": f'"{head.sha256}"', "Repr-Digest": f"sha-256=:{digest}:"}
    if head.media_type == "text/html":
        headers["Content-Security-Policy"] = _SANDBOX
    return StreamingResponse(_bytes(head, chunks), media_type=head.media_type, headers=headers)


def whole(ready: Ready, known: str) -> Response:
    """Return a file that is in memory, or 304 where the caller names its tag."""
    etag = f'"{ready.etag}-{release()}"'
    headers = {"ETag": etag}
    if etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    if ready.file_name:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(ready.file_name, safe='')}"
    return Response(ready.data, media_type=ready.media_type, headers=headers)


async def _bytes(head: FileHead, chunks: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    sent = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            sent += len(chunk)
            yield chunk
    if head.size_bytes and sent != head.size_bytes:
        raise Internal(f"{head.file_name} ended after {sent} of {head.size_bytes} bytes.")
