"""The contract of object stores, on every adapter and on more than one server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.shared.errors import Unavailable
from services.shared.settings import StorageSettings
from services.shared.storage import ObjectStore
from services.shared.storage.opening import open_store
from services.shared.storage.s3 import S3Store
from tests.contract.storage import ObjectStoreContract, broken_stream, long_stream
from tests.servers import data_folder, free_port, private_certificate, running, settings_of_s3, weed_server


class TestFolder(ObjectStoreContract):
    """A folder."""

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[ObjectStore]:
        store = open_store(StorageSettings(kind="folder", folder=tmp_path / "objects"))
        yield store
        await store.close()


@pytest.mark.integration
class TestSeaweedFs(ObjectStoreContract):
    """A bucket of SeaweedFS."""

    @pytest.fixture
    async def store(self, s3_settings: StorageSettings) -> AsyncIterator[ObjectStore]:
        store = open_store(s3_settings)
        yield store
        await store.close()


@pytest.mark.integration
class TestMinio(ObjectStoreContract):
    """A bucket of MinIO."""

    @pytest.fixture
    async def store(self, minio_settings: StorageSettings) -> AsyncIterator[ObjectStore]:
        store = open_store(minio_settings)
        yield store
        await store.close()


@pytest.mark.integration
async def test_wrong_credentials_are_unavailable(s3_settings: StorageSettings) -> None:
    wrong = StorageSettings.model_validate({**s3_settings.model_dump(), "secret_key": "another secret than that"})
    store = open_store(wrong)

    with pytest.raises(Unavailable):
        await store.ping()
    with pytest.raises(Unavailable):
        await store.put("a", b"x")

    await store.close()


@pytest.mark.integration
async def test_a_bucket_that_is_absent_is_made(s3_settings: StorageSettings) -> None:
    store = open_store(s3_settings.model_copy(update={"bucket": "made-at-the-first-call"}))

    await store.put("a", b"x")

    assert await store.get("a") == b"x"
    await store.close()


@pytest.mark.integration
async def test_a_failed_put_leaves_no_parts(s3_settings: StorageSettings) -> None:
    store = S3Store(s3_settings)
    with pytest.raises(OSError, match="the caller's disk is gone"):
        await store.put("parts/a", broken_stream(20 << 20))

    unfinished = store._client._list_multipart_uploads(s3_settings.bucket, prefix="parts/")
    assert unfinished.uploads == []
    await store.close()


@pytest.mark.integration
async def test_a_bucket_that_may_not_be_made_is_named() -> None:
    with data_folder("weed") as folder:
        server = weed_server(folder)
        config = folder / "s3.json"
        identities = json.loads(config.read_text())["identities"]
        narrow = {"name": "narrow", "credentials": [{"accessKey": "narrow", "secretKey": "narrow-secret"}]}
        actions = [f"{action}:given" for action in ("Read", "Write", "List")]
        config.write_text(json.dumps({"identities": [*identities, narrow | {"actions": actions}]}))
        with running(server):
            own = {"bucket": "not-given", "access_key": "narrow", "secret_key": "narrow-secret"}
            store = open_store(StorageSettings.model_validate({**settings_of_s3(server).model_dump(), **own}))

            with pytest.raises(Unavailable, match="not-given"):
                await store.ping()

            await store.close()


async def test_a_proxy_is_used_when_named() -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        given = {"kind": "s3", "endpoint": "s3.example:9000", "access_key": "a", "secret_key": "b", "secure": False}
        store = open_store(StorageSettings.model_validate({**given, "proxy_url": f"http://127.0.0.1:{port}"}))

        with pytest.raises(Unavailable):
            await store.ping()

        await store.close()
    assert asked[0].startswith(b"HEAD http://s3.example:9000/einthoven")


async def test_a_store_that_nobody_serves_is_unavailable(tmp_path: Path) -> None:
    settings = {"kind": "s3", "endpoint": f"127.0.0.1:{free_port()}", "access_key": "a", "secret_key": "b"}
    store = open_store(StorageSettings.model_validate({**settings, "secure": False}))

    with pytest.raises(Unavailable):
        await store.ping()
    with pytest.raises(Unavailable):
        await store.put("a", long_stream(9 << 20))

    await store.close()


@pytest.mark.integration
async def test_a_server_that_dies_in_a_long_put_makes_it_unavailable() -> None:
    with data_folder("weed") as folder, running(weed_server(folder)) as server:
        store = open_store(settings_of_s3(server))
        await store.put("before", b"x")

        async def killing() -> AsyncIterator[bytes]:
            async for chunk in long_stream(20 << 20):
                yield chunk
            server.kill()
            async for chunk in long_stream(20 << 20):
                yield chunk

        with pytest.raises(Unavailable):
            await store.put("a", killing())
        with pytest.raises(Unavailable):
            await store.get("before")
        await store.close()


@pytest.mark.integration
async def test_a_private_authority_is_trusted_when_named() -> None:
    with data_folder("weed") as folder:
        certificate, key = private_certificate(folder)
        secured = weed_server(folder, f"-s3.cert.file={certificate}", f"-s3.key.file={key}")
        with running(secured) as server:
            settings = settings_of_s3(server).model_copy(update={"secure": True})
            trusting = open_store(settings.model_copy(update={"ca_file": certificate}))
            other = open_store(settings)

            await put_when_ready(trusting)
            with pytest.raises(Unavailable):
                await other.ping()

            await trusting.close()
            await other.close()


async def put_when_ready(store: ObjectStore) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await store.put("a", long_stream(9 << 20))
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return
