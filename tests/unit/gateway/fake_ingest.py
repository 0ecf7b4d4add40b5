"""A fake of ingest."""

import asyncio
from typing import Any

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2, ingest_pb2_grpc
from services.shared.errors import NotFound, Unavailable, UnreadableFile
from services.shared.identity import Caller, current_caller

QUALITY = common_pb2.Quality(
    grade="usable",
    pacing="not_judged",
    reasons=[common_pb2.Remark(code="drift", text="V5: the baseline wanders.")],
    leads=[common_pb2.LeadQuality(lead="I"), common_pb2.LeadQuality(lead="V5", flags=["drift"], drift_mv=0.8)],
    judged_s=10,
)
SIGNAL = common_pb2.Signal(data=bytes(2 * 3 * 4), leads=["I", "II"], samples=3, rate_hz=500)


class FakeIngest(ingest_pb2_grpc.IngestServiceServicer):
    """Keeps the names and sizes of what it is sent."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        self.files: dict[str, int] = {}
        self.declaration = ingest_pb2.Declaration()
        self.labels = b""
        self.cancelled = asyncio.Event()
        self.first_chunk = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.chunks = 0
        self.open_file = ""
        self.size = 0
        self.lost_at: list[str] = []
        """Files at whose end the replica is lost, once for each time that they are named."""
        self.begun: list[str] = []

    async def CreateDataset(self, request: Any, context: Any) -> Any:
        self.callers.append(current_caller())
        return ingest_pb2.CreateDatasetResponse(dataset=ingest_pb2.Dataset(dataset_id="d-1", name=request.name))

    async def GetDataset(self, request: Any, context: Any) -> Any:
        if request.dataset_id == "broken":
            raise RuntimeError("a secret path")
        if request.dataset_id != "d-1":
            raise NotFound(f"There is no dataset {request.dataset_id!r}.")
        return ingest_pb2.GetDatasetResponse(dataset=ingest_pb2.Dataset(dataset_id="d-1", name="ward"))

    async def DeleteDataset(self, request: Any, context: Any) -> Any:
        return ingest_pb2.DeleteDatasetResponse(records=3)

    async def GetStatistics(self, request: Any, context: Any) -> Any:
        return ingest_pb2.GetStatisticsResponse(records=2, labels=[ingest_pb2.Count(value="normal", count=2)])

    async def ListRecords(self, request: Any, context: Any) -> Any:
        return ingest_pb2.ListRecordsResponse(records=[self._line("a.csv", 1).record])

    async def ResolveRecords(self, request: Any, context: Any) -> Any:
        yield ingest_pb2.ResolveRecordsResponse()

    async def ListDatasets(self, request: Any, context: Any) -> Any:
        page = common_pb2.PageResponse(next_cursor="" if request.page.cursor else f"after-{request.page.limit}")
        return ingest_pb2.ListDatasetsResponse(datasets=[ingest_pb2.Dataset(dataset_id="d-1")], page=page)

    async def EnsureDataset(self, request: Any, context: Any) -> Any:
        return ingest_pb2.EnsureDatasetResponse(dataset=ingest_pb2.Dataset(dataset_id="d-1", name=request.name))

    async def ListInstances(self, request: Any, context: Any) -> Any:
        return ingest_pb2.ListInstancesResponse()

    async def FetchInstance(self, request: Any, context: Any) -> Any:
        yield ingest_pb2.FetchInstanceResponse()

    async def UploadRecords(self, requests: Any, context: Any) -> Any:
        self.open_file = ""
        try:
            async for step in requests:
                for line in await self._step(step):
                    yield line
            # grpc ends the iteration also where the client has gone away, and cancels a moment later.
            await asyncio.sleep(0.05)
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise

    async def _step(self, step: ingest_pb2.UploadRecordsRequest) -> list[ingest_pb2.UploadRecordsResponse]:
        match step.WhichOneof("part"):
            case "options" if step.options.dataset_id == "absent":
                raise NotFound("There is no dataset 'absent'.")
            case "options":
                self.declaration = step.options.declaration
            case "start":
                dropped = self._dropped()
                self.begun.append(step.start.file_name)
                self.open_file, self.size = step.start.file_name, 0
                return dropped
            case "chunk":
                self.size += len(step.chunk.data)
                self.chunks += 1
                self.first_chunk.set()
                await self.may_go_on.wait()
            case "end":
                name, self.open_file = self.open_file, ""
                if name in self.lost_at:
                    self.lost_at.remove(name)
                    raise Unavailable("The replica is gone.")
                self.files[name] = self.size
                return [self._line(name, self.size)]
        return []

    def _dropped(self) -> list[ingest_pb2.UploadRecordsResponse]:
        """Return the line of a file that began and had no end."""
        if not self.open_file:
            return []
        name, self.open_file = self.open_file, ""
        return [self._refused(name, "CANCELLED", "The file was not sent whole.")]

    def _line(self, name: str, size: int) -> ingest_pb2.UploadRecordsResponse:
        if name.startswith("bad"):
            return self._refused(name, "UNREADABLE_FILE", f"{name} is not an ECG.")
        record = ingest_pb2.Record(record_id=f"r-{name}", file_name=name, dataset_id="d-1")
        record.signal.samples, record.signal.rate_hz = 5000, 500
        if name != "of-before":
            record.quality.CopyFrom(QUALITY)
        return ingest_pb2.UploadRecordsResponse(file_name=name, outcome=ingest_pb2.FILE_OUTCOME_STORED, record=record)

    def _refused(self, name: str, code: str, detail: str) -> ingest_pb2.UploadRecordsResponse:
        outcome = ingest_pb2.FILE_OUTCOME_REFUSED
        return ingest_pb2.UploadRecordsResponse(file_name=name, outcome=outcome, error_code=code, error_detail=detail)

    async def FindMissing(self, request: Any, context: Any) -> Any:
        return ingest_pb2.FindMissingResponse(sha256=request.sha256[1:])

    async def PutLabels(self, requests: Any, context: Any) -> Any:
        self.labels = b"".join([step.chunk.data async for step in requests])
        return ingest_pb2.PutLabelsResponse(labelled_records=1, unlabelled_records=2, classes=["normal"])

    async def GetRecord(self, request: Any, context: Any) -> Any:
        return ingest_pb2.GetRecordResponse(record=self._line(request.record_id, 1).record)

    async def DeleteRecord(self, request: Any, context: Any) -> Any:
        return ingest_pb2.DeleteRecordResponse()

    async def ExportSignal(self, request: Any, context: Any) -> Any:
        if request.record_id == "absent":
            raise NotFound("There is no record 'absent'.")
        head = common_pb2.FileHead(file_name="ECG é.csv", media_type="text/csv", size_bytes=6)
        yield ingest_pb2.ExportSignalResponse(file=common_pb2.FileDownload(head=head))
        for data in (b"abc", b"def" if request.record_id != "short" else b""):
            yield ingest_pb2.ExportSignalResponse(file=common_pb2.FileDownload(chunk=common_pb2.FileChunk(data=data)))

    async def DecodeFile(self, requests: Any, context: Any) -> Any:
        sizes = [len(step.chunk.data) async for step in requests]
        if not sum(sizes):
            raise UnreadableFile("The file is empty.")
        remark = common_pb2.Remark(code="read", text="It was read.")
        return ingest_pb2.DecodeFileResponse(signal=SIGNAL, format="csv", remarks=[remark])
