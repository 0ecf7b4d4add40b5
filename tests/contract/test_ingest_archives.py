"""Archives on the wire: every file of one has its line, the archive has its own, and nobody needs to send it twice."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from services.shared.errors import InvalidRequest, NotFound, UnreadableFile
from tests.contract.ingest_on_the_wire import (
    AT_500_HZ,
    BEN,
    OnTheWire,
    Wire,
    closed,
    opened,
    settings_of,
)
from tests.unit.services.ingest.archives import link, tar_of, zip_of
from tests.unit.services.ingest.ecgs import csv_of, npy_of, twelve_leads, wfdb_of

STORED, WARNED = pb.FILE_OUTCOME_STORED, pb.FILE_OUTCOME_STORED_WITH_WARNINGS
DUPLICATE, REFUSED, COMPANION = pb.FILE_OUTCOME_DUPLICATE, pb.FILE_OUTCOME_REFUSED, pb.FILE_OUTCOME_COMPANION
UNPACKED, LEFT_OUT = pb.FILE_OUTCOME_UNPACKED, pb.FILE_OUTCOME_LEFT_OUT
HEA, DAT = wfdb_of(twelve_leads())
OTHER_HEA, OTHER_DAT = wfdb_of(twelve_leads(seed=7))


def csv(seed: int) -> bytes:
    return csv_of(twelve_leads(seed=seed))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def outcomes(lines: list[Any]) -> dict[str, int]:
    """Return the outcome of every file, whether it was stored with a warning or without."""
    return {line.file_name: STORED if line.outcome == WARNED else line.outcome for line in lines}


async def missing(wire: Wire, dataset_id: str, *files: bytes, **caller: Any) -> list[bool]:
    """Say of each file whether it is to be sent."""
    digests = [sha256(data) for data in files]
    answer = await wire.ask("FindMissing", pb.FindMissingRequest(dataset_id=dataset_id, sha256=digests), **caller)
    return [digest in answer.sha256 for digest in digests]


TREE = {
    "a.csv": csv(1),
    "one/ecg.hea": HEA,
    "one/ecg.dat": DAT,
    "two/ecg.hea": OTHER_HEA,
    "two/ecg.dat": OTHER_DAT,
    "two/.DS_Store": b"1",
    "readme.txt": b"hello",
}


class TestArchives(OnTheWire):
    @pytest.mark.parametrize("pack", [zip_of, tar_of])
    async def test_every_file_of_an_archive_has_its_line_and_companions_are_those_of_its_folder(
        self, wire: Wire, pack: Any
    ) -> None:
        dataset_id = await wire.dataset()

        lines = await wire.upload(dataset_id, ("x.zip", pack(TREE)), ("b.csv", csv(2)))

        assert outcomes(lines) == {
            "x.zip/a.csv": STORED, "x.zip/one/ecg.hea": STORED, "x.zip/one/ecg.dat": COMPANION,
            "x.zip/two/ecg.hea": STORED, "x.zip/two/ecg.dat": COMPANION, "x.zip/two/.DS_Store": LEFT_OUT,
            "x.zip/readme.txt": REFUSED, "x.zip": UNPACKED, "b.csv": STORED,
        }  # fmt: skip
        names = {record.file_name for record in (await wire.records(dataset_id)).records}
        assert names == {"x.zip/a.csv", "x.zip/one/ecg.hea", "x.zip/two/ecg.hea", "b.csv"}

    async def test_folders_of_an_upload_keep_companions_apart_as_well(self, wire: Wire) -> None:
        files = [("one/ecg.hea", HEA), ("two/ecg.dat", OTHER_DAT), ("two/ecg.hea", OTHER_HEA), ("one/ecg.dat", DAT)]

        lines = await wire.upload(await wire.dataset(), *files)

        stored = {line.file_name: line.record.sha256 for line in lines if line.record.record_id}
        alone = await wire.upload(await wire.dataset("b"), ("ecg.hea", HEA), ("ecg.dat", DAT))
        assert stored["one/ecg.hea"] in {line.record.sha256 for line in alone}
        assert set(stored) == {"one/ecg.hea", "two/ecg.hea"}

    async def test_an_npz_stays_an_ecg(self, wire: Wire) -> None:
        npz = zip_of({"ecg.npy": npy_of(twelve_leads())})

        lines = await wire.upload(await wire.dataset(), ("a.npz", npz), ("b.zip", npz))

        assert [line.record.format for line in lines if line.file_name == "a.npz"] == ["npz"]
        assert outcomes(lines)["b.zip"] == UNPACKED
        assert [line.record.format for line in lines if line.file_name == "b.zip/ecg.npy"] == ["npy"]

    async def test_an_npz_of_several_ecgs_becomes_a_record_of_each(self, wire: Wire) -> None:
        npz = zip_of({"X40.npy": npy_of(twelve_leads()[None]), "X80.npy": npy_of(2 * twelve_leads()[None])})

        lines = await wire.upload(await wire.dataset(), ("two.npz", npz))

        stored = {line.file_name: line.record.format for line in lines if line.HasField("record")}
        assert stored == {"two.npz/X40.npy": "npy", "two.npz/X80.npy": "npy"}

    async def test_what_would_do_harm_is_refused_and_the_rest_is_kept(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        bomb = zip_of({f"{number:03}.csv": bytes(1 << 20) for number in range(80)})
        evil = tar_of(
            {"../../out.csv": csv(1), "/etc/ecg.csv": csv(2), "good.csv": csv(3)}, link("l.csv", "/etc/passwd")
        )

        lines = await wire.upload(dataset_id, ("evil.tar", evil), ("bomb.zip", bomb))

        told = {line.file_name: line.error_detail for line in lines if line.outcome == REFUSED}
        assert "leads out of it" in told["evil.tar/../../out.csv"]
        assert "absolute" in told["evil.tar//etc/ecg.csv"]
        assert "link" in told["evil.tar/l.csv"]
        assert "grows to more than 64 MiB" in told["bomb.zip"]
        assert outcomes(lines)["evil.tar/good.csv"] == STORED
        assert outcomes(lines)["evil.tar"] == UNPACKED
        assert {record.file_name for record in (await wire.records(dataset_id)).records} == {"evil.tar/good.csv"}
        assert all(key.count("/") < 4 for key in await wire.keys())

    async def test_an_archive_that_is_cut_off_keeps_what_is_whole_and_is_sent_again(self, wire: Wire) -> None:
        dataset_id, whole = await wire.dataset(), tar_of({"a.csv": csv(1), "b.csv": csv(2)})
        cut = whole[: len(whole) // 2]

        lines = outcomes(await wire.upload(dataset_id, ("x.tar", cut)))
        again = outcomes(await wire.upload(dataset_id, ("x.tar", whole)))

        assert lines == {"x.tar/a.csv": STORED, "x.tar/b.csv": REFUSED, "x.tar": REFUSED}
        assert again == {"x.tar/a.csv": DUPLICATE, "x.tar/b.csv": STORED, "x.tar": UNPACKED}
        assert await missing(wire, dataset_id, cut, whole) == [True, False]

    async def test_a_large_archive_goes_over_the_disk_and_only_its_members_are_held(self, tmp_path: Path) -> None:
        limits = {"max_file_bytes": 1 << 20, "max_archive_bytes": 20 << 20, "archives_at_once": 1}
        settings = settings_of(f"sqlite+aiosqlite:///{tmp_path}/i.sqlite", tmp_path, limits=limits)
        wire = await opened(settings, tmp_path)
        dataset_id = await wire.dataset()
        padding = {f"{number}.bin": bytes(900_000) for number in range(9)}
        large = [tar_of({f"{seed}.csv": csv(seed)} | padding) for seed in (1, 2)]

        reports = await asyncio.gather(*(wire.upload(dataset_id, ("x.tar", data)) for data in large))
        (refused,) = await wire.upload(dataset_id, ("y.tar", large[0] + large[1] + large[0]))
        await closed(wire)

        assert all(outcomes(lines)["x.tar"] == UNPACKED for lines in reports)
        assert (refused.outcome, refused.error_code) == (REFUSED, "TOO_LARGE")

    async def test_one_record_in_an_archive_is_decoded_without_being_stored(self, wire: Wire) -> None:
        answer = await decoded(wire, zip_of({"one/ecg.hea": HEA, "one/ecg.dat": DAT, "__MACOSX/._x": b""}))

        assert (answer.format, answer.signal.samples) == ("wfdb", 600)
        with pytest.raises(InvalidRequest, match="One ECG"):
            await decoded(wire, zip_of({"a.csv": csv(1), "b.csv": csv(2)}))
        with pytest.raises(UnreadableFile, match="within an archive"):
            await decoded(wire, zip_of({"a.zip": zip_of({"b.csv": csv(1)})}))


class TestMissing(OnTheWire):
    async def test_what_was_stored_is_not_missing_whatever_it_came_as(self, wire: Wire) -> None:
        dataset_id, archive = await wire.dataset(), zip_of(TREE)
        assert await missing(wire, dataset_id, archive, csv(1), DAT, csv(9)) == [True] * 4

        await wire.upload(dataset_id, ("x.zip", archive), ("c.csv", csv(9)), ("no.csv", b"no"))

        there = (archive, *(data for name, data in TREE.items() if name.endswith(("csv", "hea", "dat"))), csv(9))
        assert await missing(wire, dataset_id, *there) == [False] * len(there)
        assert await missing(wire, dataset_id, b"no", TREE["readme.txt"]) == [True, True]
        assert await missing(wire, await wire.dataset("other"), archive, DAT) == [True, True]

    async def test_what_was_erased_is_missing_again_with_all_that_it_came_in(self, wire: Wire) -> None:
        dataset_id, archive = await wire.dataset(), zip_of({"a.csv": csv(1), "ecg.hea": HEA, "ecg.dat": DAT})
        lines = await wire.upload(dataset_id, ("x.zip", archive))
        (record_id,) = [line.record.record_id for line in lines if line.file_name.endswith(".hea")]

        await wire.ask("DeleteRecord", pb.DeleteRecordRequest(record_id=record_id))

        assert await missing(wire, dataset_id, archive, HEA, DAT, csv(1)) == [True, True, True, False]
        again = outcomes(await wire.upload(dataset_id, ("x.zip", archive)))
        assert (again["x.zip/ecg.hea"], again["x.zip/a.csv"], again["x.zip"]) == (STORED, DUPLICATE, UNPACKED)
        assert await missing(wire, dataset_id, archive, HEA, DAT) == [False] * 3

    async def test_a_repeated_record_is_known_by_what_it_came_in_the_second_time(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        await wire.upload(dataset_id, ("a.csv", csv(1)), ("ecg.hea", HEA), ("ecg.dat", DAT))
        archive = tar_of({"a.csv": csv(1), "ecg.hea": HEA, "ecg.dat": DAT})

        lines = await wire.upload(dataset_id, ("x.tar", archive))

        assert outcomes(lines)["x.tar/ecg.hea"] == DUPLICATE
        assert await missing(wire, dataset_id, archive) == [False]

    async def test_only_the_department_may_ask_and_only_so_much(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        await wire.one(dataset_id, ("a.csv", csv(1)))

        with pytest.raises(NotFound):
            await missing(wire, dataset_id, csv(1), caller=BEN)
        with pytest.raises(InvalidRequest, match="64 lower-case"):
            await wire.ask("FindMissing", pb.FindMissingRequest(dataset_id=dataset_id, sha256=["AB"]))
        with pytest.raises(InvalidRequest, match="at most 10000"):
            await missing(wire, dataset_id, *[b"1"] * 10_001)

    async def test_labels_find_files_in_folders_by_as_much_of_their_path_as_it_takes(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        await wire.upload(dataset_id, ("x.zip", zip_of(TREE)), ("b.csv", csv(2)))

        by_path = await wire.put_labels(dataset_id, b"file_name,label\none/ecg,x\nx.zip/two/ecg.hea,y\na.csv,z\n")

        assert (by_path.labelled_records, by_path.unlabelled_records) == (3, 1)
        with pytest.raises(InvalidRequest, match="several folders"):
            await wire.put_labels(dataset_id, b"file_name,label\necg.hea,x\n")


async def decoded(wire: Wire, data: bytes) -> Any:
    """Decode a file without storing it."""

    async def requests() -> Any:
        yield pb.DecodeFileRequest(declaration=AT_500_HZ)
        yield pb.DecodeFileRequest(start=pb.FileStart(file_name="x.zip"))
        yield pb.DecodeFileRequest(chunk=common_pb2.FileChunk(data=data))
        yield pb.DecodeFileRequest(end=pb.FileEnd())

    return await wire.client.client_stream(wire.stub.DecodeFile, requests(), caller=BEN)
