"""The departments' datasets and what a report says of a record, asked of ingest."""

from contextlib import aclosing
from typing import Any, Final

from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.shared.identity import Caller
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_from_pb
from services.shared.signals import SignalRef
from services.signal_analysis.batch.jobs import Known, content_name
from services.signal_analysis.fhir import Study

IDEMPOTENT: Final = ("GetDataset", "ResolveRecords")


class IngestDatasets:
    """The datasets of ingest, over gRPC."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        # The generated stub is typed for blocking channels alone.
        self._stub: Any = ingest_pb2_grpc.IngestServiceStub(client.channel)

    async def check(self, caller: Caller, dataset_id: str) -> None:
        """Raise NotFound where the caller has no such dataset."""
        await self._client.unary(self._stub.GetDataset, pb.GetDatasetRequest(dataset_id=dataset_id), caller=caller)

    async def records(self, caller: Caller, dataset_id: str) -> list[Known]:
        """Return the records as they are now; raises NotFound."""
        request = pb.ResolveRecordsRequest(dataset_id=dataset_id)
        answers = self._client.server_stream(self._stub.ResolveRecords, request, caller=caller)
        found: list[Known] = []
        async with aclosing(answers):  # type: ignore[type-var]  # it is a generator, whatever its type says
            async for answer in answers:
                found += [_known(each) for each in answer.records]
        return found

    async def study(self, caller: Caller, record_id: str) -> tuple[Study, SignalRef]:
        """Return what a report says of a record, and where its signal lies; raises NotFound."""
        request = pb.GetRecordRequest(record_id=record_id)
        answer: pb.GetRecordResponse = await self._client.unary(self._stub.GetRecord, request, caller=caller)
        record = answer.record
        stated = record.acquisition
        return Study(record_id, record.patient, stated.acquired_at, stated.device), ref_from_pb(record.signal)


def _known(record: pb.Record) -> Known:
    signal = ref_from_pb(record.signal)
    scales = ";".join(f"{each.lead}={each.resolution!r}{each.unit}" for each in record.acquisition.scales)
    content = content_name(record.sha256, signal, scales)
    return Known(record.record_id, record.file_name, record.patient, record.quality.grade, signal, content)
