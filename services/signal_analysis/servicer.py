"""The gRPC edge of signal analysis: convert, call, convert."""

from collections.abc import AsyncGenerator
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
        caller, look = current_caller(), convert.look_from_pb(request)
        answer = await self._analysis.view(caller, request.record_id, look, known_etag=request.known_etag)
        return convert.view_to_pb(answer)

    async def GetViewFile(self, request: pb.GetViewFileRequest, context: Any) -> AsyncGenerator[pb.GetViewFileResponse]:
        """Stream one view of a record out as a file."""
        caller, view, form = current_caller(), request.view, convert.form_from_pb(request)
        look, known = convert.look_from_pb(view), view.known_etag
        answer = await self._analysis.file(caller, view.record_id, look, form, known_etag=known)
        async for message in convert.file_to_pb(answer):
            yield message

    async def GetMeasurements(self, request: pb.GetMeasurementsRequest, context: Any) -> pb.GetMeasurementsResponse:
        """Return what is measured on a record."""
        caller = current_caller()
        return convert.measurements_to_pb(await self._analysis.measurements(caller, request.record_id))
