"""Quality at the door, on the wire and on each database."""

from einthoven.ingest.v1 import ingest_pb2 as pb
from tests.contract.ingest_on_the_wire import File, OnTheWire, Wire
from tests.unit.services.ingest.ecgs import wfdb_of
from tests.unit.services.shared.quality.hearts import ecg

STORED, WARNED = pb.FILE_OUTCOME_STORED, pb.FILE_OUTCOME_STORED_WITH_WARNINGS


def two_files() -> list[File]:
    """Return a clean ECG and one whose V2 is flat."""
    clean, flat = ecg(), ecg()
    flat[7] = 0
    files: list[File] = []
    for name, leads in (("clean", clean), ("flat", flat)):
        header, signals = wfdb_of(leads)
        files += [(f"{name}.hea", header.replace(b"ecg", name.encode())), (f"{name}.dat", signals)]
    return files


class TestQuality(OnTheWire):
    async def test_a_record_keeps_how_good_it_is(self, wire: Wire) -> None:
        lines = {line.file_name: line for line in await wire.upload(await wire.dataset(), *two_files())}

        good, poor = lines["clean.hea"], lines["flat.hea"]
        assert (good.outcome, good.record.quality.grade) == (STORED, "good")
        assert (poor.outcome, poor.record.quality.grade) == (WARNED, "poor")
        assert [lead.lead for lead in poor.record.quality.leads if lead.is_lost] == ["V2"]
        kept = await wire.ask("GetRecord", pb.GetRecordRequest(record_id=poor.record.record_id))
        assert kept.record.quality == poor.record.quality

    async def test_a_dataset_counts_its_grades(self, wire: Wire) -> None:
        dataset_id = await wire.dataset()
        await wire.upload(dataset_id, *two_files())

        found = await wire.ask("GetStatistics", pb.GetStatisticsRequest(dataset_id=dataset_id))

        assert {count.value: count.count for count in found.grades} == {"good": 1, "poor": 1}
