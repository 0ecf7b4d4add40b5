"""Objects in a bucket of any S3 store, by the minio client."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import BinaryIO, Final, cast

from minio.error import S3Error
from urllib3 import BaseHTTPResponse

from services.shared.errors import AlreadyExists, InvalidRequest, NotFound, Unavailable
from services.shared.settings import StorageSettings
from services.shared.storage import ObjectInfo, check_key, check_prefix, check_range
from services.shared.storage.pipe import Pipe
from services.shared.storage.s3_client import connect, translated
from services.shared.storage.threads import Threads

_PART_BYTES: Final = 8 << 20


class S3Store:
    """An ObjectStore in a bucket, which is made at the first call where it is absent."""

    def __init__(self, settings: StorageSettings) -> None:
        self._client, self._http = connect(settings)
        self._bucket = settings.bucket
        self._region = settings.region
        self._bucket_known = False
        self._opening = asyncio.Lock()
        self._threads = Threads("s3-store", 16)
        # A long upload holds its thread until its stream ends, which may itself wait for one of the others.
        self._uploads = Threads("s3-upload", 16)

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = False) -> ObjectInfo:
        """Write one object: in one request where it is short, else in parts that appear together or not at all."""
        check_key(key)
        await self._ready()
        if isinstance(data, bytes):
            return await self._threads.run(self._put, key, data, if_absent)
        head = bytearray()
        async for chunk in data:
            head += chunk
            if len(head) > _PART_BYTES:
                return await self._put_long(key, bytes(head), data, if_absent=if_absent)
        return await self._threads.run(self._put, key, bytes(head), if_absent)

    async def get(self, key: str) -> bytes:
        """Read one object whole."""
        check_key(key)
        await self._ready()
        return await self._threads.run(self._get, key, 0, 0)

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        """Read exactly `length` bytes from `start`."""
        check_key(key)
        check_range(start, length)
        if length == 0:
            size = (await self.stat(key)).size_bytes
            data = b""
        else:
            await self._ready()
            data = await self._threads.run(self._get, key, start, length)
            size = start + len(data)
        if size < start + length:
            raise InvalidRequest(f"{key} has {size} bytes; {length} from {start} were asked for.")
        return data

    async def stream(self, key: str, chunk_bytes: int = 1 << 20) -> AsyncIterator[bytes]:
        """Read one object in chunks."""
        check_key(key)
        await self._ready()
        response = await self._threads.run(self._open, key, 0, 0)
        try:
            while chunk := await self._threads.run(_read, key, response, chunk_bytes):
                yield chunk
        finally:
            # What was not read to its end cannot carry another call.
            response.close()
            response.release_conn()

    async def stat(self, key: str) -> ObjectInfo:
        """Say how large one object is."""
        check_key(key)
        await self._ready()
        return await self._threads.run(self._stat, key)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """List every object whose key starts with `prefix`, in key order.

        Some stores list folder by folder, so the whole answer is held and sorted.
        """
        check_prefix(prefix)
        await self._ready()
        for info in await self._threads.run(self._list, prefix):
            yield info

    async def delete(self, key: str) -> None:
        """Delete one object; an absent one is no error."""
        check_key(key)
        await self._ready()
        await self._threads.run(self._delete, key)

    async def ping(self) -> None:
        """Return if the store answers, knows its caller and has the bucket."""
        # Calls meanwhile go on as before: one by one, each would wait until the store has failed to answer.
        await self._threads.run(self._make_bucket)
        self._bucket_known = True

    async def close(self) -> None:
        """End the threads and the connections."""
        await self._threads.close()
        await self._uploads.close()
        self._http.clear()

    async def _ready(self) -> None:
        if self._bucket_known:
            return
        async with self._opening:
            if not self._bucket_known:
                await self._threads.run(self._make_bucket)
                self._bucket_known = True

    def _make_bucket(self) -> None:
        with translated(self._bucket):
            try:
                if not self._client.bucket_exists(self._bucket):
                    self._client.make_bucket(self._bucket, self._region)
            except S3Error as error:
                if error.code == "AccessDenied":
                    raise Unavailable(
                        f"The bucket {self._bucket} is not there, or not for these credentials: make it, and give them "
                        "the right to list it and to read, write and delete what is in it."
                    ) from error
                if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                    raise

    def _put(self, key: str, data: bytes, if_absent: bool) -> ObjectInfo:  # noqa: FBT001 goes by position into the thread
        if if_absent:
            self._refuse_taken(key)
        with translated(key):
            self._client.put_bytes(self._bucket, key, data, if_absent=if_absent)
        return ObjectInfo(key, len(data))

    async def _put_long(self, key: str, head: bytes, rest: AsyncIterator[bytes], *, if_absent: bool) -> ObjectInfo:
        if if_absent:
            # S3 has no condition on the parts, so for a long object the look before it is all there is.
            await self._threads.run(self._refuse_taken, key)
        pipe = Pipe()
        upload = self._uploads.start(self._upload, key, pipe)
        size = len(head)
        try:
            going = await pipe.send(head, upload)
            async for chunk in rest:
                size += len(chunk)
                if not (going := going and await pipe.send(chunk, upload)):
                    break
        except BaseException:
            pipe.fail()
            await asyncio.gather(upload, return_exceptions=True)
            raise
        pipe.end()
        await upload
        return ObjectInfo(key, size)

    def _upload(self, key: str, pipe: Pipe) -> None:
        with translated(key):
            self._client.put_object(
                self._bucket, key, cast("BinaryIO", pipe), length=-1, part_size=_PART_BYTES, num_parallel_uploads=1
            )

    def _refuse_taken(self, key: str) -> None:
        try:
            self._stat(key)
        except NotFound:
            return
        raise AlreadyExists(f"The object {key} exists and is not overwritten.")

    def _open(self, key: str, start: int, length: int) -> BaseHTTPResponse:
        with translated(key):
            return self._client.get_object(self._bucket, key, offset=start, length=length)

    def _get(self, key: str, start: int, length: int) -> bytes:
        response = self._open(key, start, length)
        try:
            with translated(key):
                return response.read()
        finally:
            response.release_conn()

    def _stat(self, key: str) -> ObjectInfo:
        with translated(key):
            return ObjectInfo(key, self._client.stat_object(self._bucket, key).size or 0)

    def _list(self, prefix: str) -> Iterable[ObjectInfo]:
        with translated(prefix):
            found = self._client.list_objects(self._bucket, prefix, recursive=True)
            return sorted(ObjectInfo(entry.object_name, entry.size or 0) for entry in found)

    def _delete(self, key: str) -> None:
        with translated(key):
            self._client.remove_object(self._bucket, key)


def _read(key: str, response: BaseHTTPResponse, size: int) -> bytes:
    with translated(key):
        return response.read(size)
