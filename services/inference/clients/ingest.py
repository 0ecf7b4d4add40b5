"""The records of departments over gRPC."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.inference.predictions import StoredRecord
from services.shared.identity import Caller
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_from_pb, remarks_from_pb
from services.shared.rpc.quality import quality_from_pb

SERVICE: Final = "einthoven.ingest.v1.IngestService"


class IngestClient:
    """Says where signals lie."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        self._stub = ingest_pb2_grpc.IngestServiceStub(client.channel)

    def named(self, caller: Caller, record_ids: Sequence[str]) -> AsyncGenerator[StoredRecord, None]:
        """Yield records in the order asked for; raises NotFound."""
        return self._resolve(caller, pb.ResolveRecordsRequest(record_ids=record_ids))

    def of_dataset(self, caller: Caller, dataset_id: str) -> AsyncGenerator[StoredRecord, None]:
        """Yield every record of a dataset in the order they came; raises NotFound."""
        return self._resolve(caller, pb.ResolveRecordsRequest(dataset_id=dataset_id))

    async def _resolve(self, caller: Caller, request: pb.ResolveRecordsRequest) -> AsyncGenerator[StoredRecord, None]:
        answers = self._client.server_stream(self._stub.ResolveRecords, request, caller=caller)
        async with aclosing(answers):  # type: ignore[type-var]  # it is a generator, whatever its type says
            async for response in answers:
                for record in response.records:
                    yield _record(record)


def _record(record: pb.Record) -> StoredRecord:
    return StoredRecord(
        record.record_id,
        record.file_name,
        ref_from_pb(record.signal),
        remarks_from_pb(record.remarks),
        quality_from_pb(record.quality) if record.HasField("quality") else None,
    )
