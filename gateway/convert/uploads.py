"""The steps of uploads and the lines of their reports."""

from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.exchange.v1 import exchange_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from gateway.convert.instances import instance
from gateway.convert.records import record
from gateway.schemas.datasets import FileOutcome, FileReport
from gateway.schemas.problems import FileProblem
from gateway.schemas.uploads import Declaration, Instances, ModelDescription
from services.shared.errors import ErrorCode, PlatformError

_OUTCOME: Final = {
    pb.FILE_OUTCOME_STORED: FileOutcome.STORED,
    pb.FILE_OUTCOME_STORED_WITH_WARNINGS: FileOutcome.STORED_WITH_WARNINGS,
    pb.FILE_OUTCOME_DUPLICATE: FileOutcome.DUPLICATE,
    pb.FILE_OUTCOME_REFUSED: FileOutcome.REFUSED,
    pb.FILE_OUTCOME_COMPANION: FileOutcome.COMPANION,
    pb.FILE_OUTCOME_UNPACKED: FileOutcome.UNPACKED,
    pb.FILE_OUTCOME_LEFT_OUT: FileOutcome.LEFT_OUT,
}

FILE_END: Final = pb.UploadRecordsRequest(end=pb.FileEnd())
LABELS_END: Final = pb.PutLabelsRequest(end=pb.FileEnd())
IMPORT_END: Final = exchange_pb2.ImportModelRequest(end=exchange_pb2.FileEnd())
DECODE_END: Final = pb.DecodeFileRequest(end=pb.FileEnd())


def declaration(body: Declaration) -> pb.Declaration:
    """Return what the caller declares of files that do not say it themselves."""
    return pb.Declaration(
        sampling_rate_hz=body.sampling_rate_hz,
        gain_adu_per_mv=body.gain_adu_per_mv,
        lead_layout=body.lead_layout or "",
        format=body.format or "",
        study_uid=body.study_uid if isinstance(body, Instances) else "",
        instances_only=isinstance(body, Instances),
        sample_type=body.sample_type or "",
        byte_order=body.byte_order or "",
        lead_count=body.lead_count,
        interleaved=body.interleaved,
        header_bytes=body.header_bytes,
    )


def upload_options(dataset_id: str, body: Declaration) -> pb.UploadRecordsRequest:
    """Begin an upload."""
    return pb.UploadRecordsRequest(
        options=pb.UploadOptions(dataset_id=dataset_id, declaration=declaration(body)),
    )


def upload_start(file_name: str) -> pb.UploadRecordsRequest:
    """Begin a file of an upload."""
    return pb.UploadRecordsRequest(start=pb.FileStart(file_name=file_name))


def upload_chunk(data: bytes) -> pb.UploadRecordsRequest:
    """Go on with a file of an upload."""
    return pb.UploadRecordsRequest(chunk=common_pb2.FileChunk(data=data))


def decode_options(body: Declaration) -> pb.DecodeFileRequest:
    """Begin a decoding."""
    return pb.DecodeFileRequest(declaration=declaration(body))


def decode_start(file_name: str) -> pb.DecodeFileRequest:
    """Begin a file to decode."""
    return pb.DecodeFileRequest(start=pb.FileStart(file_name=file_name))


def decode_chunk(data: bytes) -> pb.DecodeFileRequest:
    """Go on with a file to decode."""
    return pb.DecodeFileRequest(chunk=common_pb2.FileChunk(data=data))


def labels_dataset(dataset_id: str) -> pb.PutLabelsRequest:
    """Begin a label upload."""
    return pb.PutLabelsRequest(dataset_id=dataset_id)


def labels_chunk(data: bytes) -> pb.PutLabelsRequest:
    """Go on with a label upload."""
    return pb.PutLabelsRequest(chunk=common_pb2.FileChunk(data=data))


def import_options(body: ModelDescription) -> exchange_pb2.ImportModelRequest:
    """Begin a model's import."""
    options = exchange_pb2.ImportOptions(name=body.name, version=body.version, manifest_json=body.manifest or "")
    return exchange_pb2.ImportModelRequest(options=options)


def import_chunk(data: bytes) -> exchange_pb2.ImportModelRequest:
    """Go on with a model's import."""
    return exchange_pb2.ImportModelRequest(chunk=common_pb2.FileChunk(data=data))


def file_report(message: pb.UploadRecordsResponse) -> FileReport:
    """Return one line of an upload's report."""
    return FileReport(
        file_name=message.file_name,
        outcome=_OUTCOME.get(message.outcome, FileOutcome.REFUSED),
        record=record(message.record) if message.HasField("record") else None,
        error=file_problem(message.error_code, message.error_detail),
        instance=instance(message.instance) if message.HasField("instance") else None,
    )


def refusal(file_name: str, error: PlatformError) -> FileReport:
    """Return the line of a file that the gateway itself refuses."""
    problem = FileProblem(code=error.code, detail=error.detail)
    return FileReport(file_name=file_name, outcome=FileOutcome.REFUSED, error=problem)


def file_problem(code: str, detail: str) -> FileProblem | None:
    """Return why one of many was refused; None where it was not."""
    if not code:
        return None
    known = ErrorCode(code) if code in ErrorCode.__members__ else ErrorCode.INTERNAL
    return FileProblem(code=known, detail=detail)
