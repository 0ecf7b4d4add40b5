"""Fakes of the other services, and a server of all of them."""

import asyncio
from typing import Any

from einthoven.common.v1 import common_pb2
from einthoven.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from einthoven.inference.v1 import inference_pb2, inference_pb2_grpc
from einthoven.ingest.v1 import ingest_pb2_grpc
from einthoven.signal_analysis.v1 import signal_analysis_pb2, signal_analysis_pb2_grpc
from einthoven.trainer.v1 import trainer_pb2, trainer_pb2_grpc
from gateway.clients import ExchangeClient, InferenceClient, IngestClient, SignalAnalysisClient, TrainerClient
from services.shared.errors import Conflict, NotFound
from services.shared.identity import Tokens
from services.shared.rpc.server import RpcServer
from services.shared.settings import IdentitySettings, RpcSettings
from tests.unit.gateway.fake_ingest import FakeIngest

IDENTITY = IdentitySettings(secret="s" * 32)


class FakeAnalysis(signal_analysis_pb2_grpc.SignalAnalysisServiceServicer):
    """One view and one measurement."""

    def __init__(self) -> None:
        self.views_asked = 0

    async def GetViewFile(self, request: Any, context: Any) -> Any:
        filters = request.view.filters
        text = (
            f"{request.format} {request.layout} {request.speed_mm_per_s:g} {request.gain_mm_per_mv:g} "
            f"{filters.baseline_hz:g} {filters.low_pass_hz:g} {filters.notch_hz:g}"
        )
        head = common_pb2.FileHead(file_name=f"view.{request.format}", media_type="application/octet-stream")
        yield signal_analysis_pb2.GetViewFileResponse(file=common_pb2.FileDownload(head=head), etag="e")
        chunk = common_pb2.FileChunk(data=text.encode())
        yield signal_analysis_pb2.GetViewFileResponse(file=common_pb2.FileDownload(chunk=chunk))

    async def GetView(self, request: Any, context: Any) -> Any:
        self.views_asked += 1
        signal = common_pb2.Signal(data=b"\x00\x00\x80\x3f\x00\x00\xc0\x7f", leads=["I"], samples=2, rate_hz=500)
        return signal_analysis_pb2.GetViewResponse(
            kind=request.kind,
            signal=signal,
            r_peaks=[1],
            etag="e",
            waves=[signal_analysis_pb2.Wave(kind="QRS", onset=0, offset=1)],
        )

    async def GetMeasurements(self, request: Any, context: Any) -> Any:
        item = signal_analysis_pb2.Measurement(name="heart_rate", unit="/min", reason="No beat was found.")
        return signal_analysis_pb2.GetMeasurementsResponse(measurements=[item])


class FakeInference(inference_pb2_grpc.InferenceServiceServicer):
    """Doubles tensors; predicts two records in two messages."""

    def __init__(self) -> None:
        self.begun, self.cancelled = asyncio.Event(), asyncio.Event()
        self.min_quality = ""

    async def Predict(self, request: Any, context: Any) -> Any:
        if request.model.name == "absent":
            raise NotFound("There is no model 'absent'.")
        self.min_quality = request.min_quality
        ids = list(request.records.record_ids) if request.WhichOneof("input") == "records" else [""]
        try:
            for record_id in ids:
                if record_id == "endless":
                    self.begun.set()
                    await asyncio.sleep(30)
                if record_id == "late-fault":
                    raise Conflict("The record went away.")
                reason = common_pb2.Remark(code="flat", text="V2: no signal.")
                quality = common_pb2.Quality(grade="poor", reasons=[reason], pacing="none")
                score = inference_pb2.Score(name="normal", value=0.5, positive=True, codes={"icd10": "Z00"})
                yield inference_pb2.PredictResponse(
                    model=common_pb2.ModelRef(name=request.model.name, version="1"),
                    model_sha256="ab",
                    task="multilabel",
                    predictions=[inference_pb2.Prediction(record_id=record_id, scores=[score], quality=quality)],
                )
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise

    async def Infer(self, request: Any, context: Any) -> Any:
        tensor = request.inputs[0].tensor
        return inference_pb2.InferResponse(
            model=common_pb2.ModelRef(name=request.model.name, version="1"),
            outputs=[inference_pb2.NamedTensor(name="logits", tensor=tensor)],
        )

    async def DescribeModel(self, request: Any, context: Any) -> Any:
        if request.model.name == "absent":
            raise NotFound("There is no model 'absent'.")
        spec = inference_pb2.TensorSpec(name="ecg", datatype="FP32", shape=[-1, 12, 1000])
        return inference_pb2.DescribeModelResponse(
            model=common_pb2.ModelRef(name=request.model.name, version="1"), inputs=[spec]
        )


class FakeTrainer(trainer_pb2_grpc.TrainerServiceServicer):
    """One training with three events."""

    def __init__(self) -> None:
        self.spec = trainer_pb2.TrainingSpec()
        self.silent = False

    def _training(self) -> trainer_pb2.Training:
        return trainer_pb2.Training(training_id="t-1", spec=self.spec, state=trainer_pb2.TRAINING_STATE_QUEUED)

    async def CreateTraining(self, request: Any, context: Any) -> Any:
        self.spec = request.spec
        return trainer_pb2.CreateTrainingResponse(training=self._training())

    async def GetTraining(self, request: Any, context: Any) -> Any:
        if request.training_id != "t-1":
            raise NotFound(f"There is no training {request.training_id!r}.")
        return trainer_pb2.GetTrainingResponse(training=self._training())

    async def ListArchitectures(self, request: Any, context: Any) -> Any:
        item = trainer_pb2.Architecture(name="inception_time", summary="InceptionTime.", parameters=457)
        return trainer_pb2.ListArchitecturesResponse(architectures=[item])

    async def ListTrainings(self, request: Any, context: Any) -> Any:
        return trainer_pb2.ListTrainingsResponse(trainings=[self._training()])

    async def CancelTraining(self, request: Any, context: Any) -> Any:
        raise Conflict("The training has ended.")

    async def WatchTraining(self, request: Any, context: Any) -> Any:
        if self.silent:
            await asyncio.sleep(30)
        for number in range(request.after_sequence + 1, 4):
            yield trainer_pb2.WatchTrainingResponse(sequence=number, kind="epoch", payload_json='{"epoch": 1}')

    async def GetReport(self, request: Any, context: Any) -> Any:
        head = common_pb2.FileHead(file_name=f"report.{request.format}", media_type=f"text/{request.format}")
        yield trainer_pb2.GetReportResponse(file=common_pb2.FileDownload(head=head))
        yield trainer_pb2.GetReportResponse(
            file=common_pb2.FileDownload(chunk=common_pb2.FileChunk(data=b"<p>done</p>"))
        )


class FakeExchange(exchange_pb2_grpc.ExchangeServiceServicer):
    """Knows one model."""

    def __init__(self) -> None:
        self.options = exchange_pb2.ImportOptions()
        self.size = 0

    def _model(self) -> exchange_pb2.Model:
        ref = common_pb2.ModelRef(name="screen", version="1")
        return exchange_pb2.Model(
            ref=ref, manifest_json='{"name": "screen"}', visibility=exchange_pb2.VISIBILITY_DEPARTMENT
        )

    async def ImportModel(self, requests: Any, context: Any) -> Any:
        async for step in requests:
            if step.WhichOneof("part") == "options":
                self.options = step.options
            self.size += len(step.chunk.data)
        remark = common_pb2.Remark(code="generic_classes", text="The file names no classes.")
        return exchange_pb2.ImportModelResponse(model=self._model(), remarks=[remark])

    async def GetModel(self, request: Any, context: Any) -> Any:
        if request.ref.name != "screen":
            raise NotFound(f"There is no model {request.ref.name!r}.")
        return exchange_pb2.GetModelResponse(model=self._model())

    async def PublishModel(self, request: Any, context: Any) -> Any:
        return exchange_pb2.PublishModelResponse(model=self._model())

    async def RegisterModel(self, request: Any, context: Any) -> Any:
        return exchange_pb2.RegisterModelResponse(model=self._model())

    async def FetchFile(self, request: Any, context: Any) -> Any:
        head = common_pb2.FileHead(
            file_name=request.file_name, media_type="application/octet-stream", sha256="00" * 32, size_bytes=4
        )
        yield exchange_pb2.FetchFileResponse(file=common_pb2.FileDownload(head=head))
        yield exchange_pb2.FetchFileResponse(file=common_pb2.FileDownload(chunk=common_pb2.FileChunk(data=b"onnx")))

    async def ListModels(self, request: Any, context: Any) -> Any:
        models = [self._model()] if request.name in ("", "screen") else []
        return exchange_pb2.ListModelsResponse(models=models)


class Rooms:
    """The fake services."""

    def __init__(self) -> None:
        self.ingest = FakeIngest()
        self.analysis = FakeAnalysis()
        self.inference = FakeInference()
        self.trainer = FakeTrainer()
        self.exchange = FakeExchange()

    def server(self) -> RpcServer:
        """Return a server of all of them."""
        server = RpcServer(RpcSettings(drain_seconds=0), Tokens(IDENTITY, issuer="test"))
        server.add(ingest_pb2_grpc.add_IngestServiceServicer_to_server, self.ingest, IngestClient.SERVICE)
        add = signal_analysis_pb2_grpc.add_SignalAnalysisServiceServicer_to_server
        server.add(add, self.analysis, SignalAnalysisClient.SERVICE)
        server.add(inference_pb2_grpc.add_InferenceServiceServicer_to_server, self.inference, InferenceClient.SERVICE)
        server.add(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, self.trainer, TrainerClient.SERVICE)
        server.add(exchange_pb2_grpc.add_ExchangeServiceServicer_to_server, self.exchange, ExchangeClient.SERVICE)
        return server
