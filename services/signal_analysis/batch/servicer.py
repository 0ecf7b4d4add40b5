"""The gRPC edge of measuring datasets: convert, call, convert."""

from collections.abc import AsyncIterator
from typing import Any

from einthoven.signal_analysis.v1 import measuring_pb2 as pb
from einthoven.signal_analysis.v1 import measuring_pb2_grpc
from services.shared.identity import current_caller
from services.shared.rpc.convert import download
from services.signal_analysis.annotating import Annotator
from services.signal_analysis.batch import convert
from services.signal_analysis.batch.service import MeasuringJobs


class MeasuringServicer(measuring_pb2_grpc.MeasuringServiceServicer):
    """Serves einthoven.signal_analysis.v1.MeasuringService."""

    def __init__(self, jobs: MeasuringJobs, annotator: Annotator) -> None:
        self._jobs = jobs
        self._annotator = annotator

    async def CreateMeasurementJob(
        self, request: pb.CreateMeasurementJobRequest, context: Any
    ) -> pb.CreateMeasurementJobResponse:
        """Queue the measuring of a dataset."""
        job = await self._jobs.create(current_caller(), request.dataset_id)
        return pb.CreateMeasurementJobResponse(job=convert.job_to_pb(job))

    async def GetMeasurementJob(
        self, request: pb.GetMeasurementJobRequest, context: Any
    ) -> pb.GetMeasurementJobResponse:
        """Return one job."""
        job = await self._jobs.get(current_caller(), request.job_id)
        return pb.GetMeasurementJobResponse(job=convert.job_to_pb(job))

    async def ListMeasurementJobs(
        self, request: pb.ListMeasurementJobsRequest, context: Any
    ) -> pb.ListMeasurementJobsResponse:
        """List jobs, newest first."""
        page = await self._jobs.list(current_caller(), limit=request.page.limit, cursor=request.page.cursor)
        return convert.page_to_pb(page)

    async def CancelMeasurementJob(
        self, request: pb.CancelMeasurementJobRequest, context: Any
    ) -> pb.CancelMeasurementJobResponse:
        """Cancel a job."""
        job = await self._jobs.cancel(current_caller(), request.job_id)
        return pb.CancelMeasurementJobResponse(job=convert.job_to_pb(job))

    async def WatchMeasurementJob(
        self, request: pb.WatchMeasurementJobRequest, context: Any
    ) -> AsyncIterator[pb.WatchMeasurementJobResponse]:
        """Stream a job's state until it has ended."""
        async for job in self._jobs.watch(current_caller(), request.job_id):
            yield pb.WatchMeasurementJobResponse(job=convert.job_to_pb(job))

    async def GetMeasurementTable(
        self, request: pb.GetMeasurementTableRequest, context: Any
    ) -> AsyncIterator[pb.GetMeasurementTableResponse]:
        """Stream the table of a job, or its drawing."""
        file = await self._jobs.result(current_caller(), request.job_id, request.format)
        async for part in download(convert.head_to_pb(file), [file.data]):
            yield pb.GetMeasurementTableResponse(file=part)

    async def ExportMeasurements(
        self, request: pb.ExportMeasurementsRequest, context: Any
    ) -> AsyncIterator[pb.ExportMeasurementsResponse]:
        """Stream what is measured on one record as a file."""
        file = await self._annotator.export(current_caller(), request.record_id, request.format)
        async for part in download(convert.head_to_pb(file), [file.data]):
            yield pb.ExportMeasurementsResponse(file=part)

    async def AnnotateRecord(self, request: pb.AnnotateRecordRequest, context: Any) -> pb.AnnotateRecordResponse:
        """Return what is measured on one record, and where its waves lie."""
        return convert.annotations_to_pb(await self._annotator.annotate(current_caller(), request.record_id))
