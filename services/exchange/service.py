"""The use cases of the store beside taking models in: list, look, fetch, publish."""

import hashlib
from collections.abc import AsyncIterator
from typing import Final

from services.exchange.models import ModelVersion, PageOfModels, StoredFile
from services.exchange.ports import Announcer, Catalog
from services.shared.errors import Forbidden, Internal, InvalidRequest, NotFound
from services.shared.identity import Caller
from services.shared.storage import ObjectStore

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000


class Exchange:
    """The store as a department sees it: its own versions, and those published to the site."""

    def __init__(self, store: ObjectStore, catalog: Catalog, announcer: Announcer) -> None:
        self._store = store
        self._catalog = catalog
        self._announcer = announcer

    async def get(self, caller: Caller, name: str, version: str) -> ModelVersion:
        """Return one version, the newest where none is named; an own model hides the site's of the same name."""
        model = await self._catalog.find(caller.tenant, name, version)
        if model is None:
            named = f"{name[:80]!r} version {version[:80]!r}" if version else f"{name[:80]!r}"
            raise NotFound(f"There is no model {named} here. List the models to see what there is.")
        return model

    async def list(self, caller: Caller, name: str, *, limit: int, cursor: str) -> PageOfModels:
        """Return a page of versions, newest first; of one model where a name is given."""
        size = min(limit or DEFAULT_LIMIT, MAX_LIMIT)
        found = await self._catalog.page(caller.tenant, name, before=_position(cursor), limit=size + 1)
        shown = tuple(found[:size])
        return PageOfModels(shown, str(shown[-1].row_id) if len(found) > size else "")

    async def publish(self, caller: Caller, name: str, version: str) -> ModelVersion:
        """Show a version of the caller's department to the whole site; doing it again changes nothing.

        Raises Forbidden for another department's model, AlreadyExists where another department has published the name.
        """
        model = await self.get(caller, name, version)
        if model.tenant != caller.tenant:
            raise Forbidden(f"The model {name!r} belongs to another department, which has published it already.")
        if model.visibility == "site":
            return model
        published = await self._catalog.publish(model.row_id)
        await self._announcer.model_registered(published)
        return published

    async def open_file(
        self, caller: Caller, name: str, version: str, *, file_name: str
    ) -> tuple[StoredFile, AsyncIterator[bytes]]:
        """Return a file of a version and its bytes, which fail at their end where they are not what was stored."""
        model = await self.get(caller, name, version)
        file = next((each for each in model.files if each.file_name == file_name), None)
        if file is None:
            there = ", ".join(each.file_name for each in model.files)
            raise NotFound(f"{name!r} version {model.version!r} has no file {file_name[:80]!r}; it has {there}.")
        return file, self._verified(file)

    async def _verified(self, file: StoredFile) -> AsyncIterator[bytes]:
        digest = hashlib.sha256()
        async for chunk in self._store.stream(file.object_key):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != file.sha256:
            raise Internal(f"The object {file.object_key} has sha256 {digest.hexdigest()}, not {file.sha256}.")


def _position(cursor: str) -> int | None:
    if not cursor:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:  # noqa: PLR2004 fits 64 bits
        raise InvalidRequest("The cursor is not one of this list. Start from the beginning.")
    return int(cursor)
