"""Where records lie, asked of ingest."""

from typing import Any, Final

from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.shared.identity import Caller
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_from_pb
from services.shared.signals import SignalRef

INGEST: Final = "einthoven.ingest.v1.IngestService"
IDEMPOTENT: Final = ("GetRecord",)


class IngestRecords:
    """The records of ingest, over gRPC."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        # The generated stub is typed for blocking channels alone.
        self._stub: Any = ingest_pb2_grpc.IngestServiceStub(client.channel)

    async def signal_of(self, caller: Caller, record_id: str) -> SignalRef:
        """Return the place of a record's signal; raises NotFound where it is not the caller's."""
        request = pb.GetRecordRequest(record_id=record_id)
        answer: pb.GetRecordResponse = await self._client.unary(self._stub.GetRecord, request, caller=caller)
        return ref_from_pb(answer.record.signal)
