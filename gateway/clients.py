"""The only file that holds gRPC stubs: one client per service, one attribute per call, named like the call.

Each takes the caller and a protobuf message (or a stream of them) and gives what the service gives; every failure is a
PlatformError.
"""

from __future__ import annotations  # the generic types of grpc exist in its type stubs only

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from einthoven.exchange.v1 import exchange_pb2_grpc
from einthoven.inference.v1 import inference_pb2_grpc
from einthoven.ingest.v1 import ingest_pb2_grpc
from einthoven.signal_analysis.v1 import measuring_pb2_grpc, signal_analysis_pb2_grpc
from einthoven.trainer.v1 import trainer_pb2_grpc
from gateway.settings import PeerSettings
from services.shared.errors import PlatformError
from services.shared.identity import Caller, Tokens
from services.shared.rpc.client import RpcClient

if TYPE_CHECKING:
    import grpc

LONG_SECONDS: Final = 300.0
"""For calls that load a model, analyse, or erase a dataset."""
WATCH_SECONDS: Final = 7 * 24 * 3600.0
"""The longest that anyone follows one training without connecting again."""

Request = TypeVar("Request")
Response = TypeVar("Response")


class Unary(Generic[Request, Response]):
    """One message out, one back."""

    def __init__(
        self, rpc: RpcClient, method: grpc.aio.UnaryUnaryMultiCallable[Request, Response], seconds: float = 30.0
    ) -> None:
        self._rpc = rpc
        self._method = method
        self._seconds = seconds

    async def __call__(self, caller: Caller, request: Request) -> Response:
        """Make the call."""
        answer = await self._rpc.unary(self._method, request, caller=caller, timeout_seconds=self._seconds)
        return cast("Response", answer)


class Down(Generic[Request, Response]):
    """One message out, a stream back; close the stream to cancel the call."""

    def __init__(
        self, rpc: RpcClient, method: grpc.aio.UnaryStreamMultiCallable[Request, Response], seconds: float = 3600.0
    ) -> None:
        self._rpc = rpc
        self._method = method
        self._seconds = seconds

    def __call__(self, caller: Caller, request: Request) -> AsyncGenerator[Response]:
        """Make the call."""
        answers = self._rpc.server_stream(self._method, request, caller=caller, timeout_seconds=self._seconds)
        return cast("AsyncGenerator[Response]", answers)


class Up(Generic[Request, Response]):
    """A stream out, one message back; a fault of the stream cancels the call and is raised."""

    def __init__(self, rpc: RpcClient, method: grpc.aio.StreamUnaryMultiCallable[Request, Response]) -> None:
        self._rpc = rpc
        self._method = method

    async def __call__(self, caller: Caller, requests: AsyncIterator[Request]) -> Response:
        """Make the call."""
        source = _Source(requests)
        try:
            answer = await self._rpc.client_stream(self._method, aiter(source), caller=caller)
        except (asyncio.CancelledError, PlatformError):
            source.raise_fault()
            raise
        return cast("Response", answer)


class Duplex(Generic[Request, Response]):
    """A stream out, a stream back; a fault of the stream out cancels the call and is raised."""

    def __init__(self, rpc: RpcClient, method: grpc.aio.StreamStreamMultiCallable[Request, Response]) -> None:
        self._rpc = rpc
        self._method = method

    async def __call__(self, caller: Caller, requests: AsyncIterator[Request]) -> AsyncGenerator[Response]:
        """Make the call."""
        source = _Source(requests)
        try:
            async for answer in self._rpc.duplex(self._method, aiter(source), caller=caller):
                yield answer
        except (asyncio.CancelledError, PlatformError):
            source.raise_fault()
            raise


class _Source(Generic[Request]):
    """Remembers why a stream of requests ended: gRPC only tells that the call was cancelled."""

    def __init__(self, requests: AsyncIterator[Request]) -> None:
        self._requests = requests
        self._fault: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[Request]:
        try:
            async for request in self._requests:
                yield request
        except Exception as error:
            self._fault = error
            raise

    def raise_fault(self) -> None:
        """Raise the stream's own fault, if there was one and nobody cancelled the task from outside."""
        task = asyncio.current_task()
        if self._fault is not None and not (task and task.cancelling()):
            raise self._fault from None


class IngestClient:
    """Datasets, records and labels."""

    SERVICE: Final = "einthoven.ingest.v1.IngestService"
    IDEMPOTENT: Final = (
        "GetDataset",
        "ListDatasets",
        "ListRecords",
        "GetRecord",
        "GetStatistics",
        "ExportSignal",
        "DecodeFile",
        "EnsureDataset",
        "ListInstances",
        "FetchInstance",
        "FindMissing",
    )

    def __init__(self, rpc: RpcClient) -> None:
        stub = ingest_pb2_grpc.IngestServiceStub(rpc.channel)
        self.create_dataset = Unary(rpc, stub.CreateDataset)
        self.get_dataset = Unary(rpc, stub.GetDataset)
        self.list_datasets = Unary(rpc, stub.ListDatasets)
        self.delete_dataset = Unary(rpc, stub.DeleteDataset, LONG_SECONDS)
        self.upload_records = Duplex(rpc, stub.UploadRecords)
        self.find_missing = Unary(rpc, stub.FindMissing)
        self.put_labels = Up(rpc, stub.PutLabels)
        self.list_records = Unary(rpc, stub.ListRecords)
        self.get_record = Unary(rpc, stub.GetRecord)
        self.delete_record = Unary(rpc, stub.DeleteRecord)
        self.get_statistics = Unary(rpc, stub.GetStatistics)
        self.export_signal = Down(rpc, stub.ExportSignal)
        self.decode_file = Up(rpc, stub.DecodeFile)
        self.ensure_dataset = Unary(rpc, stub.EnsureDataset)
        self.list_instances = Unary(rpc, stub.ListInstances)
        self.fetch_instance = Down(rpc, stub.FetchInstance)


class SignalAnalysisClient:
    """Views and measurements."""

    SERVICE: Final = "einthoven.signal_analysis.v1.SignalAnalysisService"
    IDEMPOTENT: Final = ("GetView", "GetViewFile", "GetMeasurements")

    def __init__(self, rpc: RpcClient) -> None:
        stub = signal_analysis_pb2_grpc.SignalAnalysisServiceStub(rpc.channel)
        self.get_view = Unary(rpc, stub.GetView, LONG_SECONDS)
        self.get_view_file = Down(rpc, stub.GetViewFile, LONG_SECONDS)
        self.get_measurements = Unary(rpc, stub.GetMeasurements, LONG_SECONDS)


class MeasuringClient:
    """Jobs that measure datasets, and measurements in other systems' formats; signal analysis serves them."""

    SERVICE: Final = "einthoven.signal_analysis.v1.MeasuringService"
    IDEMPOTENT: Final = (
        "CreateMeasurementJob",
        "GetMeasurementJob",
        "ListMeasurementJobs",
        "GetMeasurementTable",
        "ExportMeasurements",
        "AnnotateRecord",
    )

    def __init__(self, rpc: RpcClient) -> None:
        stub = measuring_pb2_grpc.MeasuringServiceStub(rpc.channel)
        self.create_job = Unary(rpc, stub.CreateMeasurementJob)
        self.get_job = Unary(rpc, stub.GetMeasurementJob)
        self.list_jobs = Unary(rpc, stub.ListMeasurementJobs)
        self.cancel_job = Unary(rpc, stub.CancelMeasurementJob)
        self.watch_job = Down(rpc, stub.WatchMeasurementJob, WATCH_SECONDS)
        self.get_table = Down(rpc, stub.GetMeasurementTable)
        self.export_measurements = Down(rpc, stub.ExportMeasurements, LONG_SECONDS)
        self.annotate_record = Unary(rpc, stub.AnnotateRecord, LONG_SECONDS)


class InferenceClient:
    """Predictions and raw inference."""

    SERVICE: Final = "einthoven.inference.v1.InferenceService"
    IDEMPOTENT: Final = ("Predict", "Infer", "DescribeModel")

    def __init__(self, rpc: RpcClient) -> None:
        stub = inference_pb2_grpc.InferenceServiceStub(rpc.channel)
        self.predict = Down(rpc, stub.Predict)
        self.infer = Unary(rpc, stub.Infer, LONG_SECONDS)
        self.describe_model = Unary(rpc, stub.DescribeModel, LONG_SECONDS)


class TrainerClient:
    """Architectures and trainings."""

    SERVICE: Final = "einthoven.trainer.v1.TrainerService"
    IDEMPOTENT: Final = ("ListArchitectures", "GetTraining", "ListTrainings", "WatchTraining", "GetReport")

    def __init__(self, rpc: RpcClient) -> None:
        stub = trainer_pb2_grpc.TrainerServiceStub(rpc.channel)
        self.list_architectures = Unary(rpc, stub.ListArchitectures)
        self.create_training = Unary(rpc, stub.CreateTraining)
        self.get_training = Unary(rpc, stub.GetTraining)
        self.list_trainings = Unary(rpc, stub.ListTrainings)
        self.cancel_training = Unary(rpc, stub.CancelTraining)
        self.watch_training = Down(rpc, stub.WatchTraining, WATCH_SECONDS)
        self.get_report = Down(rpc, stub.GetReport)


class ExchangeClient:
    """The model store."""

    SERVICE: Final = "einthoven.exchange.v1.ExchangeService"
    IDEMPOTENT: Final = ("ListModels", "GetModel", "FetchFile")

    def __init__(self, rpc: RpcClient) -> None:
        stub = exchange_pb2_grpc.ExchangeServiceStub(rpc.channel)
        self.import_model = Up(rpc, stub.ImportModel)
        self.publish_model = Unary(rpc, stub.PublishModel)
        self.list_models = Unary(rpc, stub.ListModels)
        self.get_model = Unary(rpc, stub.GetModel)
        self.fetch_file = Down(rpc, stub.FetchFile)


class Peers:
    """Every service that the gateway asks."""

    def __init__(self, settings: PeerSettings, tokens: Tokens) -> None:
        self._rpc: dict[str, RpcClient] = {}

        def client(address: str, kind: Any) -> RpcClient:
            return RpcClient(address, kind.SERVICE, tokens=tokens, idempotent=kind.IDEMPOTENT)

        def connect(name: str, address: str, kind: Any) -> Any:
            self._rpc[name] = client(address, kind)
            return kind(self._rpc[name])

        # The second service of a room: as ready as the first one.
        self._beside = client(settings.signal_analysis_address, MeasuringClient)
        self.measuring = MeasuringClient(self._beside)

        self.ingest: IngestClient = connect("ingest", settings.ingest_address, IngestClient)
        self.signal_analysis: SignalAnalysisClient = connect(
            "signal_analysis", settings.signal_analysis_address, SignalAnalysisClient
        )
        self.inference: InferenceClient = connect("inference", settings.inference_address, InferenceClient)
        self.trainer: TrainerClient = connect("trainer", settings.trainer_address, TrainerClient)
        self.exchange: ExchangeClient = connect("exchange", settings.exchange_address, ExchangeClient)

    async def answering(self) -> dict[str, bool]:
        """Say of every service whether it is ready."""
        return dict(zip(self._rpc, await asyncio.gather(*map(_answers, self._rpc.values())), strict=True))

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(rpc.close() for rpc in (*self._rpc.values(), self._beside)))


async def _answers(rpc: RpcClient) -> bool:
    try:
        await rpc.ping()
    except PlatformError:
        return False
    return True
