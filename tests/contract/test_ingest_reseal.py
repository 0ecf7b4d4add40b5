"""Originals brought under the secret of today."""

from pathlib import Path

import pytest

from einthoven.ingest.v1 import ingest_pb2 as pb
from services.ingest import reseal
from services.ingest.bootstrap import open_resealing
from services.ingest.originals.resealing import Resealed
from services.ingest.originals.sealing import Sealer, is_sealed
from services.ingest.originals.vault import Vault
from services.shared.errors import Unavailable
from tests.contract.ingest_on_the_wire import OnTheWire, closed, opened, settings_of
from tests.unit.services.ingest.ecgs import csv_of, twelve_leads

OLD, NEW = "o" * 32, "n" * 32


def csv(seed: int) -> tuple[str, bytes]:
    return f"{seed}.csv", csv_of(twelve_leads(seed=seed))


class TestReseal(OnTheWire):
    async def test_what_is_plain_or_under_an_old_secret_comes_under_that_of_today(
        self, database: str, tmp_path: Path
    ) -> None:
        files, records = [csv(1), csv(2), csv(3)], []
        for file, changes in zip(
            files,
            ({"originals": "as_received"}, {"originals_secret": OLD}, {"originals_secret": NEW}),
            strict=True,
        ):
            wire = await opened(settings_of(database, tmp_path, **changes), tmp_path)
            records.append(await wire.one(await wire.dataset(file[0]), file))
            await closed(wire)
        settings = settings_of(database, tmp_path, originals_secret=NEW, originals_old_secrets=(OLD,))

        async with open_resealing(settings) as resealing:
            first, second = await resealing.run(), await resealing.run()

        assert (first, second) == (Resealed(current=1, resealed=2), Resealed(current=3))
        wire = await opened(settings, tmp_path)
        vault = Vault(wire.store, Sealer([NEW.encode()]))
        for (_, data), record in zip(files, records, strict=True):
            assert is_sealed(await wire.store.get(f"originals/cardiology/{record.sha256}"))
            assert await vault.get("cardiology", record.sha256) == data
            await wire.ask("DeleteRecord", pb.DeleteRecordRequest(record_id=record.record_id))
        assert await wire.keys("originals/") == []
        await closed(wire)

    async def test_what_no_record_has_any_more_goes(self, database: str, tmp_path: Path) -> None:
        wire = await opened(settings_of(database, tmp_path), tmp_path)
        await wire.store.put("originals/cardiology/" + "ab" * 32, b"left by an erasure that found it claimed")

        async with open_resealing(settings_of(database, tmp_path)) as resealing:
            await resealing.run()

        assert await wire.keys("originals/") == []
        await closed(wire)

    async def test_a_secret_that_is_missing_is_said_and_nothing_lost(self, database: str, tmp_path: Path) -> None:
        wire = await opened(settings_of(database, tmp_path, originals_secret=OLD), tmp_path)
        record = await wire.one(await wire.dataset(), csv(1))
        before = await wire.store.get(f"originals/cardiology/{record.sha256}")

        async with open_resealing(settings_of(database, tmp_path, originals_secret=NEW)) as resealing:
            with pytest.raises(Unavailable, match="a key that is not configured"):
                await resealing.run()

        assert await wire.store.get(f"originals/cardiology/{record.sha256}") == before
        await wire.ask("DeleteRecord", pb.DeleteRecordRequest(record_id=record.record_id))
        assert await wire.keys("originals/") == []
        await closed(wire)


def test_a_site_that_does_not_encrypt_has_nothing_to_reseal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, value in {
        "ORIGINALS": "deidentified",
        "STORAGE__FOLDER": str(tmp_path),
        "DATABASE__URL": f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite",
        "IDENTITY__SECRET": "s" * 32,
        "ORIGINALS_OLD_SECRETS": "[]",
    }.items():
        monkeypatch.setenv(f"EINTHOVEN_INGEST_{key}", value)

    assert reseal.run() == reseal.USAGE_EXIT_CODE

    assert "only encrypted originals" in capsys.readouterr().err
