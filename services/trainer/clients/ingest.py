"""The departments' labelled records over gRPC."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import aclosing
from typing import Final

from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.shared.identity import Caller
from services.shared.quality import Grade
from services.shared.rpc.client import RpcClient
from services.shared.rpc.convert import ref_from_pb
from services.trainer.job import Snapshot, SnapshotRecord

SERVICE: Final = "einthoven.ingest.v1.IngestService"
IDEMPOTENT: Final = ("ResolveRecords",)


class IngestDatasets:
    """Takes snapshots of datasets."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        self._stub = ingest_pb2_grpc.IngestServiceStub(client.channel)

    async def snapshot(self, caller: Caller, dataset_id: str) -> Snapshot:
        """Return the labelled records as they are now; raises NotFound."""
        request = pb.ResolveRecordsRequest(dataset_id=dataset_id)
        answers = self._client.server_stream(self._stub.ResolveRecords, request, caller=caller)
        version, records = 0, list[pb.Record]()
        async with aclosing(answers):  # type: ignore[type-var]  # it is a generator, whatever its type says
            async for answer in answers:
                version = answer.dataset_version
                records += answer.records
        labelled = tuple(_record(each) for each in records if each.labels)
        return Snapshot(dataset_id, version, labelled, len(records) - len(labelled), _codes(records))


def _record(record: pb.Record) -> SnapshotRecord:
    labels = tuple(dict.fromkeys(label.name for label in record.labels))
    grade = Grade(record.quality.grade) if record.HasField("quality") else None
    signal = ref_from_pb(record.signal)
    return SnapshotRecord(record.record_id, signal, labels, record.patient, grade, record.sha256)


def _codes(records: Iterable[pb.Record]) -> dict[str, dict[str, str]]:
    """Return the codes of the classes that have exactly one."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for record in records:
        for label in record.labels:
            seen[label.name].update({label.icd10} - {""})
    return {name: {"icd10": codes.pop()} for name, codes in seen.items() if len(codes) == 1}
