"""How versions come into the store: files from outside, and files that a service has made."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from functools import partial
from typing import Final

from services.exchange.hashing import Hashed
from services.exchange.models import MANIFEST_FILE, MODEL_FILE, Draft, ModelVersion, Registration, Source
from services.exchange.onnx_file.facts import ModelFacts
from services.exchange.onnx_file.inspection import inspect
from services.exchange.onnx_file.manifest import check_against_facts, manifest_from_facts
from services.exchange.ports import Announcer, Catalog
from services.exchange.shelf import INCOMING, Shelf
from services.shared.ecg import Remark
from services.shared.errors import InvalidRequest, TooLarge
from services.shared.identity import SERVICE, Caller
from services.shared.model_contract import NAME_PATTERN, Manifest
from services.shared.storage import ObjectStore, check_key

MAX_FILES: Final = 32
MAX_ORIGIN_ID_CHARS: Final = 200
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NAME: Final = re.compile(NAME_PATTERN)


class Intake:
    """Takes models in, after looking at them."""

    def __init__(
        self,
        store: ObjectStore,
        catalog: Catalog,
        shelf: Shelf,
        announcer: Announcer,
        *,
        max_model_bytes: int,
        inspections_at_once: int,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._shelf = shelf
        self._announcer = announcer
        self._max_model_bytes = max_model_bytes
        self._inspecting = asyncio.Semaphore(inspections_at_once)

    async def import_model(
        self, caller: Caller, name: str, version: str, *, manifest_json: str, chunks: AsyncIterator[bytes]
    ) -> tuple[ModelVersion, tuple[Remark, ...]]:
        """Take an ONNX file from outside as a new version, and say what was assumed about it.

        Raises InvalidModel where it cannot be run here, AlreadyExists where the version is taken, TooLarge.
        """
        draft = _draft(caller.tenant, name, version)
        given = Manifest.parse(manifest_json) if manifest_json else None
        key = f"{INCOMING}{caller.tenant}/{int(time.time())}-{uuid.uuid4().hex}"
        try:
            await self._receive(key, chunks)
            facts = await self._inspect(key)
            manifest, remarks = (given, ()) if given else await asyncio.to_thread(manifest_from_facts, facts)
            check_against_facts(manifest, facts)
            sources = [Source(MODEL_FILE, partial(self._store.stream, key))]
            model = await self._shelf.add(draft, manifest, sources)
        finally:
            await self._store.delete(key)
        await self._announcer.model_registered(model)
        return model, remarks

    async def register_model(self, caller: Caller, wanted: Registration) -> ModelVersion:
        """Take files that a service has put into the object store as a new version; the same origin only once.

        Raises Forbidden for anyone but a service, InvalidModel, AlreadyExists, NotFound where a file is absent.
        """
        caller.require(SERVICE)
        draft = _draft(caller.tenant, wanted.name, wanted.version, origin_id=wanted.origin_id)
        if existing := await self._catalog.by_origin(caller.tenant, wanted.origin_id):
            return existing
        _check_files(wanted.object_keys, caller.tenant)
        manifest = Manifest.parse(wanted.manifest_json)
        check_against_facts(manifest, await self._inspect(wanted.object_keys[MODEL_FILE]))
        files = sorted(wanted.object_keys.items())
        sources = [Source(name, partial(self._store.stream, key)) for name, key in files]
        model = await self._shelf.add(draft, manifest, sources)
        await self._announcer.model_registered(model)
        return model

    async def _receive(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        hashed = Hashed(chunks, max_bytes=self._max_model_bytes, what="The model")
        async with aclosing(hashed.chunks()) as passing:
            await self._store.put(key, passing)

    async def _inspect(self, key: str) -> ModelFacts:
        if (await self._store.stat(key)).size_bytes > self._max_model_bytes:
            raise TooLarge(f"The model is larger than {self._max_model_bytes} bytes, the most that is taken.")
        async with self._inspecting:
            return await asyncio.to_thread(inspect, await self._store.get(key))


def _draft(tenant: str, name: str, version: str, *, origin_id: str | None = None) -> Draft:
    for what, text in (("name", name), ("version", version or "1")):
        if not _NAME.fullmatch(text):
            raise InvalidRequest(
                f"{text[:80]!r} cannot be a model's {what}: expected 1 to 63 lower-case letters, digits, "
                "'.', '_' or '-', beginning with a letter or digit."
            )
    if origin_id is None:
        return Draft(tenant, name, version, "import")
    if not 1 <= len(origin_id) <= MAX_ORIGIN_ID_CHARS:
        raise InvalidRequest(f"An origin id has 1 to {MAX_ORIGIN_ID_CHARS} characters.")
    return Draft(tenant, name, version, "training", origin_id)


def _check_files(keys: Mapping[str, str], tenant: str) -> None:
    if MODEL_FILE not in keys or len(keys) > MAX_FILES:
        raise InvalidRequest(f"A version has a file {MODEL_FILE!r} and at most {MAX_FILES} files.")
    for name, key in keys.items():
        if name == MANIFEST_FILE or not _FILE_NAME.fullmatch(name):
            raise InvalidRequest(f"{name[:80]!r} cannot be a file of a model; the store writes {MANIFEST_FILE} itself.")
        if not check_key(key).startswith(f"trainings/{tenant}/"):
            raise InvalidRequest(f"The object {key[:80]!r} is not of a training of this department.")
