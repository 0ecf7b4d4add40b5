"""The gRPC edge of inference: convert, call, convert."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from einthoven.inference.v1 import inference_pb2 as pb
from einthoven.inference.v1 import inference_pb2_grpc
from services.inference import convert
from services.inference.service import Inference
from services.shared.identity import current_caller


class InferenceServicer(inference_pb2_grpc.InferenceServiceServicer):
    """Serves einthoven.inference.v1.InferenceService."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    async def Predict(self, request: pb.PredictRequest, context: Any) -> AsyncIterator[pb.PredictResponse]:
        """Predict stored records, a dataset or inline ECGs."""
        caller = current_caller()
        model = await self._inference.model(caller, request.model.name, request.model.version)
        question, floor = convert.question_from_pb(request), convert.floor_from_pb(request)
        async with aclosing(self._inference.predict(caller, model, question, floor=floor)) as rows:
            async for answer in convert.answers_to_pb(model.stored, rows):
                yield answer

    async def Infer(self, request: pb.InferRequest, context: Any) -> pb.InferResponse:
        """Run a model on prepared tensors."""
        model = await self._inference.model(current_caller(), request.model.name, request.model.version)
        outputs = await self._inference.infer(model, convert.tensors_from_pb(request.inputs))
        return convert.infer_to_pb(model.stored, outputs)

    async def DescribeModel(self, request: pb.DescribeModelRequest, context: Any) -> pb.DescribeModelResponse:
        """Say what a model takes and gives."""
        model = await self._inference.model(current_caller(), request.model.name, request.model.version)
        return convert.description_to_pb(model)
