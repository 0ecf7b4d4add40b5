"""Where records lie, asked of ingest."""

from typing import Any, Final

from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.shared.identity import Caller
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_from_pb
from services.signal_analysis.ports import Known

INGEST: Final = "einthoven.ingest.v1.IngestService"
IDEMPOTENT: Final = ("GetRecord",)


class IngestRecords:
    """The records of ingest, over gRPC."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        # The generated stub is typed for blocking channels alone.
        self._stub: Any = ingest_pb2_grpc.IngestServiceStub(client.channel)

    async def known(self, caller: Caller, record_id: str) -> Known:
        """Return what is known of a record; raises NotFound where it is not the caller's."""
        request = pb.GetRecordRequest(record_id=record_id)
        answer: pb.GetRecordResponse = await self._client.unary(self._stub.GetRecord, request, caller=caller)
        record = answer.record
        acquisition = record.acquisition
        return Known(ref_from_pb(record.signal), record.sha256, acquisition.acquired_at, _filters(acquisition))


def _filters(acquisition: pb.Acquisition) -> str:
    bounds = {"from": "high_pass_hz", "to": "low_pass_hz", "without": "notch_hz"}
    told = (f"{word} {getattr(acquisition, name):g} Hz" for word, name in bounds.items() if acquisition.HasField(name))  # type: ignore[arg-type]  # one of its own fields
    return " ".join(told)
