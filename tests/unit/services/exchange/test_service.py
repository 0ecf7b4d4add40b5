import pytest

from services.exchange.models import ModelVersion
from services.shared.errors import Forbidden, Internal, InvalidRequest, NotFound
from tests.unit.services.exchange import onnx_models
from tests.unit.services.exchange.house import CARDIOLOGY, SURGERY, House, streamed

DOCUMENT = onnx_models.document()


async def stored(house: House, name: str = "m") -> ModelVersion:
    model, _ = await house.intake.import_model(CARDIOLOGY, name, "", manifest_json="", chunks=streamed(DOCUMENT))
    return model


async def fetched(house: House, file_name: str) -> bytes:
    _, chunks = await house.exchange.open_file(CARDIOLOGY, "m", "", file_name=file_name)
    return b"".join([chunk async for chunk in chunks])


async def test_the_newest_version_is_returned_where_none_is_named(house: House) -> None:
    await stored(house)
    newest = await stored(house)

    assert await house.exchange.get(CARDIOLOGY, "m", "") == newest


async def test_other_departments_find_nothing_until_it_is_published(house: House) -> None:
    await stored(house)
    with pytest.raises(NotFound, match="no model 'm' here"):
        await house.exchange.get(SURGERY, "m", "")

    await house.exchange.publish(CARDIOLOGY, "m", "")

    assert (await house.exchange.get(SURGERY, "m", "1")).visibility == "site"


async def test_publishing_again_changes_and_tells_nothing(house: House) -> None:
    await stored(house)
    published = await house.exchange.publish(CARDIOLOGY, "m", "1")

    again = await house.exchange.publish(CARDIOLOGY, "m", "1")

    assert again == published
    assert len(house.told.models) == 2


async def test_only_its_owner_publishes_a_model(house: House) -> None:
    await stored(house)
    with pytest.raises(NotFound):
        await house.exchange.publish(SURGERY, "m", "1")
    await house.exchange.publish(CARDIOLOGY, "m", "1")

    with pytest.raises(Forbidden):
        await house.exchange.publish(SURGERY, "m", "1")


async def test_lists_go_on_where_they_stopped(house: House) -> None:
    models = [await stored(house) for _ in range(3)]

    first = await house.exchange.list(CARDIOLOGY, "", limit=2, cursor="")
    second = await house.exchange.list(CARDIOLOGY, "", limit=2, cursor=first.next_cursor)

    assert (*first.models, *second.models) == tuple(reversed(models))
    assert second.next_cursor == ""


@pytest.mark.parametrize("cursor", ["x", "-1", "1" * 19, "²"])
async def test_a_foreign_cursor_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        await house.exchange.list(CARDIOLOGY, "", limit=0, cursor=cursor)


async def test_files_come_back_as_they_were(house: House) -> None:
    model = await stored(house)

    assert await fetched(house, "model.onnx") == DOCUMENT
    assert (await fetched(house, "manifest.json")).decode() == model.manifest_json


async def test_an_absent_file_is_named_with_those_that_are_there(house: House) -> None:
    await stored(house)

    with pytest.raises(NotFound, match=r"no file 'report\.html'; it has manifest\.json, model\.onnx"):
        await fetched(house, "report.html")


async def test_bytes_that_changed_in_the_store_do_not_pass_for_the_model(house: House) -> None:
    await stored(house)
    await house.store.put("models/cardiology/m/1/model.onnx", DOCUMENT[:-1] + b"\x00")

    with pytest.raises(Internal):
        await fetched(house, "model.onnx")
