"""Between the thread that trains and the event loop that keeps the lease, the rows and the object store."""

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from services.shared.errors import NotFound
from services.shared.storage import ObjectStore
from services.trainer.learning.checkpoint import EpochRow
from services.trainer.learning.watching import CheckpointName
from services.trainer.trainings import EventKind

Answer = TypeVar("Answer")


class StoredCheckpoints:
    """Checkpoints in the object store; called from the thread that trains."""

    def __init__(self, store: ObjectStore, folder: str, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._folder = folder
        self._loop = loop

    def load(self, name: CheckpointName) -> bytes | None:
        """Return what was saved last under the name, or None."""
        try:
            return self._wait(self._store.get(self._key(name)))
        except NotFound:
            return None

    def save(self, name: CheckpointName, data: bytes) -> None:
        """Keep the data durably under the name."""
        self._wait(self._store.put(self._key(name), data))

    def _key(self, name: CheckpointName) -> str:
        return f"{self._folder}/checkpoints/{name}.safetensors"

    def _wait(self, call: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()


class Reporter:
    """Takes notes of a training in its thread, for the event loop to write down; also says when to stop.

    Of progress only the last word counts, so a slow database never holds the training up.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._notes: list[tuple[EventKind, Mapping[str, Any]]] = []

    def stop(self) -> None:
        """Have the training end at the next opportunity."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Say whether the training should end."""
        return self._stop.is_set()

    def note(self, kind: EventKind, payload: Mapping[str, Any]) -> None:
        """Take a note; progress overwrites the progress before it."""
        with self._lock:
            if kind == "progress" and self._notes and self._notes[-1][0] == "progress":
                self._notes.pop()
            self._notes.append((kind, payload))

    def taken(self) -> list[tuple[EventKind, Mapping[str, Any]]]:
        """Return the notes since the last call."""
        with self._lock:
            notes, self._notes = self._notes, []
        return notes

    def put_back(self, notes: list[tuple[EventKind, Mapping[str, Any]]]) -> None:
        """Keep notes that could not be written down, before those taken since."""
        with self._lock:
            self._notes[:0] = notes

    def searching(self, done: int, total: int) -> None:
        """Take note that some steps of the search for a learning rate are done."""
        self.note("progress", {"stage": "learning_rate", "done": done, "total": total})

    def learning_rate(self, value: float) -> None:
        """Take note of the rate that the training begins with."""
        self.note("learning_rate", {"learning_rate": value})

    def batches(self, epoch: int, done: int, total: int) -> None:
        """Take note that some batches of an epoch are done."""
        self.note("progress", {"stage": "training", "epoch": epoch, "done": done, "total": total})

    def epoch(self, row: EpochRow) -> None:
        """Take note of a finished epoch."""
        self.note("epoch", plain(asdict(row)))


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON can hold them: what is not a number is null."""
    finite = {key: None if value != value else value for key, value in values.items()}  # noqa: PLR0124 NaN alone differs from itself
    json.dumps(finite, allow_nan=False)
    return finite
