"""The use cases of ingest. Every method sees the caller's department only."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from services.ingest.decoding.declaration import Declaration
from services.ingest.exporting.exports import ExportedFile, Wish, export
from services.ingest.labels_csv import parse_labels
from services.ingest.ports import (
    Count,
    DatasetCatalog,
    InstanceCatalog,
    Missing,
    RecordCatalog,
    Removing,
    ReplaceLabels,
    Retrieving,
    Uploading,
)
from services.ingest.records import (
    Dataset,
    InstanceForm,
    InstanceQuery,
    LabelSummary,
    Page,
    ReadFile,
    Record,
    ReportLine,
    Statistics,
    StoredInstance,
)
from services.ingest.steps import Step
from services.shared.errors import TooLarge
from services.shared.identity import Caller
from services.shared.signals import SignalStore


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the use cases are made of."""

    datasets: DatasetCatalog
    records: RecordCatalog
    instances: InstanceCatalog
    retrieval: Retrieving
    replace_labels: ReplaceLabels
    count: Count
    missing: Missing
    signals: SignalStore
    uploads: Uploading
    removal: Removing
    max_labels_bytes: int


class Ingest:
    """Stores, lists, labels and erases ECGs."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._datasets = rooms.datasets
        self._records = rooms.records

    async def create_dataset(self, caller: Caller, name: str) -> Dataset:
        """Make an empty dataset; raises AlreadyExists where the department has one of that name."""
        return await self._datasets.create(caller.tenant, name)

    async def ensure_dataset(self, caller: Caller, name: str) -> Dataset:
        """Return the department's dataset of a name, made where there is none."""
        return await self._datasets.ensure(caller.tenant, name)

    async def get_dataset(self, caller: Caller, dataset_id: str) -> Dataset:
        """Return one dataset; raises NotFound."""
        return await self._datasets.get(caller.tenant, dataset_id)

    async def list_datasets(self, caller: Caller, *, limit: int, cursor: str) -> Page[Dataset]:
        """List the department's datasets, newest first."""
        return await self._datasets.page(caller.tenant, limit=limit, cursor=cursor)

    async def delete_dataset(self, caller: Caller, dataset_id: str) -> int:
        """Erase a dataset with everything in it; returns how many records went with it."""
        self._datasets.forget(caller.tenant, dataset_id)
        return await self._rooms.removal.dataset(caller.tenant, dataset_id)

    async def upload(
        self, caller: Caller, dataset_id: str, declaration: Declaration, steps: AsyncIterator[Step]
    ) -> AsyncIterator[ReportLine]:
        """Take files; yields a line for each once its fate is durable. Raises NotFound before the first."""
        await self._datasets.check(caller.tenant, dataset_id)
        async with aclosing(self._rooms.uploads.take(caller.tenant, dataset_id, declaration, steps)) as lines:
            async for line in lines:
                yield line

    async def decode(self, caller: Caller, declaration: Declaration, steps: AsyncIterator[Step]) -> ReadFile:
        """Return the format and the recording of one file, its first 60 s at most; stores nothing."""
        return await self._rooms.uploads.decode(caller.tenant, declaration, steps)

    async def missing(self, caller: Caller, dataset_id: str, digests: Sequence[str]) -> tuple[str, ...]:
        """Return the sha256 of files that a dataset does not have yet, of those given; raises NotFound."""
        return await self._rooms.missing(caller.tenant, dataset_id, digests)

    async def put_labels(self, caller: Caller, dataset_id: str, chunks: AsyncIterator[bytes]) -> LabelSummary:
        """Replace the labels of a dataset by those of a CSV; all rows hold, or none is applied."""
        await self._datasets.get(caller.tenant, dataset_id)
        data = bytearray()
        async for chunk in chunks:
            data += chunk
            if len(data) > self._rooms.max_labels_bytes:
                raise TooLarge(f"The labels are larger than {self._rooms.max_labels_bytes >> 20} MiB.")
        labels = await asyncio.to_thread(parse_labels, bytes(data))
        return await self._rooms.replace_labels(caller.tenant, dataset_id, labels)

    async def list_records(self, caller: Caller, dataset_id: str, *, limit: int, cursor: str) -> Page[Record]:
        """List the records of a dataset in the order they came; raises NotFound."""
        return await self._records.page(caller.tenant, dataset_id, limit=limit, cursor=cursor)

    async def get_record(self, caller: Caller, record_id: str) -> Record:
        """Return one record; raises NotFound."""
        return await self._records.get(caller.tenant, record_id)

    async def delete_record(self, caller: Caller, record_id: str) -> None:
        """Erase one record; raises NotFound."""
        await self._rooms.removal.record(caller.tenant, record_id)

    async def statistics(self, caller: Caller, dataset_id: str) -> Statistics:
        """Count the records and labels of a dataset; raises NotFound."""
        return await self._rooms.count(caller.tenant, dataset_id)

    async def resolve(
        self, caller: Caller, record_ids: Sequence[str], dataset_id: str
    ) -> AsyncIterator[tuple[int, tuple[Record, ...]]]:
        """Yield the dataset's version (0 where records are named) and records in batches; raises NotFound."""
        if record_ids:
            async for batch in self._records.named(caller.tenant, record_ids):
                yield 0, batch
        else:
            async for version, batch in self._records.of_dataset(caller.tenant, dataset_id):
                yield version, batch

    async def export(self, caller: Caller, record_id: str, wish: Wish) -> ExportedFile:
        """Return a record's signal as a file; raises NotFound, InvalidRequest or TooLarge."""
        record = await self._records.get(caller.tenant, record_id)
        return await export(self._rooms.signals, record, wish)

    async def list_instances(
        self, caller: Caller, query: InstanceQuery, *, limit: int, cursor: str
    ) -> Page[StoredInstance]:
        """List the department's DICOM instances in the order they came."""
        return await self._rooms.instances.page(caller.tenant, query, limit=limit, cursor=cursor)

    async def fetch_instance(self, caller: Caller, record_id: str, form: InstanceForm) -> ExportedFile:
        """Return a DICOM instance as a file; raises NotFound."""
        return await self._rooms.retrieval.fetch(caller.tenant, record_id, form)
