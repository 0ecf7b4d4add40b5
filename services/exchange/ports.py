"""What the store needs from outside: a catalog of rows, and somebody to tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.exchange.models import Draft, ModelVersion, StoredFile


class Catalog(Protocol):
    """The rows of the store; each method is one transaction."""

    async def reserve(self, draft: Draft) -> ModelVersion:
        """Take a version's name, not yet visible; the next number where the draft names none.

        Raises AlreadyExists where the version is taken. A draft with an origin id that was reserved but never completed
        gets its old reservation back.
        """
        ...

    async def complete(self, row_id: int, manifest_json: str, files: Sequence[StoredFile]) -> ModelVersion:
        """Make a reserved version visible with its files, for good."""
        ...

    async def abandon(self, row_id: int) -> None:
        """Free a reserved version that was never completed."""
        ...

    async def unfinished(self, before: datetime) -> list[ModelVersion]:
        """Return reservations older than a moment."""
        ...

    async def by_origin(self, tenant: str, origin_id: str) -> ModelVersion | None:
        """Return the visible version made from an origin, if there is one."""
        ...

    async def find(self, tenant: str, name: str, version: str) -> ModelVersion | None:
        """Return one version that the department can see, its own before the site's; the newest where none is named."""
        ...

    async def page(self, tenant: str, name: str, *, before: int | None, limit: int) -> list[ModelVersion]:
        """Return versions that the department can see, newest first, of one model or of all where name is empty."""
        ...

    async def publish(self, row_id: int) -> ModelVersion:
        """Show a version to the whole site.

        Raises AlreadyExists where another department has published a model of this name.
        """
        ...


class Announcer(Protocol):
    """Tells the rest of the platform of news; best effort, for the row is the record."""

    async def model_registered(self, model: ModelVersion) -> None:
        """Say that a version was stored or published."""
        ...
