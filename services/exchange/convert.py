"""Protobuf of einthoven.exchange to the store's own types and back; pure."""

from collections.abc import AsyncIterator
from typing import Final

from einthoven.common.v1 import common_pb2
from einthoven.events.v1 import events_pb2
from einthoven.exchange.v1 import exchange_pb2 as pb
from services.exchange.models import ModelVersion, PageOfModels, Registration, StoredFile
from services.shared.errors import Cancelled, InvalidRequest
from services.shared.identity import Caller
from services.shared.rpc.convert import timestamp

_VISIBILITIES: Final = {
    "department": pb.VISIBILITY_DEPARTMENT,
    "site": pb.VISIBILITY_SITE,
}


def model_to_pb(model: ModelVersion, caller: Caller) -> pb.Model:
    """Return a version as the caller sees it."""
    return pb.Model(
        ref=common_pb2.ModelRef(name=model.name, version=model.version),
        manifest_json=model.manifest_json,
        files=[_file_to_pb(file) for file in model.files],
        visibility=_VISIBILITIES[model.visibility],
        origin=model.origin,
        own=model.tenant == caller.tenant,
        created_at=timestamp(model.created_at),
    )


def page_to_pb(page: PageOfModels, caller: Caller) -> pb.ListModelsResponse:
    """Return a page of versions as the caller sees them."""
    return pb.ListModelsResponse(
        models=[model_to_pb(model, caller) for model in page.models],
        page=common_pb2.PageResponse(next_cursor=page.next_cursor),
    )


def head_to_pb(file: StoredFile) -> common_pb2.FileHead:
    """Return what is said of a file before its bytes."""
    return common_pb2.FileHead(
        file_name=file.file_name, media_type=file.media_type, sha256=file.sha256, size_bytes=file.size_bytes
    )


def registered_event(model: ModelVersion) -> bytes:
    """Return the event that says that a version was stored or published."""
    event = events_pb2.ModelRegistered(tenant=model.tenant, name=model.name, version=model.version)
    return event.SerializeToString()


def registration(request: pb.RegisterModelRequest) -> Registration:
    """Return what a service wants registered."""
    keys, ref = dict(request.object_keys), request.ref
    return Registration(ref.name, ref.version, request.manifest_json, keys, request.origin_id)


async def import_options(requests: AsyncIterator[pb.ImportModelRequest]) -> pb.ImportOptions:
    """Return the options that an import begins with; raises InvalidRequest where it begins otherwise."""
    first = await anext(requests, pb.ImportModelRequest())
    if first.WhichOneof("part") != "options":
        raise InvalidRequest("An import begins with its options; the file's bytes follow.")
    return first.options


async def import_chunks(requests: AsyncIterator[pb.ImportModelRequest]) -> AsyncIterator[bytes]:
    """Yield the bytes that follow the options; raises InvalidRequest where options come again.

    Raises Cancelled where the file breaks off: a cancelled call looks like one that has ended.
    """
    async for request in requests:
        if request.WhichOneof("part") == "end":
            return
        if request.WhichOneof("part") != "chunk":
            raise InvalidRequest("After its options an import holds nothing but the file's bytes.")
        yield request.chunk.data
    raise Cancelled("The model was not sent to its end; send it again.")


def _file_to_pb(file: StoredFile) -> pb.ModelFile:
    return pb.ModelFile(
        file_name=file.file_name,
        object_key=file.object_key,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        media_type=file.media_type,
    )
