"""The gRPC edge of ingest: convert, call, convert."""

from collections.abc import AsyncIterator
from typing import Any

from einthoven.ingest.v1 import ingest_pb2 as pb
from einthoven.ingest.v1 import ingest_pb2_grpc
from services.ingest import convert
from services.ingest.service import Ingest
from services.shared.identity import current_caller
from services.shared.rpc.convert import download


class IngestServicer(ingest_pb2_grpc.IngestServiceServicer):
    """Serves einthoven.ingest.v1.IngestService."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    async def CreateDataset(self, request: pb.CreateDatasetRequest, context: Any) -> pb.CreateDatasetResponse:
        """Make an empty dataset."""
        dataset = await self._ingest.create_dataset(current_caller(), request.name)
        return pb.CreateDatasetResponse(dataset=convert.dataset_to_pb(dataset))

    async def EnsureDataset(self, request: pb.EnsureDatasetRequest, context: Any) -> pb.EnsureDatasetResponse:
        """Return the dataset of a name."""
        dataset = await self._ingest.ensure_dataset(current_caller(), request.name)
        return pb.EnsureDatasetResponse(dataset=convert.dataset_to_pb(dataset))

    async def GetDataset(self, request: pb.GetDatasetRequest, context: Any) -> pb.GetDatasetResponse:
        """Return one dataset."""
        dataset = await self._ingest.get_dataset(current_caller(), request.dataset_id)
        return pb.GetDatasetResponse(dataset=convert.dataset_to_pb(dataset))

    async def ListDatasets(self, request: pb.ListDatasetsRequest, context: Any) -> pb.ListDatasetsResponse:
        """List the department's datasets."""
        page = request.page
        found = await self._ingest.list_datasets(current_caller(), limit=page.limit, cursor=page.cursor)
        return convert.datasets_to_pb(found)

    async def DeleteDataset(self, request: pb.DeleteDatasetRequest, context: Any) -> pb.DeleteDatasetResponse:
        """Erase a dataset."""
        count = await self._ingest.delete_dataset(current_caller(), request.dataset_id)
        return pb.DeleteDatasetResponse(records=count)

    async def UploadRecords(
        self, request_iterator: AsyncIterator[pb.UploadRecordsRequest], context: Any
    ) -> AsyncIterator[pb.UploadRecordsResponse]:
        """Take files, answer a line per file."""
        caller, requests = current_caller(), aiter(request_iterator)
        dataset_id, declaration = await convert.upload_options(requests)
        async for line in self._ingest.upload(caller, dataset_id, declaration, convert.steps(requests)):
            yield convert.line_to_pb(line)

    async def FindMissing(self, request: pb.FindMissingRequest, context: Any) -> pb.FindMissingResponse:
        """Say which files are still to be sent."""
        missing = await self._ingest.missing(current_caller(), request.dataset_id, request.sha256)
        return pb.FindMissingResponse(sha256=missing)

    async def PutLabels(
        self, request_iterator: AsyncIterator[pb.PutLabelsRequest], context: Any
    ) -> pb.PutLabelsResponse:
        """Replace the labels of a dataset."""
        caller, requests = current_caller(), aiter(request_iterator)
        dataset_id = await convert.labels_dataset(requests)
        summary = await self._ingest.put_labels(caller, dataset_id, convert.label_chunks(requests))
        return convert.labels_to_pb(summary)

    async def ListRecords(self, request: pb.ListRecordsRequest, context: Any) -> pb.ListRecordsResponse:
        """List the records of a dataset."""
        caller, page = current_caller(), request.page
        found = await self._ingest.list_records(caller, request.dataset_id, limit=page.limit, cursor=page.cursor)
        return convert.records_to_pb(found)

    async def GetRecord(self, request: pb.GetRecordRequest, context: Any) -> pb.GetRecordResponse:
        """Return one record."""
        record = await self._ingest.get_record(current_caller(), request.record_id)
        return pb.GetRecordResponse(record=convert.record_to_pb(record))

    async def DeleteRecord(self, request: pb.DeleteRecordRequest, context: Any) -> pb.DeleteRecordResponse:
        """Erase one record."""
        await self._ingest.delete_record(current_caller(), request.record_id)
        return pb.DeleteRecordResponse()

    async def GetStatistics(self, request: pb.GetStatisticsRequest, context: Any) -> pb.GetStatisticsResponse:
        """Count a dataset."""
        found = await self._ingest.statistics(current_caller(), request.dataset_id)
        return convert.statistics_to_pb(found)

    async def ResolveRecords(
        self, request: pb.ResolveRecordsRequest, context: Any
    ) -> AsyncIterator[pb.ResolveRecordsResponse]:
        """Say where signals lie."""
        found = self._ingest.resolve(current_caller(), request.record_ids, request.dataset_id)
        async for version, records in found:
            yield convert.batch_to_pb(version, records)

    async def ExportSignal(
        self, request: pb.ExportSignalRequest, context: Any
    ) -> AsyncIterator[pb.ExportSignalResponse]:
        """Stream a signal out as a file."""
        wish = convert.wish_from_pb(request)
        file = await self._ingest.export(current_caller(), request.record_id, wish)
        async for part in download(convert.head_to_pb(file), [file.data]):
            yield pb.ExportSignalResponse(file=part)

    async def DecodeFile(
        self, request_iterator: AsyncIterator[pb.DecodeFileRequest], context: Any
    ) -> pb.DecodeFileResponse:
        """Decode one file without storing it."""
        caller, requests = current_caller(), aiter(request_iterator)
        declaration = await convert.decode_options(requests)
        return convert.decoded_to_pb(await self._ingest.decode(caller, declaration, convert.steps(requests)))

    async def ListInstances(self, request: pb.ListInstancesRequest, context: Any) -> pb.ListInstancesResponse:
        """List DICOM instances."""
        caller, page, query = current_caller(), request.page, convert.instance_query(request)
        found = await self._ingest.list_instances(caller, query, limit=page.limit, cursor=page.cursor)
        return convert.instances_to_pb(found)

    async def FetchInstance(
        self, request: pb.FetchInstanceRequest, context: Any
    ) -> AsyncIterator[pb.FetchInstanceResponse]:
        """Stream a DICOM instance out."""
        form = convert.instance_form(request.form)
        file = await self._ingest.fetch_instance(current_caller(), request.record_id, form)
        async for part in download(convert.head_to_pb(file), [file.data]):
            yield pb.FetchInstanceResponse(file=part)
