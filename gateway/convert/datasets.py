"""Datasets, statistics and label reports."""

from collections.abc import Iterable

from einthoven.ingest.v1 import ingest_pb2 as pb
from gateway.convert.paging import next_cursor, page_request
from gateway.schemas.datasets import (
    Count,
    Dataset,
    DatasetCreate,
    DatasetErased,
    DatasetPage,
    Digests,
    LabelReport,
    MissingFiles,
    Statistics,
)
from services.shared.rpc.convert import moment


def create(body: DatasetCreate) -> pb.CreateDatasetRequest:
    """Ask for a new dataset."""
    return pb.CreateDatasetRequest(name=body.name)


def get(dataset_id: str) -> pb.GetDatasetRequest:
    """Ask for one dataset."""
    return pb.GetDatasetRequest(dataset_id=dataset_id)


def delete(dataset_id: str) -> pb.DeleteDatasetRequest:
    """Ask to erase one dataset."""
    return pb.DeleteDatasetRequest(dataset_id=dataset_id)


def listing(limit: int, cursor: str) -> pb.ListDatasetsRequest:
    """Ask for a page of datasets."""
    return pb.ListDatasetsRequest(page=page_request(limit, cursor))


def get_statistics(dataset_id: str) -> pb.GetStatisticsRequest:
    """Ask what a dataset holds."""
    return pb.GetStatisticsRequest(dataset_id=dataset_id)


def dataset(message: pb.Dataset) -> Dataset:
    """Return one dataset."""
    return Dataset(
        dataset_id=message.dataset_id,
        name=message.name,
        version=message.version,
        records=message.records,
        created_at=moment(message.created_at),
    )


def page(message: pb.ListDatasetsResponse) -> DatasetPage:
    """Return a page of datasets."""
    return DatasetPage(items=[dataset(item) for item in message.datasets], next_cursor=next_cursor(message.page))


def find_missing(dataset_id: str, body: Digests) -> pb.FindMissingRequest:
    """Ask which files are still to be sent."""
    return pb.FindMissingRequest(dataset_id=dataset_id, sha256=body.sha256)


def missing(message: pb.FindMissingResponse) -> MissingFiles:
    """Return which are."""
    return MissingFiles(sha256=list(message.sha256))


def erased(message: pb.DeleteDatasetResponse) -> DatasetErased:
    """Return what went with a dataset."""
    return DatasetErased(records=message.records)


def label_report(message: pb.PutLabelsResponse) -> LabelReport:
    """Return what a label upload led to."""
    return LabelReport(
        labelled_records=message.labelled_records,
        unlabelled_records=message.unlabelled_records,
        classes=list(message.classes),
    )


def statistics(message: pb.GetStatisticsResponse) -> Statistics:
    """Return what a dataset holds."""
    return Statistics(
        records=message.records,
        unlabelled_records=message.unlabelled_records,
        labels=_counts(message.labels),
        formats=_counts(message.formats),
        rates=_counts(message.rates),
        sexes=_counts(message.sexes),
        grades=_counts(message.grades),
        patients=message.patients,
        shortest_s=message.shortest_s,
        longest_s=message.longest_s,
    )


def _counts(messages: Iterable[pb.Count]) -> list[Count]:
    return [Count(value=message.value, count=message.count) for message in messages]
