"""The gRPC edge of the store: convert, call, convert."""

from collections.abc import AsyncIterator
from typing import Any

from einthoven.exchange.v1 import exchange_pb2 as pb
from einthoven.exchange.v1 import exchange_pb2_grpc
from services.exchange import convert
from services.exchange.intake import Intake
from services.exchange.service import Exchange
from services.shared.identity import current_caller
from services.shared.rpc.convert import download, remarks_to_pb


class ExchangeServicer(exchange_pb2_grpc.ExchangeServiceServicer):
    """Serves einthoven.exchange.v1.ExchangeService."""

    def __init__(self, exchange: Exchange, intake: Intake) -> None:
        self._exchange = exchange
        self._intake = intake

    async def ImportModel(
        self, request_iterator: AsyncIterator[pb.ImportModelRequest], context: Any
    ) -> pb.ImportModelResponse:
        """Take an ONNX file from outside."""
        caller, requests = current_caller(), aiter(request_iterator)
        said, chunks = await convert.import_options(requests), convert.import_chunks(requests)
        model, remarks = await self._intake.import_model(
            caller, said.name, said.version, manifest_json=said.manifest_json, chunks=chunks
        )
        return pb.ImportModelResponse(model=convert.model_to_pb(model, caller), remarks=remarks_to_pb(remarks))

    async def RegisterModel(self, request: pb.RegisterModelRequest, context: Any) -> pb.RegisterModelResponse:
        """Take what a service has made."""
        caller = current_caller()
        model = await self._intake.register_model(caller, convert.registration(request))
        return pb.RegisterModelResponse(model=convert.model_to_pb(model, caller))

    async def PublishModel(self, request: pb.PublishModelRequest, context: Any) -> pb.PublishModelResponse:
        """Show a version to the site."""
        caller = current_caller()
        model = await self._exchange.publish(caller, request.ref.name, request.ref.version)
        return pb.PublishModelResponse(model=convert.model_to_pb(model, caller))

    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """List versions, newest first."""
        caller, page = current_caller(), request.page
        found = await self._exchange.list(caller, request.name, limit=page.limit, cursor=page.cursor)
        return convert.page_to_pb(found, caller)

    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:
        """Return one version."""
        caller = current_caller()
        model = await self._exchange.get(caller, request.ref.name, request.ref.version)
        return pb.GetModelResponse(model=convert.model_to_pb(model, caller))

    async def FetchFile(self, request: pb.FetchFileRequest, context: Any) -> AsyncIterator[pb.FetchFileResponse]:
        """Stream one file of a version."""
        caller, ref = current_caller(), request.ref
        file, chunks = await self._exchange.open_file(caller, ref.name, ref.version, file_name=request.file_name)
        async for part in download(convert.head_to_pb(file), chunks):
            yield pb.FetchFileResponse(file=part)
