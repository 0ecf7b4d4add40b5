"""What the trainer needs from outside: rows, datasets, models, a way to start workers, somebody to tell."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from services.shared.identity import Caller
from services.shared.model_contract import Manifest
from services.trainer.job import Base, Snapshot
from services.trainer.trainings import Event, ModelName, Training


class Trainings(Protocol):
    """The rows of trainings; each method is one transaction."""

    async def create(self, training: Training) -> Training:
        """Add a queued training."""
        ...

    async def get(self, tenant: str, training_id: str) -> Training:
        """Return a training; raises NotFound where it is not the tenant's."""
        ...

    async def page(self, tenant: str, *, before: int | None, limit: int) -> list[Training]:
        """Return trainings, newest first."""
        ...

    async def request_cancel(self, tenant: str, training_id: str) -> Training:
        """Cancel a waiting training, or ask the worker of a running one; raises Conflict where it is too late."""
        ...

    async def events(self, training_id: str, *, after: int, limit: int) -> list[Event]:
        """Return events after a sequence number, in order."""
        ...

    async def claim_launch(self, *, seconds: float, at_once: int | None) -> Training | None:
        """Take the oldest waiting training to start a worker for it; nobody else gets it for some seconds.

        Returns None where none waits, or where that many workers are at work already.
        """
        ...

    async def withdraw_launch(self, training: Training, reason: str) -> None:
        """Let a training wait again whose workers could not be started; the attempt does not count."""
        ...

    async def some(self, training_ids: Collection[str]) -> list[Training]:
        """Return the trainings of these that there are, whoever they belong to."""
        ...

    async def hold(self, training: Training, *, seconds: float, reason: str) -> bool:
        """Keep a launched training from others while its workers wait; say whether the reason is news."""
        ...

    async def tell_queue(self, reason: str, *, at_once: int) -> list[Training]:
        """Where that many are at work, tell those that wait for them; return those for which it is news."""
        ...

    async def lose(self, training: Training, reason: str, *, max_attempts: int, excused: bool) -> bool:
        """Queue a training again whose workers failed, or end one that had too many; say whether it was at work."""
        ...

    async def requeue_lost(self, *, max_attempts: int) -> list[Training]:
        """Queue trainings again whose worker fell silent, or end those that had too many; return them."""
        ...

    async def exported(self) -> list[Training]:
        """Return trainings whose model waits to be registered."""
        ...

    async def succeed(self, training_id: str, model: ModelName) -> None:
        """Say that an exported training's model is in the store."""
        ...

    async def fail(self, training_id: str, detail: str) -> None:
        """End a training that has not ended, with the reason for people."""
        ...


class Datasets(Protocol):
    """The departments' labelled records."""

    async def snapshot(self, caller: Caller, dataset_id: str) -> Snapshot:
        """Return the labelled records as they are now; raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A model of the store to start from."""

    base: Base
    manifest: Manifest


class Models(Protocol):
    """The model store."""

    async def get(self, caller: Caller, model: ModelName) -> BaseModel:
        """Return a model that the caller can see; raises NotFound."""
        ...

    async def register(self, training: Training, manifest_json: str, files: Sequence[str]) -> ModelName:
        """Register the files of a training as a new version; the same training only once."""
        ...


Standing = Literal["waiting", "working", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers that one launch of a training started, and where they stand."""

    name: str
    training_id: str
    launch: int
    standing: Standing
    reason: str = ""
    """Why they wait or failed, for people."""
    excused: bool = False
    """Whether they failed for a reason that lies outside of them."""

    def standing_as(self, standing: Standing, reason: str = "", *, excused: bool = False) -> "Workers":
        """Return the same workers with another standing."""
        return replace(self, standing=standing, reason=reason, excused=excused)


class Launcher(Protocol):
    """Starts workers that live on where this process dies."""

    async def launch(self, training: Training) -> None:
        """Start the workers of a training's present launch; where they are there already, does nothing.

        Raises Unavailable where none can be started.
        """
        ...

    async def workers(self) -> list[Workers]:
        """Return all that were started and are known, in this process's life or before; raises Unavailable."""
        ...

    async def remove(self, workers: Workers) -> None:
        """Stop workers and leave nothing of them; where they are gone already, does nothing. Raises Unavailable."""
        ...


class Announcer(Protocol):
    """Tells the rest of the platform of news; best effort, for the row is the record."""

    async def requested(self, training: Training) -> None:
        """Say that a training waits for a worker."""
        ...

    async def changed(self, tenant: str, training_id: str) -> None:
        """Say that a training has news."""
        ...


class Ring(Protocol):
    """One ear at the doorbell."""

    async def wait(self, seconds: float) -> bool:
        """Return when it rang since the last call, or after some seconds; say whether it rang."""
        ...


class Doorbell(Protocol):
    """Rings when a training has news."""

    def listening(self, training_id: str) -> AbstractAsyncContextManager[Ring]:
        """Listen to one training."""
        ...
