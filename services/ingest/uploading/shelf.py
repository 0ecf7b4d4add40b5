"""Puts originals and shards on the shelf, and their records into the catalog."""

import asyncio
import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from services.ingest import keys
from services.ingest.catalog.ledger import Claim, Commit, Committed, Ledger
from services.ingest.catalog.parts import Note
from services.ingest.decoding_pool import Digested
from services.ingest.metrics import SHARD_RECORDS
from services.ingest.originals.vault import Vault
from services.ingest.ports import News
from services.ingest.records import NewRecord, Record
from services.ingest.uploading.batch import Ready
from services.shared.ecg import Signal
from services.shared.signals import SignalRef, SignalStore
from services.shared.storage import ObjectStore


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where an upload goes."""

    tenant: str
    dataset_id: str


class Shelf:
    """Writes objects first and rows last; what lies between is claimed, so that a crash in it leaves traces."""

    def __init__(self, store: ObjectStore, vault: Vault, ledger: Ledger, news: News) -> None:
        self._vault = vault
        self._signals = SignalStore(store)
        self._ledger = ledger
        self._news = news

    async def put_original(self, place: Place, file_name: str, digested: Digested, holder: str) -> Ready | Record:
        """Keep what is kept of the original; returns the record of the same bytes instead where the dataset has one."""
        new = _new_record(place, file_name, digested, holder)
        original = keys.original(place.tenant, digested.sha256)
        claim = Claim((original, new.signal.shard_key), holder, place.dataset_id, digested.sha256)
        if (before := await self._ledger.claim(claim)) is not None:
            await self.note(place, digested.parts, [before.record_id])
            return before
        if digested.original is not None:
            await self._vault.put(place.tenant, digested.sha256, digested.original)
        return Ready(new, digested.decoded.recording.signal)

    async def note(self, place: Place, digests: Iterable[str], record_ids: Sequence[str]) -> None:
        """Keep in mind that the bytes of files are in these records, so that nobody needs to send them again."""
        for sha256 in digests:
            await self._ledger.note(Note(place.dataset_id, sha256, tuple(record_ids)))

    async def flush(self, batch: Sequence[Ready]) -> tuple[Committed, ...]:
        """Write signals of one dataset in shards of one shape each, then make them records; tell the platform."""
        placed = _placed(batch)
        await asyncio.gather(*(self._signals.write_shard(key, signals) for key, signals in _shards(placed).items()))
        records = tuple(record for record, _ in placed)
        instances = {new.record_id: ready.instance for new, ready in placed if ready.instance is not None}
        done = await self._ledger.commit(Commit(records, instances))
        if stored := [item.record.record_id for item in done if item.is_new]:
            await self._news.stored(records[0].tenant, records[0].dataset_id, stored)
        return done


def new_holder() -> str:
    """Return an id for one record to be, which also holds its claims."""
    return uuid.uuid4().hex


def _new_record(place: Place, file_name: str, digested: Digested, holder: str) -> NewRecord:
    recording = digested.decoded.recording
    shard_key = keys.shard(place.tenant, place.dataset_id, holder)
    return NewRecord(
        record_id=holder,
        tenant=place.tenant,
        dataset_id=place.dataset_id,
        file_name=file_name,
        format_name=digested.decoded.format_name,
        sha256=digested.sha256,
        signal=SignalRef(shard_key, 0, recording.leads, recording.samples, recording.rate_hz),
        remarks=recording.remarks,
        patient=recording.patient,
        age_years=recording.age_years,
        sex=recording.sex,
        acquisition=recording.acquisition,
        created_at=datetime.now(UTC),
        quality=digested.quality,
        parts=digested.parts,
    )


_Placed = tuple[NewRecord, Ready]


def _placed(batch: Sequence[Ready]) -> list[_Placed]:
    """Give each signal its row; the shard of a shape is the one that its first record has claimed."""
    shards: dict[tuple[int, ...], tuple[str, int]] = {}
    placed: list[_Placed] = []
    for ready in batch:
        key, index = shards.get(ready.signal.shape, (ready.record.signal.shard_key, 0))
        shards[ready.signal.shape] = (key, index + 1)
        ref = dataclasses.replace(ready.record.signal, shard_key=key, index=index)
        placed.append((dataclasses.replace(ready.record, signal=ref), ready))
    for _, count in shards.values():
        SHARD_RECORDS.observe(count)
    return placed


def _shards(placed: Sequence[_Placed]) -> dict[str, list[Signal]]:
    signals: defaultdict[str, list[Signal]] = defaultdict(list)
    for record, ready in placed:
        signals[record.signal.shard_key].append(ready.signal)
    return signals
