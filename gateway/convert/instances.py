"""DICOM instances."""

from typing import Final

from einthoven.ingest.v1 import ingest_pb2 as pb
from gateway.convert.paging import next_cursor, page_request
from gateway.schemas.instances import Instance, InstanceQuery, StoredInstance

PAGE: Final = 500


def ensure(name: str) -> pb.EnsureDatasetRequest:
    """Ask for the dataset of a name."""
    return pb.EnsureDatasetRequest(name=name)


def listing(query: InstanceQuery, cursor: str) -> pb.ListInstancesRequest:
    """Ask for a page of instances."""
    page = page_request(PAGE, cursor)
    return pb.ListInstancesRequest(
        study_uid=query.study_uid,
        series_uid=query.series_uid,
        sop_uid=query.sop_uid,
        patient=query.patient,
        page=page,
    )


def file(record_id: str) -> pb.FetchInstanceRequest:
    """Ask for an instance as a file."""
    return pb.FetchInstanceRequest(record_id=record_id, form=pb.INSTANCE_FORM_FILE)


def metadata(record_id: str) -> pb.FetchInstanceRequest:
    """Ask for what an instance says but for its samples."""
    return pb.FetchInstanceRequest(record_id=record_id, form=pb.INSTANCE_FORM_METADATA)


def instance(message: pb.DicomInstance) -> Instance:
    """Return what a DICOM object calls itself."""
    return Instance(
        study_uid=message.study_uid,
        series_uid=message.series_uid,
        sop_uid=message.sop_uid,
        sop_class_uid=message.sop_class_uid,
    )


def page(message: pb.ListInstancesResponse) -> tuple[list[StoredInstance], str | None]:
    """Return a page of instances and where the list goes on."""
    found = [
        StoredInstance(
            instance=instance(item.instance), record_id=item.record_id, patient=item.patient or None, sex=item.sex
        )
        for item in message.instances
    ]
    return found, next_cursor(message.page)
