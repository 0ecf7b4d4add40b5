"""What the use cases of ingest need from outside: rows, uploads and erasures that are durable, and somebody to tell."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Protocol

from services.ingest.decoding.declaration import Declaration
from services.ingest.exporting.exports import ExportedFile
from services.ingest.records import (
    Dataset,
    Instance,
    InstanceForm,
    InstanceQuery,
    Label,
    LabelSummary,
    Page,
    ReadFile,
    Record,
    ReportLine,
    Statistics,
    StoredInstance,
)
from services.ingest.steps import Step


class News(Protocol):
    """Tells the rest of the platform what happened; best effort, for the row is the record."""

    async def stored(self, tenant: str, dataset_id: str, record_ids: Sequence[str]) -> None:
        """Say that records were stored."""
        ...

    async def erased(self, tenant: str, dataset_id: str, record_ids: Sequence[str]) -> None:
        """Say that records were erased; none named means the whole dataset."""
        ...


class DatasetCatalog(Protocol):
    """The datasets of every department; what is not the department's raises NotFound."""

    async def create(self, tenant: str, name: str) -> Dataset:
        """Make an empty dataset; raises AlreadyExists where the name is taken."""
        ...

    async def ensure(self, tenant: str, name: str) -> Dataset:
        """Return the dataset of a name, made where there is none."""
        ...

    async def get(self, tenant: str, dataset_id: str) -> Dataset:
        """Return one dataset."""
        ...

    async def check(self, tenant: str, dataset_id: str) -> None:
        """Return where the dataset is there; an answer may be a few seconds old."""
        ...

    def forget(self, tenant: str, dataset_id: str) -> None:
        """Let the next check look again."""
        ...

    async def page(self, tenant: str, *, limit: int, cursor: str) -> Page[Dataset]:
        """List datasets, newest first."""
        ...


class RecordCatalog(Protocol):
    """The records of every department; what is not the department's raises NotFound."""

    async def get(self, tenant: str, record_id: str) -> Record:
        """Return one record."""
        ...

    async def page(self, tenant: str, dataset_id: str, *, limit: int, cursor: str) -> Page[Record]:
        """List the records of a dataset in the order they came."""
        ...

    def named(self, tenant: str, record_ids: Sequence[str]) -> AsyncIterator[tuple[Record, ...]]:
        """Yield the records in the order named, in batches."""
        ...

    def of_dataset(self, tenant: str, dataset_id: str) -> AsyncIterator[tuple[int, tuple[Record, ...]]]:
        """Yield the dataset's version with its records, in batches."""
        ...


class InstanceCatalog(Protocol):
    """The DICOM instances of every department."""

    async def page(self, tenant: str, query: InstanceQuery, *, limit: int, cursor: str) -> Page[StoredInstance]:
        """List instances in the order they came: each SOP instance once, by its newest record."""
        ...

    async def of_record(self, tenant: str, record_id: str) -> Instance:
        """Return what a record calls itself in DICOM; raises NotFound where it was no such object."""
        ...


class Retrieving(Protocol):
    """Gives DICOM instances back."""

    async def fetch(self, tenant: str, record_id: str, form: InstanceForm) -> ExportedFile:
        """Return the instance that a record was made of; raises NotFound."""
        ...


class ReplaceLabels(Protocol):
    """Puts the labels of a dataset in place of those it had."""

    async def __call__(self, tenant: str, dataset_id: str, labels: Mapping[str, tuple[Label, ...]]) -> LabelSummary:
        """Replace all or none; raises NotFound, or InvalidRequest naming files that are not in the dataset."""
        ...


class Count(Protocol):
    """Counts a dataset."""

    async def __call__(self, tenant: str, dataset_id: str) -> Statistics:
        """Count its records and labels; raises NotFound."""
        ...


class Missing(Protocol):
    """Knows which files need not be sent again."""

    async def __call__(self, tenant: str, dataset_id: str, digests: Sequence[str]) -> tuple[str, ...]:
        """Return the sha256 of files that are not in a dataset; raises NotFound, or InvalidRequest for too many."""
        ...


class Uploading(Protocol):
    """Takes files in."""

    def take(
        self, tenant: str, dataset_id: str, declaration: Declaration, steps: AsyncIterator[Step]
    ) -> AsyncGenerator[ReportLine, None]:
        """Yield a line per file once its fate is durable."""
        ...

    async def decode(self, tenant: str, declaration: Declaration, steps: AsyncIterator[Step]) -> ReadFile:
        """Return the ECG of one file; stores nothing."""
        ...


class Removing(Protocol):
    """Erases on request."""

    async def record(self, tenant: str, record_id: str) -> None:
        """Erase one record; raises NotFound."""
        ...

    async def dataset(self, tenant: str, dataset_id: str) -> int:
        """Erase a dataset and return how many records went with it; raises NotFound."""
        ...
