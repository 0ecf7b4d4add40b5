"""DICOM instances: what objects call themselves is kept with their records, and they are given back."""

import asyncio
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from services.shared.errors import InvalidRequest, NotFound
from services.shared.identity import Caller
from tests.contract.ingest_on_the_wire import ANNA, AT_500_HZ, BEN, OnTheWire, Wire
from tests.unit.services.ingest.ecgs import dicom_group, dicom_of, twelve_leads

INSTANCES_ONLY = pb.Declaration(format="dicom", instances_only=True)
FILE, METADATA = pb.INSTANCE_FORM_FILE, pb.INSTANCE_FORM_METADATA


def instance(sop_uid: str, *, study_uid: str = "1.2.7", series_uid: str = "1.2.7.1", seed: int = 0) -> bytes:
    raw = np.round(twelve_leads(seed=seed) * 1000).astype(np.int16)
    uids = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid, "SOPInstanceUID": sop_uid}
    return dicom_of(dicom_group(raw), PatientName="Doe^Jane", PatientID="4711", PatientSex="F", **uids)


async def listed(wire: Wire, caller: Caller = ANNA, **query: Any) -> list[Any]:
    answer = await wire.ask("ListInstances", pb.ListInstancesRequest(**query), caller)
    return list(answer.instances)


async def fetched(wire: Wire, record_id: str, form: Any = FILE, caller: Caller = ANNA) -> tuple[Any, bytes]:
    request = pb.FetchInstanceRequest(record_id=record_id, form=form)
    stream = wire.client.server_stream(wire.stub.FetchInstance, request, caller=caller)
    parts = [message.file async for message in stream]
    return parts[0].head, b"".join(part.chunk.data for part in parts[1:])


def sops(found: Iterable[Any]) -> list[str]:
    return [stored.instance.sop_uid for stored in found]


class TestInstances(OnTheWire):
    async def test_an_instance_is_found_by_its_uids(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        files = [("a.dcm", instance("1.2.7.1.1")), ("b.dcm", instance("1.2.8.1.1", study_uid="1.2.8", seed=1))]

        lines = await wire.upload(dataset_id, *files)

        assert {line.instance.sop_uid for line in lines} == {"1.2.7.1.1", "1.2.8.1.1"}
        assert sorted(sops(await listed(wire))) == ["1.2.7.1.1", "1.2.8.1.1"]
        (found,) = await listed(wire, study_uid="1.2.8")
        assert (found.instance.series_uid, found.instance.sop_class_uid[-6:]) == ("1.2.7.1", ".9.1.1")
        assert (found.sex, len(found.patient)) == ("female", 24)
        assert sops(await listed(wire, sop_uid="1.2.7.1.1", series_uid="1.2.7.1")) == ["1.2.7.1.1"]
        assert len(await listed(wire, patient=found.patient)) == 2
        assert await listed(wire, caller=BEN) == []

    async def test_an_instance_comes_back_as_it_was_sent(self, wire: Wire) -> None:
        data = instance("1.2.7.1.1")
        record = await wire.one(await wire.dataset(), ("a.dcm", data))

        head, file = await fetched(wire, record.record_id)

        assert file == data
        assert (head.media_type, head.file_name) == ("application/dicom", "1.2.7.1.1.dcm")
        with pytest.raises(NotFound, match="no DICOM instance"):
            await fetched(wire, record.record_id, caller=BEN)

    async def test_metadata_leave_the_samples_out(self, wire: Wire) -> None:
        record = await wire.one(await wire.dataset(), ("a.dcm", instance("1.2.7.1.1")))

        head, file = await fetched(wire, record.record_id, METADATA)

        document = json.loads(file)
        assert head.media_type == "application/dicom+json"
        assert document["00080018"]["Value"] == ["1.2.7.1.1"]
        (group,) = document["54000100"]["Value"]
        assert group["003A0010"]["Value"] == [600]
        assert "54001010" not in group

    async def test_an_object_without_preamble_becomes_a_file(self, wire: Wire) -> None:
        dataset = pydicom.dcmread(io.BytesIO(instance("1.2.7.1.1")))
        dataset.SpecificCharacterSet = "ISO_IR 100"
        bare = io.BytesIO()
        pydicom.dcmwrite(bare, pydicom.Dataset(dict(dataset)), implicit_vr=True, little_endian=True)
        record = await wire.one(await wire.dataset(), ("a.dcm", bare.getvalue()))

        _, file = await fetched(wire, record.record_id)

        back = pydicom.dcmread(io.BytesIO(file))
        assert back.file_meta.MediaStorageSOPInstanceUID == "1.2.7.1.1"
        assert back.WaveformSequence[0].WaveformData == dataset.WaveformSequence[0].WaveformData

    async def test_where_no_original_is_kept_the_record_is_told_under_the_same_uids(self, wire: Wire) -> None:
        record = await wire.one(await wire.dataset(), ("a.dcm", instance("1.2.7.1.1")))
        for key in await wire.keys("originals/"):
            await wire.store.delete(key)

        _, file = await fetched(wire, record.record_id)

        back = pydicom.dcmread(io.BytesIO(file))
        uids = (back.StudyInstanceUID, back.SeriesInstanceUID, back.SOPInstanceUID)
        assert uids == ("1.2.7", "1.2.7.1", "1.2.7.1.1")
        assert str(back.PatientName) == ""

    async def test_the_newest_record_of_an_instance_is_told_once(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        await wire.one(dataset_id, ("a.dcm", instance("1.2.7.1.1", seed=1)))
        newer = await wire.one(dataset_id, ("a.dcm", instance("1.2.7.1.1", seed=2)))

        (found,) = await listed(wire)

        assert found.record_id == newer.record_id

    async def test_instances_are_listed_in_pages(self, wire: Wire) -> None:
        files = [(f"{number}.dcm", instance(f"1.2.7.1.{number}", seed=number)) for number in range(5)]
        await wire.upload(await wire.dataset(), *files)

        first = await wire.ask("ListInstances", pb.ListInstancesRequest(page=common_pb2.PageRequest(limit=3)))
        page = common_pb2.PageRequest(limit=3, cursor=first.page.next_cursor)
        second = await wire.ask("ListInstances", pb.ListInstancesRequest(page=page))

        assert (len(first.instances), len(second.instances), second.page.next_cursor) == (3, 2, "")
        assert len({*sops(first.instances), *sops(second.instances)}) == 5

    async def test_what_is_erased_is_no_instance_any_more(self, wire: Wire) -> None:
        dataset_id, other = await wire.dataset(), await wire.dataset("other")
        record = await wire.one(dataset_id, ("a.dcm", instance("1.2.7.1.1")))
        await wire.one(other, ("b.dcm", instance("1.2.7.1.2", seed=1)))

        await wire.ask("DeleteRecord", pb.DeleteRecordRequest(record_id=record.record_id))
        await wire.ask("DeleteDataset", pb.DeleteDatasetRequest(dataset_id=other))

        assert await listed(wire) == []
        with pytest.raises(NotFound):
            await fetched(wire, record.record_id)

    async def test_only_instances_of_the_study_are_taken_where_that_is_asked(self, wire: Wire) -> None:
        declaration = pb.Declaration(format="dicom", instances_only=True, study_uid="1.2.7")
        files = [("a.dcm", instance("1.2.7.1.1")), ("b.dcm", instance("1.2.8.1.1", study_uid="1.2.8", seed=1))]

        lines = await wire.upload(await wire.dataset(), *files, declaration=declaration)

        by_name = {line.file_name: line for line in lines}
        assert by_name["a.dcm"].error_code == ""
        assert (by_name["b.dcm"].error_code, by_name["b.dcm"].instance.study_uid) == ("CONFLICT", "1.2.8")
        assert sops(await listed(wire)) == ["1.2.7.1.1"]

    async def test_an_object_that_does_not_say_which_it_is_is_refused_where_instances_are_asked_for(
        self, wire: Wire
    ) -> None:
        nameless = dicom_of(dicom_group(np.ones((12, 600), np.int16)))
        dataset_id = await wire.dataset()

        (refused,) = await wire.upload(dataset_id, ("a.dcm", nameless), declaration=INSTANCES_ONLY)
        (taken,) = await wire.upload(dataset_id, ("a.dcm", nameless))

        assert refused.error_code == "UNREADABLE_FILE"
        assert "SOP Instance UID" in refused.error_detail
        assert taken.error_code == ""

    async def test_a_refused_object_is_told_by_its_uids(self, wire: Wire) -> None:
        silent = dicom_of(StudyInstanceUID="1.2.7", SeriesInstanceUID="1.2.7.1")

        (line,) = await wire.upload(await wire.dataset(), ("a.dcm", silent), declaration=INSTANCES_ONLY)

        assert (line.error_code, line.instance.sop_uid) == ("UNREADABLE_FILE", "1.2.3")

    async def test_the_dataset_of_a_name_is_made_once(self, wire: Wire) -> None:
        request = pb.EnsureDatasetRequest(name=" dicom ")

        answers = await asyncio.gather(*(wire.ask("EnsureDataset", request) for _ in range(4)))

        assert len({answer.dataset.dataset_id for answer in answers}) == 1
        assert answers[0].dataset.name == "dicom"
        assert (await wire.ask("EnsureDataset", request, BEN)).dataset.dataset_id != answers[0].dataset.dataset_id

    async def test_how_an_instance_is_told_must_be_said(self, wire: Wire) -> None:
        with pytest.raises(InvalidRequest):
            await fetched(wire, "r", pb.INSTANCE_FORM_UNSPECIFIED)


async def test_the_real_objects_come_back_byte_for_byte(tmp_path: Path, data_dir: Path) -> None:
    from tests.contract.ingest_on_the_wire import closed, opened, settings_of  # noqa: PLC0415 used here alone

    files = [(path.name, path.read_bytes()) for path in sorted((data_dir / "formats" / "dicom").glob("*.dcm"))]
    wire = await opened(settings_of(f"sqlite+aiosqlite:///{tmp_path}/i.sqlite", tmp_path, limits={}), tmp_path)

    lines = await wire.upload(await wire.dataset(), *files, declaration=AT_500_HZ)

    sent = dict(files)
    for line in lines:
        assert (await fetched(wire, line.record.record_id))[1] == sent[line.file_name]
    assert len(await listed(wire)) == len(files)
    await closed(wire)
