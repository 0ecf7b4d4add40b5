"""Answers line by line (application/x-ndjson): each line is a JSON document, told as soon as it is known."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.errors import problem

MEDIA_TYPE: Final = "application/x-ndjson"


def wanted(request: Request) -> bool:
    """Say whether the caller asks for lines."""
    return MEDIA_TYPE in request.headers.get("accept", "")


async def respond(
    items: AsyncGenerator[BaseModel], path: str, headers: Mapping[str, str] | None = None
) -> StreamingResponse:
    """Return lines; a failure before the first one is still a status of its own."""
    first = await anext(items, None)
    return StreamingResponse(_lines(first, items, path), media_type=MEDIA_TYPE, headers=headers)


class UploadResponse(Response):
    """Lines told while the request's body still comes in.

    They are kept until the client reads them: most HTTP clients send their whole body first, and would wait for us for
    ever if we waited for them.
    """

    media_type = MEDIA_TYPE

    def __init__(self, items: AsyncGenerator[BaseModel], path: str) -> None:
        super().__init__()
        self._items = items
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 ASGI's signature
        """Send the lines."""
        first = await anext(self._items, None)
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        reading = asyncio.create_task(_fill(lines, _lines(first, self._items, self._path)))
        try:
            while (line := await lines.get()) is not None:
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _fill(queue: "asyncio.Queue[bytes | None]", lines: AsyncIterator[bytes]) -> None:
    try:
        async for line in lines:
            queue.put_nowait(line)
    finally:
        queue.put_nowait(None)


async def _lines(first: BaseModel | None, rest: AsyncGenerator[BaseModel], path: str) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        if first is None:
            return
        yield _line(first)
        try:
            async for item in rest:
                yield _line(item)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 the status is sent: the last line must tell
            yield json.dumps({"problem": problem(error, path)}).encode() + b"\n"


def _line(item: BaseModel) -> bytes:
    return item.model_dump_json().encode() + b"\n"
