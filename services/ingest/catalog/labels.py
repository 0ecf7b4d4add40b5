"""Labels: replaced as a whole, all or none."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest.catalog.datasets import alive, no_dataset
from services.ingest.records import Label, LabelSummary
from services.ingest.tables import DatasetRow, LabelRow, RecordRow
from services.shared.database import Database
from services.shared.errors import InvalidRequest

_LISTED: Final = 5
_BATCH: Final = 5000


async def replace_labels(
    database: Database, tenant: str, dataset_id: str, labels: Mapping[str, tuple[Label, ...]]
) -> LabelSummary:
    """Replace every label of a dataset; a file's labels go to each record of that file name.

    A name without folders, or with the last of them, means the file of that name in any folder; one without a suffix
    ("00001_lr") that with one ("00001_lr.hea"). Raises NotFound, or InvalidRequest naming files that are not in the
    dataset, or are there in several folders.
    """
    async with database.session() as session:
        bumped = update(DatasetRow).where(alive(tenant, dataset_id)).values(version=DatasetRow.version + 1)
        if (await session.execute(bumped.returning(DatasetRow.id))).first() is None:
            raise no_dataset(dataset_id)
        matched = _matched(await _records_by_name(session, dataset_id), labels)
        await session.execute(delete(LabelRow).where(LabelRow.dataset_id == dataset_id))
        rows = [
            {
                "record_id": record_id,
                "position": place,
                "dataset_id": dataset_id,
                "name": label.name,
                "icd10": label.icd10,
            }
            for record_id, given in matched.items()
            for place, label in enumerate(given)
        ]
        for start in range(0, len(rows), _BATCH):
            await session.execute(insert(LabelRow), rows[start : start + _BATCH])
        there = (RecordRow.dataset_id == dataset_id) & RecordRow.erased_at.is_(None)
        total = await session.scalar(select(func.count()).where(there)) or 0
    classes = sorted({label.name for given in matched.values() for label in given})
    return LabelSummary(len(matched), total - len(matched), tuple(classes))


async def _records_by_name(session: AsyncSession, dataset_id: str) -> dict[str, list[str]]:
    query = select(RecordRow.file_name, RecordRow.id).where(
        RecordRow.dataset_id == dataset_id, RecordRow.erased_at.is_(None)
    )
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for file_name, record_id in await session.execute(query):
        by_name[file_name].append(record_id)
    return by_name


def _matched(by_name: Mapping[str, list[str]], labels: Mapping[str, tuple[Label, ...]]) -> dict[str, tuple[Label, ...]]:
    found = _found(by_name, labels)
    absent = [name for name, files in found.items() if not files]
    if absent:
        raise InvalidRequest(
            f"{len(absent)} labelled files are not in the dataset, e.g. {_listed(absent)}. "
            "Upload them first, or remove their rows; no label was changed."
        )
    for name, files in found.items():
        if len({PurePosixPath(file).parent for file in files}) > 1:
            raise InvalidRequest(
                f"{name[:80]!r} is in several folders, e.g. {_listed(sorted(files))}. "
                "Write the folder before the name; no label was changed."
            )
    return {record_id: labels[name] for name, files in found.items() for file in files for record_id in by_name[file]}


def _found(file_names: Iterable[str], wanted: Iterable[str]) -> dict[str, list[str]]:
    """Return the files that each wanted name means: that of the name itself, or else those whose path ends so."""
    names = tuple(wanted)
    ways: tuple[dict[str, list[str]], ...] = tuple({name: [] for name in names} for _ in range(4))
    for file_name in file_names:
        stem = str(PurePosixPath(file_name).with_suffix(""))
        for way, whole in zip(ways[:2], (file_name, stem), strict=True):
            _note(way, whole, file_name)
        for way, whole in zip(ways[2:], (file_name, stem), strict=True):
            for ending in _endings(whole):
                _note(way, ending, file_name)
    return {name: next((way[name] for way in ways if way[name]), []) for name in names}


def _note(way: dict[str, list[str]], name: str, file_name: str) -> None:
    if name in way:
        way[name].append(file_name)


def _endings(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[start:]) for start in range(1, len(parts)))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:80]) for name in list(names)[:_LISTED])
