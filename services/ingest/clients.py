"""Ingest as its own processes call it: the same upload as every other caller's."""

from collections.abc import AsyncIterator
from typing import Any, Final

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.shared.errors import ERROR_OF, ErrorCode, Internal, Unavailable
from services.shared.identity import Caller
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import FILE_CHUNK_BYTES

SERVICE: Final = "einthoven.ingest.v1.IngestService"
_DICOM: Final = pb.Declaration(format="dicom", instances_only=True)


class UploadClient:
    """Uploads DICOM objects."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc
        self._stub: Any = ingest_pb2_grpc.IngestServiceStub(rpc.channel)

    async def store(self, caller: Caller, dataset: str, file_name: str, data: bytes) -> None:
        """Return once the object is durable in the department's dataset of that name, or was before.

        Raises the PlatformError for which it is not.
        """
        named = pb.EnsureDatasetRequest(name=dataset)
        ensured = await self._rpc.unary(self._stub.EnsureDataset, named, caller=caller)
        requests = _requests(ensured.dataset.dataset_id, file_name, data)
        lines = [line async for line in self._rpc.duplex(self._stub.UploadRecords, requests, caller=caller)]
        if len(lines) != 1:
            raise Unavailable("Ingest did not tell what became of the object; send it again.")
        if lines[0].outcome == pb.FILE_OUTCOME_REFUSED:
            code = lines[0].error_code
            kind = ERROR_OF[ErrorCode(code)] if code in ErrorCode.__members__ else Internal
            raise kind(lines[0].error_detail)


async def _requests(dataset_id: str, file_name: str, data: bytes) -> AsyncIterator[pb.UploadRecordsRequest]:
    yield pb.UploadRecordsRequest(options=pb.UploadOptions(dataset_id=dataset_id, declaration=_DICOM))
    yield pb.UploadRecordsRequest(start=pb.FileStart(file_name=file_name))
    for start in range(0, len(data), FILE_CHUNK_BYTES):
        chunk = common_pb2.FileChunk(data=data[start : start + FILE_CHUNK_BYTES])
        yield pb.UploadRecordsRequest(chunk=chunk)
    yield pb.UploadRecordsRequest(end=pb.FileEnd())
