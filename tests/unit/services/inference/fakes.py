"""A runtime whose speed the test decides, and what else inference needs from outside."""

import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.inference.predictions import StoredModel, StoredRecord
from services.inference.runtime.base import Batch, Outputs, TensorFacts
from services.shared.errors import InvalidModel, NotFound
from services.shared.identity import Caller

CARDIOLOGY = Caller("cardiology", "ada")


@dataclass
class FakeRuntime:
    """Answers with the mean of each ECG's first lead; waits for its gate; refuses batches that hold an ECG of -1."""

    gate: threading.Event = field(default_factory=threading.Event)
    batches: list[int] = field(default_factory=list)
    alone: int = 0
    runs_at_once: int = 1
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    inputs: tuple[TensorFacts, ...] = (TensorFacts("ecg", "FP32", (-1, 12, 1000)),)
    outputs: tuple[TensorFacts, ...] = (TensorFacts("scores", "FP32", (-1, 3)),)
    answer: Callable[[Batch], Batch] = lambda batch: batch[:, :3].mean(axis=2)

    def run(self, batch: Batch) -> Outputs:
        if not self.gate.wait(10):
            raise TimeoutError
        self.batches.append(len(batch))
        if (batch == -1).any():
            raise InvalidModel("The model fails on minus one.")
        return {"scores": self.answer(batch)}

    def run_alone(self, batch: Batch) -> Outputs:
        self.alone += 1
        return self.run(batch)


def open_runtime() -> FakeRuntime:
    """Return a runtime that never waits."""
    runtime = FakeRuntime()
    runtime.gate.set()
    return runtime


def ecgs(*values: float) -> Batch:
    """Return one prepared ECG per value, constant."""
    return np.stack([np.full((12, 1000), value, np.float32) for value in values])


@dataclass
class FakeModels:
    """Knows some models by name."""

    known: dict[str, StoredModel]

    async def find(self, caller: Caller, name: str, version: str) -> StoredModel:
        if name not in self.known:
            raise NotFound(f"There is no model {name!r} here.")
        return self.known[name]


@dataclass
class FakeRecords:
    """Knows some records."""

    known: Sequence[StoredRecord]
    left: int = 0
    """How many iterations were left before their end."""

    async def named(self, caller: Caller, record_ids: Sequence[str]) -> AsyncGenerator[StoredRecord, None]:
        for record in self.known:
            if record.record_id in record_ids:
                yield record

    async def of_dataset(self, caller: Caller, dataset_id: str) -> AsyncGenerator[StoredRecord, None]:
        finished = False
        try:
            for record in self.known:
                yield record
            finished = True
        finally:
            self.left += not finished
