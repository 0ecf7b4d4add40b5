"""Which uploaded files a dataset has already, by their digests: what makes an upload that is repeated a short one.

The file of a record is known by the record itself. The parts of a bundle (a WFDB header, its signals) and archives have
rows of their own, one for each record that came of them. Where one of those records is erased, the file counts as new.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Delete, delete, insert, select, union

from services.ingest.catalog.datasets import alive, no_dataset
from services.ingest.tables import DatasetRow, PartRow, RecordRow
from services.shared.database import Database
from services.shared.errors import InvalidRequest

MAX_ASKED: Final = 10_000
_BATCH: Final = 500
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Note:
    """A file whose bytes are in these records of a dataset."""

    dataset_id: str
    sha256: str
    record_ids: tuple[str, ...]


class Parts:
    """The files of every department; what is asked sees those of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missing(self, tenant: str, dataset_id: str, digests: Sequence[str]) -> tuple[str, ...]:
        """Return the digests of files that a dataset does not have, in the order given; raises NotFound."""
        if len(digests) > MAX_ASKED:
            raise InvalidRequest(f"{len(digests)} digests were sent; at most {MAX_ASKED} are looked up at once.")
        if any(not _SHA256.fullmatch(digest) for digest in digests):
            raise InvalidRequest("A digest is a sha256: 64 lower-case hexadecimal digits.")
        known: set[str] = set()
        async with self._database.session(read_only=True) as session:
            if await session.scalar(select(DatasetRow.id).where(alive(tenant, dataset_id))) is None:
                raise no_dataset(dataset_id)
            for batch in _batches(digests):
                known.update(await session.scalars(_known(dataset_id, batch)))
        return tuple(digest for digest in dict.fromkeys(digests) if digest not in known)


def noted(connection: Connection, notes: Iterable[Note]) -> None:
    """Keep notes of files, each once."""
    rows = {(note.dataset_id, note.sha256, record_id) for note in notes for record_id in note.record_ids}
    for batch in _batches(sorted({digest for _, digest, _ in rows})):
        there = select(PartRow.dataset_id, PartRow.sha256, PartRow.record_id).where(PartRow.sha256.in_(batch))
        rows.difference_update(tuple(row) for row in connection.execute(there))
    if rows:
        names = ("dataset_id", "sha256", "record_id")
        connection.execute(insert(PartRow), [dict(zip(names, row, strict=True)) for row in sorted(rows)])


def forgotten_with(dataset_id: str, record_id: str) -> Delete:
    """Return what makes every file new that a record came from, whatever else came from it."""
    digests = select(PartRow.sha256).where(PartRow.record_id == record_id)
    return delete(PartRow).where(PartRow.dataset_id == dataset_id, PartRow.sha256.in_(digests))


def _known(dataset_id: str, digests: Sequence[str]) -> Any:
    records = select(RecordRow.sha256).where(
        RecordRow.dataset_id == dataset_id, RecordRow.sha256.in_(digests), RecordRow.erased_at.is_(None)
    )
    parts = (
        select(PartRow.sha256)
        .join(RecordRow, RecordRow.id == PartRow.record_id)
        .where(PartRow.dataset_id == dataset_id, PartRow.sha256.in_(digests), RecordRow.erased_at.is_(None))
    )
    return union(records, parts)


def _batches(digests: Sequence[str]) -> Iterable[Sequence[str]]:
    return (digests[start : start + _BATCH] for start in range(0, len(digests), _BATCH))
