"""The model store over gRPC."""

import time
from collections import OrderedDict
from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.exchange.v1 import exchange_pb2 as pb
from einthoven.exchange.v1 import exchange_pb2_grpc
from services.inference.predictions import StoredModel
from services.shared.errors import InvalidModel
from services.shared.identity import Caller
from services.shared.model_contract import Manifest
from services.shared.rpc.client import RpcClient

SERVICE: Final = "einthoven.exchange.v1.ExchangeService"
MODEL_FILE: Final = "model.onnx"
MAX_REMEMBERED: Final = 1_000


class ExchangeClient:
    """Finds models; a named version never changes, so that the answer on it is believed for a while."""

    def __init__(self, client: RpcClient, *, believed_seconds: float) -> None:
        self._client = client
        self._stub = exchange_pb2_grpc.ExchangeServiceStub(client.channel)
        self._believed_seconds = believed_seconds
        self._remembered: OrderedDict[tuple[str, str, str], tuple[float, StoredModel]] = OrderedDict()

    async def find(self, caller: Caller, name: str, version: str) -> StoredModel:
        """Return a model that the caller can see, the newest version where none is named; raises NotFound."""
        key = (caller.tenant, name, version)
        until, model = self._remembered.get(key, (0.0, None))
        if model is not None and time.monotonic() < until:
            return model
        request = pb.GetModelRequest(ref=common_pb2.ModelRef(name=name, version=version))
        found = _model(await self._client.unary(self._stub.GetModel, request, caller=caller))
        if version:
            self._remember(key, found)
        return found

    def _remember(self, key: tuple[str, str, str], model: StoredModel) -> None:
        self._remembered[key] = (time.monotonic() + self._believed_seconds, model)
        while len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)


def _model(response: pb.GetModelResponse) -> StoredModel:
    model = response.model
    file = next((each for each in model.files if each.file_name == MODEL_FILE), None)
    if file is None:
        raise InvalidModel(f"The model {model.ref.name!r} has no file {MODEL_FILE!r}, and so cannot be run.")
    return StoredModel(
        name=model.ref.name,
        version=model.ref.version,
        manifest=Manifest.parse(model.manifest_json),
        object_key=file.object_key,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
    )
