"""Models and records in an object store, without the services that keep them."""

import hashlib
from collections.abc import Sequence

import numpy as np

from services.inference.predictions import StoredModel, StoredRecord
from services.shared.ecg import STANDARD_LEADS, Remark, Signal
from services.shared.model_contract import InputContract, Manifest, OutputClass, OutputContract
from services.shared.signals import SignalRef, SignalStore
from services.shared.storage import ObjectStore
from tests.unit.services.exchange import onnx_models


def manifest(**changes: object) -> Manifest:
    """Return the manifest of `onnx_models.document()`: class k is the mean of lead k times k + 1."""
    said = {"tensor": "scores", "task": "regression", "classes": tuple(OutputClass(name=each) for each in "ABC")}
    return Manifest(
        name="m",
        version="1",
        input=InputContract(tensor="ecg", rate_hz=100, samples=1000),
        output=OutputContract.model_validate(said | changes),
    )


async def stored_model(store: ObjectStore, name: str = "m", document: bytes | None = None) -> StoredModel:
    """Put a model file into the store."""
    data = document or onnx_models.document(metadata=[("made_for", name)])
    key = f"models/cardiology/{name}/1/model.onnx"
    await store.put(key, data)
    return StoredModel(name, "1", manifest(), key, hashlib.sha256(data).hexdigest(), len(data))


def constant(value: float, samples: int = 1000) -> Signal:
    """Return an ECG of one value."""
    return np.full((12, samples), value, np.float32)


async def stored_records(store: ObjectStore, signals: Sequence[Signal], rate_hz: float = 100) -> list[StoredRecord]:
    """Put signals of one shape into the store as one shard."""
    key = f"signals/cardiology/d/{signals[0].shape[1]}.npy"
    await SignalStore(store).write_shard(key, signals)
    return [
        StoredRecord(
            f"r{index}",
            f"{index}.csv",
            SignalRef(key, index, STANDARD_LEADS, signal.shape[1], rate_hz),
            (Remark("inferred_rate", "As read."),),
        )
        for index, signal in enumerate(signals)
    ]
