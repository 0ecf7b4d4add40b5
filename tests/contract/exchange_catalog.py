"""What the catalog of the model store does on every database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.exchange.catalog import SqlCatalog
from services.exchange.models import Draft, ModelVersion, StoredFile
from services.shared.errors import AlreadyExists, Conflict

ONNX = StoredFile("model.onnx", "models/a/m/1/model.onnx", "0" * 64, 7, "application/octet-stream")


def draft(name: str = "m", version: str = "", *, tenant: str = "a", origin_id: str | None = None) -> Draft:
    return Draft(tenant, name, version, "training" if origin_id else "import", origin_id)


async def stored(catalog: SqlCatalog, wanted: Draft) -> ModelVersion:
    reserved = await catalog.reserve(wanted)
    return await catalog.complete(reserved.row_id, "{}", [ONNX])


class CatalogContract:
    """Run by every adapter, with a fixture `catalog` that is empty."""

    async def test_a_version_is_seen_only_once_it_is_complete(self, catalog: SqlCatalog) -> None:
        reserved = await catalog.reserve(draft())

        before = await catalog.find("a", "m", "")
        await catalog.complete(reserved.row_id, '{"x":1}', [ONNX])
        after = await catalog.find("a", "m", "1")

        assert before is None
        assert after is not None
        assert (after.files, after.manifest_json, after.visibility) == ((ONNX,), '{"x":1}', "department")
        assert datetime.now(UTC) - after.created_at < timedelta(minutes=1)

    async def test_versions_are_numbered_where_none_is_named(self, catalog: SqlCatalog) -> None:
        await stored(catalog, draft(version="7"))
        await stored(catalog, draft(version="2024-rc"))

        numbered = await stored(catalog, draft())

        assert numbered.version == "8"

    async def test_a_version_is_never_taken_twice(self, catalog: SqlCatalog) -> None:
        await stored(catalog, draft(version="1"))

        with pytest.raises(AlreadyExists, match="already has a version '1'"):
            await catalog.reserve(draft(version="1"))

        assert (await stored(catalog, draft(version="1", tenant="b"))).version == "1"

    async def test_everybody_at_once_gets_a_number_of_their_own(self, catalog: SqlCatalog) -> None:
        versions = [each.version for each in await asyncio.gather(*(stored(catalog, draft()) for _ in range(4)))]

        assert sorted(versions) == ["1", "2", "3", "4"]

    async def test_an_abandoned_reservation_frees_its_version(self, catalog: SqlCatalog) -> None:
        reserved = await catalog.reserve(draft(version="1"))

        await catalog.abandon(reserved.row_id)

        assert (await stored(catalog, draft(version="1"))).version == "1"

    async def test_what_is_complete_cannot_be_abandoned(self, catalog: SqlCatalog) -> None:
        model = await stored(catalog, draft())

        await catalog.abandon(model.row_id)

        assert await catalog.find("a", "m", "1") == model

    async def test_an_origin_goes_on_where_it_stopped(self, catalog: SqlCatalog) -> None:
        first = await catalog.reserve(draft(origin_id="training-1"))

        second = await catalog.reserve(draft(origin_id="training-1"))

        assert (second.row_id, second.version) == (first.row_id, first.version)
        assert await catalog.by_origin("a", "training-1") is None

    async def test_an_origin_is_found_again_once_complete(self, catalog: SqlCatalog) -> None:
        model = await stored(catalog, draft(origin_id="training-1"))

        assert await catalog.by_origin("a", "training-1") == model
        assert await catalog.by_origin("b", "training-1") is None
        with pytest.raises(Conflict):
            await catalog.reserve(draft(origin_id="training-1"))

    async def test_completing_twice_changes_nothing(self, catalog: SqlCatalog) -> None:
        model = await stored(catalog, draft())

        again = await catalog.complete(model.row_id, "other", [ONNX])

        assert again == model

    async def test_old_reservations_are_found(self, catalog: SqlCatalog) -> None:
        reserved = await catalog.reserve(draft())
        await stored(catalog, draft())

        assert [each.row_id for each in await catalog.unfinished(datetime.now(UTC) + timedelta(seconds=1))] == [
            reserved.row_id
        ]
        assert await catalog.unfinished(datetime.now(UTC) - timedelta(hours=1)) == []

    async def test_others_see_what_is_published_and_nothing_else(self, catalog: SqlCatalog) -> None:
        hidden = await stored(catalog, draft())
        shown = await stored(catalog, draft())
        await catalog.publish(shown.row_id)

        seen = await catalog.page("b", "", before=None, limit=10)

        assert [each.row_id for each in seen] == [shown.row_id]
        assert await catalog.find("b", "m", hidden.version) is None

    async def test_an_own_model_hides_the_sites_of_the_same_name(self, catalog: SqlCatalog) -> None:
        own = await stored(catalog, draft(tenant="b"))
        for _ in range(2):
            await catalog.publish((await stored(catalog, draft())).row_id)

        newest, second = await catalog.find("b", "m", ""), await catalog.find("b", "m", "2")

        assert newest == own
        assert second is not None
        assert second.tenant == "a"

    async def test_a_name_is_published_by_one_department(self, catalog: SqlCatalog) -> None:
        await catalog.publish((await stored(catalog, draft())).row_id)
        other = await stored(catalog, draft(tenant="b"))

        with pytest.raises(AlreadyExists, match="Another department"):
            await catalog.publish(other.row_id)

        assert (await catalog.publish((await stored(catalog, draft())).row_id)).visibility == "site"

    async def test_pages_go_from_new_to_old(self, catalog: SqlCatalog) -> None:
        models = [await stored(catalog, draft(name)) for name in ("m", "n", "m", "m")]

        first = await catalog.page("a", "m", before=None, limit=2)
        second = await catalog.page("a", "m", before=first[-1].row_id, limit=2)

        assert first == [models[3], models[2]]
        assert second == [models[0]]
