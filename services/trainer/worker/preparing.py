"""From a snapshot to one array that a model is fed: derived once per dataset version and contract, then kept.

The array is a plain .npy (records, leads, samples); beside it a JSON object says which records could not be prepared
and why. Records that cannot are left out and told of, so that one bad ECG never costs the others.
"""

import asyncio
import hashlib
import io
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from services.shared.ecg import Recording
from services.shared.errors import InvalidRequest, NotFound
from services.shared.model_contract import InputContract
from services.shared.preprocessing import prepare
from services.shared.quality import Floor, assess_recording
from services.shared.quality.gate import reaches
from services.shared.signals import SignalStore, recording
from services.shared.storage import ObjectStore
from services.trainer.gating import reason
from services.trainer.job import Snapshot, SnapshotRecord

CHUNK_BYTES: Final = 4 << 20
RECORDS_AT_ONCE: Final = 64

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PreparedSet:
    """The prepared records of a snapshot."""

    signals: NDArray[np.float32]
    """(records, leads, samples), memory-mapped; rows of excluded records are zero."""
    excluded: dict[int, str]
    """Why records were left out, by their place in the snapshot."""

    def kept(self) -> NDArray[np.int64]:
        """Return the places of the records that were prepared."""
        every = range(len(self.signals))
        return np.array([row for row in every if row not in self.excluded], np.int64)


@dataclass(frozen=True, slots=True)
class Wish:
    """What prepared records are for."""

    contract: InputContract
    floor: Floor
    """The least grade of those that were never judged."""


class Preparer:
    """Prepares snapshots, or finds them prepared."""

    def __init__(self, store: ObjectStore, scratch: Path, progress: Progress) -> None:
        self._store = store
        self._scratch = scratch
        self._progress = progress

    async def prepared(self, tenant: str, snapshot: Snapshot, contract: InputContract) -> PreparedSet:
        """Return the records of a snapshot as the contract's model is fed them."""
        key = derived_key(tenant, snapshot, contract)
        shape = (len(snapshot.records), len(contract.leads), contract.samples)
        path = await asyncio.to_thread(_new_file, self._scratch)
        try:
            excluded = json.loads(await self._store.get(f"{key}.json"))
            await self._fetch(f"{key}.npy", path)
        except NotFound:
            excluded = await self._derive(snapshot, contract, path, shape)
            await self._store.put(f"{key}.json", json.dumps(excluded).encode())
            await self._store.put(f"{key}.npy", _chunks(path))
        signals = await asyncio.to_thread(_open, path, shape)
        path.unlink()  # The mapping keeps it while it is needed; a worker that dies leaves nothing.
        return PreparedSet(signals, {int(row): why for row, why in excluded.items()})

    async def _fetch(self, key: str, path: Path) -> None:
        with await asyncio.to_thread(path.open, "wb") as file:
            async for chunk in self._store.stream(key, CHUNK_BYTES):
                await asyncio.to_thread(file.write, chunk)

    async def _derive(
        self, snapshot: Snapshot, contract: InputContract, path: Path, shape: tuple[int, ...]
    ) -> dict[str, str]:
        derived = await asyncio.to_thread(npy.open_memmap, path, "w+", np.dtype("<f4"), shape)
        refs = [each.signal for each in snapshot.records]
        excluded: dict[str, str] = {}
        row = 0
        with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="prepare") as pool:
            batch: list[Any] = []
            async for signal in SignalStore(self._store).read_many(refs):
                batch.append(signal)
                if len(batch) == RECORDS_AT_ONCE or row + len(batch) == len(refs):
                    some = zip(batch, snapshot.records[row : row + len(batch)], strict=True)
                    wish = Wish(contract, snapshot.floor)
                    excluded |= await _prepare_some(pool, derived, row, list(some), wish)
                    row += len(batch)
                    batch = []
                    self._progress(row, len(refs))
        await asyncio.to_thread(derived.flush)
        return excluded


async def _prepare_some(
    pool: ThreadPoolExecutor,
    derived: NDArray[np.float32],
    first: int,
    batch: Sequence[tuple[NDArray[np.float32], SnapshotRecord]],
    wish: Wish,
) -> dict[str, str]:
    def one(place: int) -> str:
        signal, record = batch[place]
        try:
            ecg = recording(signal, record.signal)
            if record.grade is None and (poor := _too_poor(ecg, wish.floor)):
                return poor
            derived[first + place] = prepare(ecg, wish.contract).signal
        except InvalidRequest as error:
            return error.detail
        return ""

    loop = asyncio.get_running_loop()
    reasons = await asyncio.gather(*(loop.run_in_executor(pool, one, place) for place in range(len(batch))))
    return {str(first + place): why for place, why in enumerate(reasons) if why}


def _too_poor(ecg: Recording, floor: Floor) -> str:
    """Return why an ECG that was never judged is left out; empty where it is not."""
    if floor == "any":
        return ""
    grade = assess_recording(ecg).grade
    return "" if reaches(grade, floor) else reason(grade, floor)


def derived_key(tenant: str, snapshot: Snapshot, contract: InputContract) -> str:
    """Return where the prepared records lie, without the extension: by dataset version, records and contract."""
    digest = hashlib.sha256(contract.model_dump_json(exclude={"tensor"}).encode())
    for record in snapshot.records:
        digest.update(record.record_id.encode())
    if any(record.grade is None for record in snapshot.records):  # Which of those are left out is judged on the way.
        digest.update(snapshot.floor.encode())
    return f"derived/{tenant}/{snapshot.dataset_id}/{snapshot.version}-{digest.hexdigest()[:32]}"


def _new_file(folder: Path) -> Path:
    descriptor, name = tempfile.mkstemp(".npy", dir=folder)
    os.close(descriptor)
    return Path(name)


def _open(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    # Copy on write: torch wants arrays that it may write to.
    signals: NDArray[np.float32] = npy.open_memmap(path, mode="c")
    if signals.shape != shape or signals.dtype != np.float32:
        raise InvalidRequest("The prepared ECGs do not fit the dataset any more. Ask for the training again.")
    return signals


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb", io.DEFAULT_BUFFER_SIZE) as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
