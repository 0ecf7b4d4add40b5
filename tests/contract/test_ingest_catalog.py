"""Datasets, records, labels and counts: one department never sees another's."""

import pytest

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from services.shared.errors import AlreadyExists, InvalidRequest, NotFound
from tests.contract.ingest_on_the_wire import ANNA, BEN, OnTheWire, Wire
from tests.unit.services.ingest.ecgs import csv_of, dicom_group, dicom_of, twelve_leads


async def three_records(wire: Wire) -> tuple[str, list[str]]:
    """Make a dataset of a.csv, b.csv and c.csv."""
    dataset_id = await wire.dataset()
    records = [
        await wire.one(dataset_id, (name, csv_of(twelve_leads(seed=ord(name[0])))))
        for name in ("a.csv", "b.csv", "c.csv")
    ]
    return dataset_id, [record.record_id for record in records]


class TestDatasets(OnTheWire):
    async def test_a_dataset_is_found_again(self, wire: Wire) -> None:
        dataset_id = await wire.dataset("my ecgs")

        found = (await wire.ask("GetDataset", pb.GetDatasetRequest(dataset_id=dataset_id))).dataset

        assert (found.name, found.records, found.version) == ("my ecgs", 0, 1)
        assert found.created_at.seconds > 0

    async def test_a_name_is_taken_once_per_department(self, wire: Wire) -> None:
        await wire.dataset("a")

        await wire.dataset("a", BEN)
        with pytest.raises(AlreadyExists):
            await wire.dataset("a")

    @pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\nb"])
    async def test_a_name_that_makes_no_sense_is_refused(self, wire: Wire, name: str) -> None:
        with pytest.raises(InvalidRequest):
            await wire.dataset(name)

    async def test_datasets_are_listed_newest_first_page_by_page(self, wire: Wire) -> None:
        for name in ("a", "b", "c"):
            await wire.dataset(name)
        await wire.dataset("other", BEN)

        first = await wire.ask("ListDatasets", pb.ListDatasetsRequest(page=common_pb2.PageRequest(limit=2)))
        page = common_pb2.PageRequest(limit=2, cursor=first.page.next_cursor)
        second = await wire.ask("ListDatasets", pb.ListDatasetsRequest(page=page))

        assert [dataset.name for dataset in first.datasets] == ["c", "b"]
        assert [dataset.name for dataset in second.datasets] == ["a"]
        assert second.page.next_cursor == ""

    @pytest.mark.parametrize(
        ("method", "request_"),
        [
            ("GetDataset", pb.GetDatasetRequest),
            ("DeleteDataset", pb.DeleteDatasetRequest),
            ("GetStatistics", pb.GetStatisticsRequest),
            ("ListRecords", pb.ListRecordsRequest),
        ],
    )
    async def test_another_departments_dataset_is_not_there(self, wire: Wire, method: str, request_: type) -> None:
        dataset_id = await wire.dataset()

        with pytest.raises(NotFound):
            await wire.ask(method, request_(dataset_id=dataset_id), BEN)

    async def test_a_cursor_that_is_not_ours_is_refused(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()

        for cursor in ("12", "!!", "aTE6eA", "é"):
            with pytest.raises(InvalidRequest, match="cursor"):
                await wire.records(dataset_id, cursor=cursor)
        with pytest.raises(InvalidRequest, match="at most 1000"):
            await wire.records(dataset_id, limit=1001)


class TestRecords(OnTheWire):
    async def test_records_are_listed_in_the_order_they_came_page_by_page(self, wire: Wire) -> None:
        dataset_id, record_ids = await three_records(wire)

        first = await wire.records(dataset_id, limit=2)
        second = await wire.records(dataset_id, limit=2, cursor=first.page.next_cursor)

        assert [record.record_id for record in (*first.records, *second.records)] == record_ids
        assert (bool(first.page.next_cursor), second.page.next_cursor) == (True, "")

    async def test_another_departments_record_is_not_there(self, wire: Wire) -> None:
        _, (record_id, *_) = await three_records(wire)

        for method in ("GetRecord", "DeleteRecord"):
            with pytest.raises(NotFound):
                await wire.ask(method, getattr(pb, f"{method}Request")(record_id=record_id), BEN)

    async def test_named_records_are_resolved_in_the_order_asked_for(self, wire: Wire) -> None:
        _, record_ids = await three_records(wire)
        wanted = [record_ids[2], record_ids[0], record_ids[2]]

        batches = await resolved(wire, pb.ResolveRecordsRequest(record_ids=wanted))

        assert [record.record_id for batch in batches for record in batch.records] == wanted
        assert {batch.dataset_version for batch in batches} == {0}

    async def test_a_named_record_that_is_not_there_is_named(self, wire: Wire) -> None:
        _, record_ids = await three_records(wire)

        with pytest.raises(NotFound, match="nobody"):
            await resolved(wire, pb.ResolveRecordsRequest(record_ids=[*record_ids, "nobody"]))
        with pytest.raises(InvalidRequest, match="10000"):
            await resolved(wire, pb.ResolveRecordsRequest(record_ids=["x"] * 10_001))

    async def test_a_dataset_is_resolved_with_its_version_and_labels(self, wire: Wire) -> None:
        dataset_id, record_ids = await three_records(wire)
        await wire.put_labels(dataset_id, b"file_name,label\nb.csv,NORM\n")

        batches = await resolved(wire, pb.ResolveRecordsRequest(dataset_id=dataset_id))

        records = [record for batch in batches for record in batch.records]
        assert [record.record_id for record in records] == record_ids
        assert [[label.name for label in record.labels] for record in records] == [[], ["NORM"], []]
        assert {batch.dataset_version for batch in batches} == {await wire.version(dataset_id)}

    async def test_an_empty_dataset_is_resolved_to_its_version(self, wire: Wire) -> None:
        (batch,) = await resolved(wire, pb.ResolveRecordsRequest(dataset_id=await wire.dataset()))

        assert (batch.dataset_version, list(batch.records)) == (1, [])

    async def test_what_a_file_says_of_the_person_is_kept_under_a_pseudonym(self, wire: Wire) -> None:
        raw = (twelve_leads() * 1000).astype("<i2")
        data = dicom_of(dicom_group(raw), PatientID="4711", PatientAge="070Y", PatientSex="F")

        here = await wire.one(await wire.dataset(), ("a.dcm", data))
        there = await wire.one(await wire.dataset(caller=BEN), ("a.dcm", data), BEN)

        assert (here.age_years, here.sex) == (70, "female")
        assert here.patient
        assert here.patient not in {"4711", there.patient}


class TestLabels(OnTheWire):
    async def test_labels_are_replaced_as_a_whole(self, wire: Wire) -> None:
        dataset_id, (record_id, *_) = await three_records(wire)
        await wire.put_labels(dataset_id, b"file_name,label\nb.csv,OLD\n")

        answer = await wire.put_labels(dataset_id, b"file_name,label,ICD-10\na.csv,AF;LBBB,I48;I44.7\na.csv,SB,R00.1\n")

        record = (await wire.ask("GetRecord", pb.GetRecordRequest(record_id=record_id))).record
        assert (answer.labelled_records, answer.unlabelled_records) == (1, 2)
        assert list(answer.classes) == ["AF", "LBBB", "SB"]
        assert [(label.name, label.icd10) for label in record.labels] == [
            ("AF", "I48"),
            ("LBBB", "I44.7"),
            ("SB", "R00.1"),
        ]

    async def test_labels_of_absent_files_change_nothing(self, wire: Wire) -> None:
        dataset_id, _ = await three_records(wire)
        await wire.put_labels(dataset_id, b"file_name,label\na.csv,NORM\n")
        version = await wire.version(dataset_id)

        with pytest.raises(InvalidRequest, match=r"2 labelled files are not in the dataset, e\.g\. 'x\.csv', 'y\.csv'"):
            await wire.put_labels(dataset_id, b"file_name,label\nb.csv,MI\nx.csv,MI\ny.csv,MI\n")

        statistics = await wire.ask("GetStatistics", pb.GetStatisticsRequest(dataset_id=dataset_id))
        assert {count.value: count.count for count in statistics.labels} == {"NORM": 1}
        assert await wire.version(dataset_id) == version

    async def test_a_name_without_its_suffix_and_files_of_one_name_are_meant(self, wire: Wire) -> None:
        dataset_id, _ = await three_records(wire)
        await wire.one(dataset_id, ("a.csv", csv_of(twelve_leads(seed=1234))))

        answer = await wire.put_labels(dataset_id, b"file_name,label\na.csv,X\nb,Y\n")

        assert (answer.labelled_records, answer.unlabelled_records) == (3, 1)

    async def test_labels_for_another_department_are_refused(self, wire: Wire) -> None:
        dataset_id, _ = await three_records(wire)

        with pytest.raises(NotFound):
            await wire.put_labels(dataset_id, b"file_name,label\na.csv,X\n", BEN)

    async def test_labels_raise_the_version(self, wire: Wire) -> None:
        dataset_id, _ = await three_records(wire)
        before = await wire.version(dataset_id)

        await wire.put_labels(dataset_id, b"file_name,label\na.csv,X\n")

        assert await wire.version(dataset_id) > before


class TestStatistics(OnTheWire):
    async def test_a_dataset_is_counted(self, wire: Wire) -> None:
        dataset_id, _ = await three_records(wire)
        raw = (twelve_leads(1500) * 1000).astype("<i2")
        data = dicom_of(dicom_group(raw, rate_hz=250), PatientID="1", PatientSex="F")
        await wire.one(dataset_id, ("d.dcm", data))
        await wire.put_labels(dataset_id, b"file_name,label\na.csv,X\nb.csv,X;Y\n")

        found = await wire.ask("GetStatistics", pb.GetStatisticsRequest(dataset_id=dataset_id))

        assert (found.records, found.unlabelled_records, found.patients) == (4, 2, 1)
        assert {count.value: count.count for count in found.labels} == {"X": 2, "Y": 1}
        assert {count.value: count.count for count in found.formats} == {"csv": 3, "dicom": 1}
        assert {count.value: count.count for count in found.rates} == {"500": 3, "250": 1}
        assert {count.value: count.count for count in found.sexes} == {"unknown": 3, "female": 1}
        assert {count.value: count.count for count in found.grades} == {"unusable": 4}
        assert (found.shortest_s, found.longest_s) == (pytest.approx(1.2), pytest.approx(6.0))

    async def test_an_empty_dataset_is_counted(self, wire: Wire) -> None:
        found = await wire.ask("GetStatistics", pb.GetStatisticsRequest(dataset_id=await wire.dataset()))

        assert (found.records, found.patients, found.longest_s) == (0, 0, 0)


async def resolved(wire: Wire, request: pb.ResolveRecordsRequest) -> list[pb.ResolveRecordsResponse]:
    """Return every batch."""
    return [batch async for batch in wire.client.server_stream(wire.stub.ResolveRecords, request, caller=ANNA)]
