"""The gRPC edge of signal analysis: convert, call, convert."""

from typing import Any

from einthoven.signal_analysis.v1 import signal_analysis_pb2 as pb
from einthoven.signal_analysis.v1 import signal_analysis_pb2_grpc
from services.shared.identity import current_caller
from services.signal_analysis import convert
from services.signal_analysis.service import SignalAnalysis


class SignalAnalysisServicer(signal_analysis_pb2_grpc.SignalAnalysisServiceServicer):
    """Serves einthoven.signal_analysis.v1.SignalAnalysisService."""

    def __init__(self, analysis: SignalAnalysis) -> None:
        self._analysis = analysis

    async def GetView(self, request: pb.GetViewRequest, context: Any) -> pb.GetViewResponse:
        """Return one view of a record."""
        caller, kind, stretch = current_caller(), convert.kind_from_pb(request.kind), convert.stretch_from_pb(request)
        return convert.view_to_pb(await self._analysis.view(caller, request.record_id, kind, stretch))

    async def GetMeasurements(self, request: pb.GetMeasurementsRequest, context: Any) -> pb.GetMeasurementsResponse:
        """Return what is measured on a record."""
        caller = current_caller()
        return convert.measurements_to_pb(await self._analysis.measurements(caller, request.record_id))
