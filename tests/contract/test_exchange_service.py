"""The model store on the wire."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from einthoven.common.v1 import common_pb2
from einthoven.events.v1 import events_pb2
from einthoven.exchange.v1 import exchange_pb2
from services.shared.errors import AlreadyExists, Cancelled, Forbidden, InvalidModel, InvalidRequest, NotFound
from services.shared.messaging import subjects
from services.shared.model_contract import Manifest
from tests.contract.models_on_the_wire import CARDIOLOGY, SURGERY, ModelStoreClient, model_store, sha256
from tests.unit.services.exchange import onnx_models

DOCUMENT = onnx_models.document()


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[ModelStoreClient]:
    async with model_store(tmp_path) as client:
        yield client


async def test_the_reference_base_model_is_imported_whole(exchange: ModelStoreClient, data_dir: Path) -> None:
    document = (data_dir / "formats/onnx/XceptionTime_untrained.onnx").read_bytes()

    response = await exchange.import_model("xception-time", document)
    head, data = await exchange.fetch("xception-time", "model.onnx")

    manifest = Manifest.parse(response.model.manifest_json)
    assert data == document
    assert (head.sha256, head.size_bytes) == (sha256(document), len(document))
    assert manifest.output.names == ("none0", "none1")
    assert manifest.files["model.onnx"].sha256 == sha256(document)
    assert "assumed_rate" in {remark.code for remark in response.remarks}
    assert (response.model.own, response.model.origin, response.model.ref.version) == (True, "import", "1")


async def test_a_single_lead_model_is_refused_on_the_wire(exchange: ModelStoreClient, data_dir: Path) -> None:
    document = (data_dir / "formats/onnx/adii11001_singlebeat.onnx").read_bytes()

    with pytest.raises(InvalidModel, match="takes 1 lead"):
        await exchange.import_model("beats", document)


async def test_departments_see_their_own_and_what_is_published(exchange: ModelStoreClient) -> None:
    await exchange.import_model("m", DOCUMENT)
    with pytest.raises(NotFound):
        await exchange.get("m", caller=SURGERY)

    published = await exchange.publish("m")
    seen = await exchange.get("m", caller=SURGERY)

    assert published.visibility == exchange_pb2.VISIBILITY_SITE
    assert (published.own, seen.own) == (True, False)
    with pytest.raises(Forbidden):
        await exchange.publish("m", caller=SURGERY)


async def test_a_name_published_by_one_department_is_not_free_for_another(exchange: ModelStoreClient) -> None:
    await exchange.import_model("m", DOCUMENT)
    await exchange.publish("m")
    await exchange.import_model("m", DOCUMENT, caller=SURGERY)

    with pytest.raises(AlreadyExists, match="Another department"):
        await exchange.publish("m", caller=SURGERY)


async def test_lists_are_paged(exchange: ModelStoreClient) -> None:
    for _ in range(3):
        await exchange.import_model("m", DOCUMENT)
    seen, cursor = [], ""

    while True:
        request = exchange_pb2.ListModelsRequest(page=common_pb2.PageRequest(limit=2, cursor=cursor))
        page = await exchange.client.unary(exchange.stub.ListModels, request, caller=CARDIOLOGY)
        seen += [model.ref.version for model in page.models]
        cursor = page.page.next_cursor
        if not cursor:
            break

    assert seen == ["3", "2", "1"]


async def test_what_is_stored_is_told(exchange: ModelStoreClient) -> None:
    async with exchange.bus.subscribe(subjects.models_registered("cardiology")) as messages:
        await exchange.import_model("m", DOCUMENT)
        async with asyncio.timeout(5):
            message = await anext(messages)

    event = events_pb2.ModelRegistered.FromString(message.data)
    assert (event.tenant, event.name, event.version) == ("cardiology", "m", "1")


async def test_members_cannot_register(exchange: ModelStoreClient) -> None:
    request = exchange_pb2.RegisterModelRequest(ref=common_pb2.ModelRef(name="m"), origin_id="t")

    with pytest.raises(Forbidden):
        await exchange.client.unary(exchange.stub.RegisterModel, request, caller=CARDIOLOGY)


async def test_a_service_registers_what_it_made(exchange: ModelStoreClient) -> None:
    imported = (await exchange.import_model("m", DOCUMENT)).model
    key = "trainings/cardiology/t/model.onnx"
    await exchange.store.put(key, DOCUMENT)
    request = exchange_pb2.RegisterModelRequest(
        ref=common_pb2.ModelRef(name="m"),
        object_keys={"model.onnx": key},
        manifest_json=imported.manifest_json,
        origin_id="t",
    )

    calls = [
        exchange.client.unary(exchange.stub.RegisterModel, request, caller=CARDIOLOGY.as_service()) for _ in range(2)
    ]
    first, second = [await call for call in calls]

    assert first == second
    assert (first.model.ref.version, first.model.origin) == ("2", "training")


@pytest.mark.parametrize("first", [[], [exchange_pb2.ImportModelRequest(chunk=common_pb2.FileChunk(data=b"x"))]])
async def test_an_import_that_does_not_begin_with_its_options_is_refused(
    exchange: ModelStoreClient, first: list[exchange_pb2.ImportModelRequest]
) -> None:
    async def requests() -> AsyncIterator[exchange_pb2.ImportModelRequest]:
        for request in first:
            yield request

    with pytest.raises(InvalidRequest, match="begins with its options"):
        await exchange.client.client_stream(exchange.stub.ImportModel, requests(), caller=CARDIOLOGY)


async def test_an_import_that_breaks_off_stores_nothing(exchange: ModelStoreClient) -> None:
    async def requests() -> AsyncIterator[exchange_pb2.ImportModelRequest]:
        yield exchange_pb2.ImportModelRequest(options=exchange_pb2.ImportOptions(name="half"))
        yield exchange_pb2.ImportModelRequest(chunk=common_pb2.FileChunk(data=b"x"))

    with pytest.raises(Cancelled, match="not sent to its end"):
        await exchange.client.client_stream(exchange.stub.ImportModel, requests(), caller=CARDIOLOGY)


def test_the_store_needs_no_runtime_of_models() -> None:
    heavy = ["torch", "scipy", "onnxruntime", "neurokit2", "sklearn", "pandas"]
    script = f"import sys, services.exchange.bootstrap; print([each for each in {heavy} if each in sys.modules])"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "[]", done.stderr
