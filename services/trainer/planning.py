"""From what is asked for to a job that a worker can do alone: everything is looked up and checked once, here."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from services.shared.errors import InvalidModel, InvalidRequest
from services.shared.identity import Caller
from services.shared.model_contract import PRESETS, InputContract
from services.shared.observability import tracing
from services.shared.quality.gate import floor_named
from services.shared.storage import ObjectStore
from services.trainer import checking, job
from services.trainer.gating import gated
from services.trainer.job import Job, Snapshot
from services.trainer.learning.labels import encode, tell_classes, tell_task
from services.trainer.learning.split import split
from services.trainer.ports import BaseModel, Datasets, Models
from services.trainer.trainings import DURATION_S, ModelName, TrainingSpec

TENSOR: Final = "ecg"


@dataclass(frozen=True, slots=True)
class Plan:
    """A job with the snapshots it learns from."""

    job: Job
    snapshot: Snapshot
    validation: Snapshot | None


class Planner:
    """Looks up what a training needs, and writes it down for the worker."""

    def __init__(self, store: ObjectStore, datasets: Datasets, models: Models) -> None:
        self._store = store
        self._datasets = datasets
        self._models = models

    async def plan(self, caller: Caller, training_id: str, wished: TrainingSpec) -> Plan:
        """Return the plan of a training; raises InvalidRequest, InvalidModel or NotFound with the reason."""
        spec = wished.with_defaults()
        checking.check(spec)
        base = await self._models.get(caller, spec.base_model) if spec.base_model else None
        if base is not None:  # The newest may be another one tomorrow.
            spec = replace(spec, base_model=ModelName(base.base.name, base.base.version))
        contract = _contract(spec, base)
        floor = floor_named(spec.min_quality)
        snapshot = gated(await self._datasets.snapshot(caller, spec.dataset_id), floor)
        held_out = None
        if spec.validation_dataset_id:
            held_out = gated(await self._datasets.snapshot(caller, spec.validation_dataset_id), floor)
        return await asyncio.to_thread(_plan, caller.tenant, training_id, spec, contract, base, snapshot, held_out)

    async def write(self, plan: Plan) -> None:
        """Put the plan where the worker finds it; the job comes last."""
        folder = f"trainings/{plan.job.tenant}/{plan.job.training_id}"
        await self._store.put(f"{folder}/{job.SNAPSHOT_FILE}", job.write(plan.snapshot))
        if plan.validation is not None:
            await self._store.put(f"{folder}/{job.VALIDATION_FILE}", job.write(plan.validation))
        await self._store.put(f"{folder}/{job.SPEC_FILE}", job.write(plan.job))


def _plan(  # noqa: PLR0913, PLR0917 everything that was looked up
    tenant: str,
    training_id: str,
    spec: TrainingSpec,
    contract: InputContract,
    base: BaseModel | None,
    snapshot: Snapshot,
    held_out: Snapshot | None,
) -> Plan:
    task = tell_task(snapshot.labels, spec.task)
    classes = tell_classes(snapshot.labels)
    targets = encode(snapshot.labels, classes)
    if held_out is not None:
        if not held_out.records:
            raise InvalidRequest("The validation dataset has no labelled ECGs. Label some, or name another.")
        tell_task(held_out.labels, task)
        encode(held_out.labels, classes)
    patients = [each.patient for each in snapshot.records]
    split(targets, patients, validation=spec.validation_fraction, test=spec.test_fraction, seed=spec.seed)
    made = Job(training_id, tenant, spec, task, classes, contract, base.base if base else None, tracing.to_carry())
    return Plan(made, snapshot, held_out)


def _contract(spec: TrainingSpec, base: BaseModel | None) -> InputContract:
    """Return what the new model will be fed: as its base was, but for what is asked for otherwise."""
    if base is None:
        samples = round(DURATION_S * spec.rate_hz)
        return InputContract(
            tensor=TENSOR, rate_hz=spec.rate_hz, samples=samples, preprocessing=PRESETS[spec.preprocessing]
        )
    given = base.manifest.input
    if spec.rate_hz and spec.rate_hz != given.rate_hz:
        raise InvalidModel(
            f"{base.base.name!r} takes ECGs at {given.rate_hz:g} Hz, not {spec.rate_hz:g} Hz. Leave rate_hz out."
        )
    preprocessing = PRESETS[spec.preprocessing] if spec.preprocessing else given.preprocessing
    return given.model_copy(update={"tensor": TENSOR, "preprocessing": preprocessing})
