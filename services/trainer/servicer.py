"""The gRPC edge of the trainer: convert, call, convert."""

from collections.abc import AsyncIterator
from typing import Any

from einthoven.trainer.v1 import trainer_pb2 as pb
from einthoven.trainer.v1 import trainer_pb2_grpc
from services.shared.identity import current_caller
from services.shared.rpc.convert import download
from services.trainer import convert
from services.trainer.service import Trainer


class TrainerServicer(trainer_pb2_grpc.TrainerServiceServicer):
    """Serves einthoven.trainer.v1.TrainerService."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    async def ListArchitectures(
        self, request: pb.ListArchitecturesRequest, context: Any
    ) -> pb.ListArchitecturesResponse:
        """List what can be trained from scratch."""
        return convert.architectures_to_pb(await self._trainer.architectures())

    async def CreateTraining(self, request: pb.CreateTrainingRequest, context: Any) -> pb.CreateTrainingResponse:
        """Queue a training."""
        training = await self._trainer.create(current_caller(), convert.spec_from_pb(request.spec))
        return pb.CreateTrainingResponse(training=convert.training_to_pb(training))

    async def GetTraining(self, request: pb.GetTrainingRequest, context: Any) -> pb.GetTrainingResponse:
        """Return one training."""
        training = await self._trainer.get(current_caller(), request.training_id)
        return pb.GetTrainingResponse(training=convert.training_to_pb(training))

    async def ListTrainings(self, request: pb.ListTrainingsRequest, context: Any) -> pb.ListTrainingsResponse:
        """List trainings, newest first."""
        page = await self._trainer.list(current_caller(), limit=request.page.limit, cursor=request.page.cursor)
        return convert.page_to_pb(page)

    async def CancelTraining(self, request: pb.CancelTrainingRequest, context: Any) -> pb.CancelTrainingResponse:
        """Cancel a training."""
        training = await self._trainer.cancel(current_caller(), request.training_id)
        return pb.CancelTrainingResponse(training=convert.training_to_pb(training))

    async def WatchTraining(
        self, request: pb.WatchTrainingRequest, context: Any
    ) -> AsyncIterator[pb.WatchTrainingResponse]:
        """Stream the events of a training until it has ended."""
        events = self._trainer.watch(current_caller(), request.training_id, request.after_sequence)
        async for event in events:
            yield convert.event_to_pb(event)

    async def GetReport(self, request: pb.GetReportRequest, context: Any) -> AsyncIterator[pb.GetReportResponse]:
        """Stream a report."""
        report = await self._trainer.report(current_caller(), request.training_id, request.format)
        async for part in download(convert.head_to_pb(report), report.chunks):
            yield pb.GetReportResponse(file=part)
