"""Many HTTP clients at once in one process, with nothing between them and the socket that would take their time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Target:
    """One GET."""

    url: str
    host: str
    port: int
    request: bytes

    @classmethod
    def of(cls, base: str, path: str) -> "Target":
        """Return the GET of a path below a base address."""
        url = f"{base.rstrip('/')}/{path}"
        parts = urlsplit(url)
        request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        return cls(url, parts.hostname or "", parts.port or 80, request)


class _Connection:
    """One client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def get(self, target: Target) -> float:
        """Return the seconds that one answer took; raises RuntimeError where it is not 200."""
        started = time.perf_counter()
        self.writer.write(target.request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{target.url} answered {head.splitlines()[0]!r}.")
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return time.perf_counter() - started


@asynccontextmanager
async def _connected(target: Target) -> AsyncIterator[_Connection]:
    reader, writer = await asyncio.open_connection(target.host, target.port, limit=1 << 22)
    try:
        yield _Connection(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def saturate(targets: list[Target], clients: int, seconds: float) -> list[float]:
    """Return the seconds of every answer of so many clients who each ask again at once."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def ask(number: int) -> None:
        async with _connected(targets[0]) as connection:
            while time.perf_counter() < until:
                taken.append(await connection.get(targets[number % len(targets)]))
                number += 1

    await asyncio.gather(*map(ask, range(clients)))
    return taken


async def pace(targets: list[Target], clients: int, seconds: float) -> list[float]:
    """Return the seconds of every answer of so many clients who each ask once a second, spread over it."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def ask(number: int) -> None:
        async with _connected(targets[0]) as connection:
            await asyncio.sleep(number / clients)
            while time.perf_counter() < until:
                taken.append(await connection.get(targets[number % len(targets)]))
                number += 1
                await asyncio.sleep(1 - taken[-1])

    await asyncio.gather(*map(ask, range(clients)))
    return taken
