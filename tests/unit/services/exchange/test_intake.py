import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta

import pytest

from services.exchange.models import ModelVersion, Registration
from services.exchange.onnx_file.inspection import inspect
from services.exchange.onnx_file.manifest import manifest_from_facts
from services.shared.errors import (
    AlreadyExists,
    Cancelled,
    Forbidden,
    InvalidModel,
    InvalidRequest,
    NotFound,
    TooLarge,
)
from services.shared.model_contract import Manifest
from tests.unit.services.exchange import onnx_models
from tests.unit.services.exchange.house import CARDIOLOGY, MAX_MODEL_BYTES, House, streamed

DOCUMENT = onnx_models.document(metadata=[("target_keys", "['A', 'B', 'C']")])
TRAINER = CARDIOLOGY.as_service()


def manifest_json() -> str:
    return manifest_from_facts(inspect(DOCUMENT))[0].to_json()


async def imported(house: House, version: str = "", document: bytes = DOCUMENT, manifest: str = "") -> ModelVersion:
    async with aclosing(streamed(document)) as chunks:  # type: ignore[type-var]
        model, _ = await house.intake.import_model(CARDIOLOGY, "m", version, manifest_json=manifest, chunks=chunks)
    return model


async def registered(house: House, origin_id: str = "t1", **changes: str) -> ModelVersion:
    keys = {"model.onnx": "trainings/cardiology/t1/model.onnx", "report.json": "trainings/cardiology/t1/report.json"}
    await house.store.put(keys["model.onnx"], DOCUMENT)
    await house.store.put(keys["report.json"], b"{}")
    wanted = Registration("m", "", manifest_json(), keys | changes, origin_id)
    return await house.intake.register_model(TRAINER, wanted)


async def test_an_import_keeps_the_bytes_the_digest_and_a_manifest(house: House) -> None:
    model = await imported(house)

    manifest = Manifest.parse(model.manifest_json)
    digest = hashlib.sha256(DOCUMENT).hexdigest()
    files = {file.file_name: file for file in model.files}
    assert await house.store.get("models/cardiology/m/1/model.onnx") == DOCUMENT
    assert await house.store.get("models/cardiology/m/1/manifest.json") == model.manifest_json.encode()
    assert files["model.onnx"].sha256 == manifest.files["model.onnx"].sha256 == digest
    assert files["manifest.json"].sha256 == hashlib.sha256(model.manifest_json.encode()).hexdigest()
    assert (manifest.name, manifest.version, manifest.output.names) == ("m", "1", ("A", "B", "C"))
    assert (model.origin, model.visibility) == ("import", "department")
    assert house.told.models == [model]


async def test_nothing_is_left_of_what_came_in(house: House) -> None:
    await imported(house)

    assert await house.keys() == ["models/cardiology/m/1/manifest.json", "models/cardiology/m/1/model.onnx"]


async def test_versions_never_change(house: House) -> None:
    await imported(house, "1")

    with pytest.raises(AlreadyExists):
        await imported(house, "1", onnx_models.document())

    assert await house.store.get("models/cardiology/m/1/model.onnx") == DOCUMENT


async def test_a_given_manifest_overrules_the_file(house: House) -> None:
    given = manifest_json().replace('"multiclass"', '"multilabel"').replace('"A"', '"AFIB"')

    model = await imported(house, manifest=given)

    assert Manifest.parse(model.manifest_json).output.task == "multilabel"
    assert Manifest.parse(model.manifest_json).output.names[0] == "AFIB"


@pytest.mark.parametrize(
    ("document", "manifest", "error"),
    [
        (b"not a model", "", InvalidModel),
        (onnx_models.with_external_data(), "", InvalidModel),
        (onnx_models.document(metadata=[("target_keys", "__import__('os').system('true')")]), "", InvalidModel),
        (b"0" * (MAX_MODEL_BYTES + 1), "", TooLarge),
        (DOCUMENT, "{}", InvalidModel),
        (DOCUMENT, manifest_json().replace('"samples":1000', '"samples":999'), InvalidModel),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    house: House, document: bytes, manifest: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await imported(house, document=document, manifest=manifest)

    assert await house.keys() == []
    assert await house.catalog.page("cardiology", "", before=None, limit=1) == []
    assert house.told.models == []


async def test_a_cancelled_import_leaves_nothing_behind(house: House) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield DOCUMENT[:100]
        raise Cancelled("The caller went away.")

    with pytest.raises(Cancelled):
        await house.intake.import_model(CARDIOLOGY, "m", "", manifest_json="", chunks=broken())

    assert await house.keys() == []


@pytest.mark.parametrize("name", ["", "M", "../m", "a/b", "-m", "m" * 64, "ä"])
async def test_impossible_names_are_refused(house: House, name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be a model's name"):
        await house.intake.import_model(CARDIOLOGY, name, "", manifest_json="", chunks=streamed(DOCUMENT))


async def test_a_failure_while_the_files_are_written_frees_the_version(house: House) -> None:
    long = f'"{"x" * 1900}",'
    with pytest.raises(TooLarge, match=r"manifest\.json"):
        await imported(house, "1", manifest=manifest_json().replace('"remarks":[', '"remarks":[' + 3 * long))

    assert await house.keys() == []
    assert (await imported(house, "1")).version == "1"


async def test_a_training_is_registered_with_its_reports(house: House) -> None:
    model = await registered(house)

    assert [file.file_name for file in model.files] == ["manifest.json", "model.onnx", "report.json"]
    assert await house.store.get("models/cardiology/m/1/report.json") == b"{}"
    assert model.origin == "training"


async def test_the_same_origin_is_registered_once(house: House) -> None:
    first = await registered(house)

    second = await registered(house)

    assert second == first
    assert len(house.told.models) == 1


async def test_a_registration_that_broke_off_is_taken_up_again(house: House) -> None:
    with pytest.raises(NotFound):
        await registered(house, **{"zzz.json": "trainings/cardiology/t1/absent.json"})

    model = await registered(house)

    assert model.version == "1"


async def test_only_services_register(house: House) -> None:
    with pytest.raises(Forbidden):
        await house.intake.register_model(CARDIOLOGY, Registration("m", "", "", {}, "t1"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model.onnx": "trainings/surgery/t1/model.onnx"}, "not of a training of this department"),
        ({"model.onnx": "models/cardiology/m/1/model.onnx"}, "not of a training"),
        ({"report.json": "trainings/cardiology/../surgery/t1/x"}, "not a valid object key"),
        ({"manifest.json": "trainings/cardiology/t1/manifest.json"}, "cannot be a file of a model"),
        ({"../x": "trainings/cardiology/t1/x"}, "cannot be a file of a model"),
    ],
)
async def test_only_files_of_own_trainings_are_taken(house: House, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        await registered(house, **changes)


async def test_what_was_never_completed_is_swept_away(house: House) -> None:
    with pytest.raises(NotFound):
        await registered(house, **{"zzz.json": "trainings/cardiology/t1/absent.json"})
    await house.store.put("incoming/cardiology/1000000000-abc", b"left behind")

    await house.shelf.sweep(timedelta(seconds=-1))

    assert [key for key in await house.keys() if not key.startswith("trainings/")] == []
    assert (await imported(house, "1")).version == "1"


async def test_what_is_under_way_is_not_swept_away(house: House) -> None:
    model = await imported(house)

    await house.shelf.sweep(timedelta(hours=1))

    assert await house.catalog.find("cardiology", "m", "") == model
    assert len(await house.keys()) == 2
