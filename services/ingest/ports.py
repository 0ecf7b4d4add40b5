"""What ingest needs from outside, besides the object store and its rows: somebody to tell."""

from collections.abc import Sequence
from typing import Protocol


class News(Protocol):
    """Tells the rest of the platform what happened; best effort, for the row is the record."""

    async def stored(self, tenant: str, dataset_id: str, record_ids: Sequence[str]) -> None:
        """Say that records were stored."""
        ...

    async def erased(self, tenant: str, dataset_id: str, record_ids: Sequence[str]) -> None:
        """Say that records were erased; none named means the whole dataset."""
        ...
