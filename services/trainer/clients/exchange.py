"""The model store over gRPC."""

from collections.abc import Sequence
from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.exchange.v1 import exchange_pb2 as pb
from einthoven.exchange.v1 import exchange_pb2_grpc
from services.shared.errors import InvalidModel
from services.shared.identity import Caller
from services.shared.model_contract import Manifest
from services.shared.rpc.client import RpcClient
from services.trainer.job import MODEL_FILE, Base
from services.trainer.ports import BaseModel
from services.trainer.trainings import ModelName, Training

SERVICE: Final = "einthoven.exchange.v1.ExchangeService"
IDEMPOTENT: Final = ("GetModel", "RegisterModel")
"""Registering the same training again returns the version made the first time."""
REGISTER_SECONDS: Final = 300.0
"""The store copies the files."""


class ExchangeModels:
    """Looks models up and registers new ones."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        self._stub = exchange_pb2_grpc.ExchangeServiceStub(client.channel)

    async def get(self, caller: Caller, model: ModelName) -> BaseModel:
        """Return a model that the caller can see; raises NotFound."""
        request = pb.GetModelRequest(ref=common_pb2.ModelRef(name=model.name, version=model.version))
        found = (await self._client.unary(self._stub.GetModel, request, caller=caller)).model
        manifest = Manifest.parse(found.manifest_json)
        file = next((each for each in found.files if each.file_name == MODEL_FILE), None)
        if file is None:
            raise InvalidModel(f"The model {model.name!r} has no file {MODEL_FILE!r} to start from.")
        base = Base(found.ref.name, found.ref.version, file.object_key, file.sha256, manifest.output.names)
        return BaseModel(base, manifest)

    async def register(self, training: Training, manifest_json: str, files: Sequence[str]) -> ModelName:
        """Register the files of a training as a new version; the same training only once."""
        request = pb.RegisterModelRequest(
            ref=common_pb2.ModelRef(name=training.spec.model_name),
            object_keys={name: training.key(name) for name in files},
            manifest_json=manifest_json,
            origin_id=training.training_id,
        )
        caller = Caller(training.tenant, training.subject).as_service()
        answer = await self._client.unary(
            self._stub.RegisterModel, request, caller=caller, timeout_seconds=REGISTER_SECONDS
        )
        return ModelName(answer.model.ref.name, answer.model.ref.version)
