"""Models of the store."""

import json
from typing import Any, Final

from einthoven.common.v1 import common_pb2
from einthoven.exchange.v1 import exchange_pb2 as pb
from gateway.convert.paging import next_cursor, page_request
from gateway.convert.remarks import remarks
from gateway.schemas.models import Model, ModelFile, ModelPage, ModelRef, Visibility
from services.shared.errors import Internal
from services.shared.rpc.convert import moment

_VISIBILITY: Final = {pb.VISIBILITY_SITE: Visibility.SITE}


def ref(name: str, version: str = "") -> common_pb2.ModelRef:
    """Name a model; without a version, the newest."""
    return common_pb2.ModelRef(name=name, version=version)


def ref_of(body: ModelRef) -> common_pb2.ModelRef:
    """Name a model."""
    return ref(body.name, body.version)


def named(message: common_pb2.ModelRef) -> ModelRef:
    """Return a model's name and version."""
    return ModelRef(name=message.name, version=message.version)


def get(name: str, version: str) -> pb.GetModelRequest:
    """Ask for one version."""
    return pb.GetModelRequest(ref=ref(name, version))


def listing(name: str, limit: int, cursor: str) -> pb.ListModelsRequest:
    """Ask for a page of versions; of every model where the name is empty."""
    return pb.ListModelsRequest(name=name, page=page_request(limit, cursor))


def publish(name: str, version: str) -> pb.PublishModelRequest:
    """Ask to show a version to the whole site."""
    return pb.PublishModelRequest(ref=ref(name, version))


def fetch(name: str, version: str, file_name: str) -> pb.FetchFileRequest:
    """Ask for a file of a version."""
    return pb.FetchFileRequest(ref=ref(name, version), file_name=file_name)


def model(message: pb.Model) -> Model:
    """Return one version."""
    return Model(
        name=message.ref.name,
        version=message.ref.version,
        visibility=_VISIBILITY.get(message.visibility, Visibility.DEPARTMENT),
        origin=message.origin,
        own=message.own,
        created_at=moment(message.created_at),
        files=[
            ModelFile(
                file_name=file.file_name,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                media_type=file.media_type,
            )
            for file in message.files
        ],
        manifest=_manifest(message.manifest_json),
    )


def imported(message: pb.ImportModelResponse) -> Model:
    """Return an imported version with what was assumed about it."""
    return model(message.model).model_copy(update={"remarks": remarks(message.remarks)})


def page(message: pb.ListModelsResponse) -> ModelPage:
    """Return a page of versions."""
    return ModelPage(items=[model(item) for item in message.models], next_cursor=next_cursor(message.page))


def _manifest(text: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text or "{}")
    except json.JSONDecodeError:
        raise Internal("The store holds a manifest that is not JSON.") from None
    if not isinstance(manifest, dict):
        raise Internal("The store holds a manifest that is not a JSON object.")
    return manifest
