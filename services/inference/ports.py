"""What inference needs from other services."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from services.inference.predictions import StoredModel, StoredRecord
from services.shared.identity import Caller


class Models(Protocol):
    """The model store."""

    async def find(self, caller: Caller, name: str, version: str) -> StoredModel:
        """Return a model that the caller can see, the newest version where none is named; raises NotFound."""
        ...


class Records(Protocol):
    """The records of departments."""

    def named(self, caller: Caller, record_ids: Sequence[str]) -> AsyncGenerator[StoredRecord, None]:
        """Yield records in the order asked for; raises NotFound."""
        ...

    def of_dataset(self, caller: Caller, dataset_id: str) -> AsyncGenerator[StoredRecord, None]:
        """Yield every record of a dataset in the order they came; raises NotFound."""
        ...
