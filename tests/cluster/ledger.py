"""What a platform has acknowledged, and whether it still has it: every record's signal, every model, every training."""

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]
Signal = NDArray[np.float32]


@dataclass
class Ledger:
    """Everything that was acknowledged; the threads of a load write into it."""

    records: dict[str, str] = field(default_factory=dict)
    """Digest of the signal by record."""
    models: dict[tuple[str, str], str] = field(default_factory=dict)
    """Sha256 of the ONNX file by name and version."""
    trainings: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add_record(self, record_id: str, digest: str) -> None:
        """Note a stored record."""
        with self.lock:
            self.records[record_id] = digest

    def some_records(self) -> list[str]:
        """Return the records so far."""
        with self.lock:
            return list(self.records)

    def add_model(self, model: Json, digest: str) -> None:
        """Note an imported model."""
        with self.lock:
            self.models[model["name"], model["version"]] = digest

    def add_training(self, training_id: str) -> None:
        """Note a queued training."""
        with self.lock:
            self.trainings.append(training_id)


def signal_digest(signal: Signal) -> str:
    """Return the sha256 of a signal's shape and samples."""
    return hashlib.sha256(repr(signal.shape).encode() + np.ascontiguousarray(signal, "<f4").tobytes()).hexdigest()


def lost(client: httpx.Client, dataset_id: str, ledger: Ledger) -> list[str]:
    """Return a sentence for everything acknowledged that is not there, or not as it was."""
    return [
        *_lost_records(client, dataset_id, ledger),
        *_lost_models(client, ledger),
        *_lost_trainings(client, ledger),
    ]


def _lost_records(client: httpx.Client, dataset_id: str, ledger: Ledger) -> Iterator[str]:
    listed = {record["record_id"] for record in _items(client, f"/datasets/{dataset_id}/records")}
    for record_id, digest in ledger.records.items():
        if record_id not in listed:
            yield f"Record {record_id} is not listed."
            continue
        answer = client.get(f"/records/{record_id}/signal", params={"format": "npy"})
        if not answer.is_success:
            yield f"The signal of record {record_id} cannot be read: {answer.status_code} {answer.text[:200]}"
        elif signal_digest(np.load(io.BytesIO(answer.content), allow_pickle=False)) != digest:
            yield f"The signal of record {record_id} is not the one that was uploaded."


def _lost_models(client: httpx.Client, ledger: Ledger) -> Iterator[str]:
    for (name, version), digest in ledger.models.items():
        answer = client.get(f"/models/{name}/{version}/onnx")
        if not answer.is_success:
            yield f"Model {name}@{version} cannot be read: {answer.status_code} {answer.text[:200]}"
        elif hashlib.sha256(answer.content).hexdigest() != digest:
            yield f"Model {name}@{version} is not the one that the platform acknowledged."


def _lost_trainings(client: httpx.Client, ledger: Ledger) -> Iterator[str]:
    for training_id in ledger.trainings:
        answer = client.get(f"/trainings/{training_id}")
        if not answer.is_success:
            yield f"Training {training_id} cannot be read: {answer.status_code} {answer.text[:200]}"


def _items(client: httpx.Client, path: str) -> Iterator[Json]:
    cursor = ""
    while True:
        page = client.get(path, params={"limit": 1000, "cursor": cursor}).raise_for_status().json()
        yield from page["items"]
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return
