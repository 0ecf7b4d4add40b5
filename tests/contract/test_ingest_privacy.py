"""Who an ECG is of: nothing of it reaches rows, objects, events, answers or logs but where the site wants it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from einthoven.ingest.v1 import ingest_pb2 as pb
from services.ingest.originals.deidentifying import DEIDENTIFIERS
from services.ingest.originals.sealing import Sealer, is_sealed
from services.ingest.originals.vault import Vault
from services.shared.errors import NotFound, Unavailable
from services.shared.messaging import subjects
from tests.contract.ingest_on_the_wire import BEN, OnTheWire, Wire, closed, opened, settings_of
from tests.unit.services.ingest.named_files import NAME, Named, named_files

FILES = named_files()
ROTATED = {"originals_secret": "n" * 32, "originals_old_secrets": ("o" * 32,)}


def files_of(named: Named) -> list[tuple[str, bytes]]:
    return [(named.file.name, named.file.data), *named.file.companions.items()]


async def stored(wire: Wire, dataset_id: str) -> dict[str, pb.Record]:
    """Upload every file and return the records by format."""
    lines = await wire.upload(dataset_id, *(file for named in FILES.values() for file in files_of(named)))
    records = {line.record.format: line.record for line in lines if line.HasField("record")}
    assert set(records) == set(FILES)
    return records


async def rows(url: str) -> str:
    """Return everything that lies in the database."""
    engine, found = create_async_engine(url), ""
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: sync.dialect.get_table_names(sync))
        for name in names:
            found += repr((await connection.execute(text(f'SELECT * FROM "{name}"'))).all())  # noqa: S608 own names
    await engine.dispose()
    return found


def betrayals(data: bytes) -> list[tuple[str, bytes]]:
    return [(name, secret) for name, named in FILES.items() for secret in named.betrayals(data)]


class TestNames(OnTheWire):
    @pytest.mark.parametrize("mode", ["encrypted", "deidentified", "as_received", "none"])
    async def test_nothing_of_a_person_is_left(
        self, mode: str, database: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        wire = await opened(settings_of(database, tmp_path, originals=mode), tmp_path)
        dataset_id = await wire.dataset()

        async with wire.bus.subscribe(subjects.recordings_stored("cardiology")) as news:
            await stored(wire, dataset_id)
            told = (await anext(news)).data
        answered = (await wire.records(dataset_id, limit=100)).SerializeToString()
        in_rows = (await rows(database)).encode()
        await closed(wire)

        logged = "".join(capfd.readouterr()).encode()
        for data in (told, answered, in_rows, logged):
            assert betrayals(data) == []
        names = {path.relative_to(tmp_path).parts[1] for path in holding(tmp_path)}
        assert names == ({"originals"} if mode == "as_received" else set())

    async def test_what_is_kept_follows_the_setting(self, database: str, tmp_path: Path) -> None:
        wire = await opened(settings_of(database, tmp_path, originals="deidentified"), tmp_path)

        records = await stored(wire, await wire.dataset())

        for name, record in records.items():
            is_kept = DEIDENTIFIERS[name] is not None
            assert ("original_not_kept" in {remark.code for remark in record.remarks}) != is_kept
            if is_kept:
                assert betrayals(await wire.original(record)) == []
            else:
                with pytest.raises(NotFound):
                    await wire.original(record)
        await closed(wire)

    async def test_the_same_file_is_a_duplicate_whatever_is_kept_of_it(self, database: str, tmp_path: Path) -> None:
        wire = await opened(settings_of(database, tmp_path, originals="deidentified"), tmp_path)
        dataset_id, files = await wire.dataset(), files_of(FILES["dicom"])

        first = await wire.one(dataset_id, files[0])
        (again,) = await wire.upload(dataset_id, *files)

        assert (again.outcome, again.record.record_id) == (pb.FILE_OUTCOME_DUPLICATE, first.record_id)
        await wire.ask("DeleteRecord", pb.DeleteRecordRequest(record_id=first.record_id))
        assert await wire.keys() == []
        await closed(wire)

    async def test_a_patient_has_another_pseudonym_in_each_department(self, wire: Wire) -> None:
        ours, theirs = await wire.dataset(), await wire.dataset(caller=BEN)
        (file,) = files_of(FILES["scp"])

        here, there = await wire.one(ours, file), await wire.one(theirs, file, caller=BEN)

        assert here.patient
        assert here.patient != there.patient
        assert NAME not in here.patient + there.patient


def holding(folder: Path) -> list[Path]:
    """Return the files that betray somebody."""
    return [path for path in folder.rglob("*") if path.is_file() and betrayals(path.read_bytes())]


class TestKeys(OnTheWire):
    @pytest.fixture
    async def old(self, database: str, tmp_path: Path) -> AsyncIterator[tuple[pb.Record, bytes]]:
        """A record of before the secret changed, with its file."""
        wire = await opened(settings_of(database, tmp_path, originals_secret="o" * 32), tmp_path)
        (file,) = files_of(FILES["dicom"])
        yield await wire.one(await wire.dataset(), file), file[1]
        await closed(wire)

    async def test_originals_of_an_old_secret_are_read_after_a_rotation(
        self, old: tuple[pb.Record, bytes], database: str, tmp_path: Path
    ) -> None:
        record, data = old
        settings = settings_of(database, tmp_path, **ROTATED)
        wire = await opened(settings, tmp_path)
        vault = Vault(wire.store, Sealer(settings.originals_secrets))

        assert await vault.get("cardiology", record.sha256) == data
        (file,) = files_of(FILES["scp"])
        new = await wire.one(await wire.dataset("new"), file)
        only_new = Vault(wire.store, Sealer([b"n" * 32]))
        assert await only_new.get("cardiology", new.sha256) == file[1]
        with pytest.raises(Unavailable):
            await only_new.get("cardiology", record.sha256)
        await closed(wire)

    async def test_a_site_that_sets_its_first_secret_still_reads_what_lies_under_the_identity_secret(
        self, wire: Wire, database: str, tmp_path: Path
    ) -> None:
        (file,) = files_of(FILES["dicom"])
        record = await wire.one(await wire.dataset(), file)

        later = settings_of(database, tmp_path, originals_secret="n" * 32)

        assert is_sealed(await wire.store.get(f"originals/cardiology/{record.sha256}"))
        vault = Vault(wire.store, Sealer(later.originals_secrets))
        assert await vault.get("cardiology", record.sha256) == file[1]


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        settings_of(f"sqlite+aiosqlite:///{tmp_path}/i", tmp_path, originals_secret="short")
